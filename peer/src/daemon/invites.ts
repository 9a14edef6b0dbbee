/**
 * Inviting and letting in, at a process whose key is an admin of the charter. A newcomer who brings
 * the secret of an open invite is entered in the next version of the charter, which this process
 * seals and the log writer appends like any other entry.
 */
import { randomBytes } from 'node:crypto'
import {
  admit,
  Charter,
  charterNow,
  type Did,
  decodeBlock,
  encodeBlock,
  hasRole,
  LIMITS,
  type Member,
  parse,
  Refusal,
  type Signer,
  seal,
  sha256,
} from '@planetary-mesh/spec'
import type { Process } from '../process.ts'
import { type Invite, openInviteFile } from './invite-file.ts'
import { formatJoinLine, INVITED_ROLES, InvitedRole, SECRET_BYTES } from './join-line.ts'
import { JoinAnswer, JoinQuestion } from './join-protocol.ts'

export type Invites = {
  /**
   * A line for one newcomer. Refuses ROLE_MISSING where this key is no admin, ROLE_NOT_INVITED,
   * LIMIT_EXCEEDED, OVERLOADED.
   */
  invite(asked: { role: string; expiresInMs: number }): Promise<Invited>
  /**
   * Answers a question of the join protocol. Refuses INVITE_UNKNOWN, INVITE_EXPIRED,
   * ROLE_NOT_INVITED, NAME_TAKEN, RECORD_MALFORMED, and as the log writer does.
   */
  answer(from: Did, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array>
}

export type Invited = { line: string; expiresAtMs: number }

const ENTER_TRIES = 3

/** `file` keeps the invites. Refuses JOURNAL_CORRUPT. */
export async function openInvites(given: {
  file: string
  signer: Signer
  process: Pick<Process, 'append' | 'watch' | 'replica'>
  genesis: Charter
  /** Where this process can be dialled from outside, best first. */
  addresses: () => readonly string[]
  nowMs: () => number
  /** Newcomers will come now, or may come because an old invite is open. */
  onOpen: () => Promise<void>
}): Promise<Invites> {
  const { signer, process, genesis, nowMs } = given
  const { ledger } = process.replica
  const kept = await openInviteFile(given.file)
  if (kept.invites.some(({ expiresAtMs }) => expiresAtMs > nowMs())) await given.onOpen()

  const charter = () => {
    admit(ledger.charters.length > 0, 'LEDGER_AWAY', 'the log has not been read yet')
    return charterNow(ledger)
  }
  const memberOf = (did: Did) => charter().body.members.find((member) => member.did === did)
  const ensureAdmin = () => {
    admit(hasRole(charter(), signer.did, 'admin'), 'ROLE_MISSING', 'the key here is no admin')
  }

  const openInvite = ({ secret, role }: JoinQuestion, from: Did): Invite => {
    const hash = hashOf(secret)
    const invite = kept.invites.find((one) => one.hash === hash)
    admit(invite !== undefined, 'INVITE_UNKNOWN', 'nobody here made this invite')
    const isFree = invite.usedBy === null || invite.usedBy === from
    admit(isFree, 'INVITE_UNKNOWN', 'another key has used this invite')
    const isInTime = invite.usedBy === from || nowMs() < invite.expiresAtMs
    admit(isInTime, 'INVITE_EXPIRED', () => `since ${new Date(invite.expiresAtMs).toISOString()}`)
    admit(role === invite.role, 'ROLE_NOT_INVITED', () => `invited is ${invite.role}, not ${role}`)
    return invite
  }

  /** Another admin may be faster with the next version: then this one follows it. */
  const enter = async (member: Member, signal: AbortSignal): Promise<void> => {
    for (let tries = 1; memberOf(member.did) === undefined; tries++) {
      const { cid, body } = charter()
      const taken = body.members.find(({ name }) => name === member.name)
      admit(taken === undefined, 'NAME_TAKEN', () => `${member.name} is ${taken?.did}`)
      const members = [...body.members, member]
      const next = { ...body, version: body.version + 1, previous: cid, members }
      const isLate = await process.append([seal(Charter, next, signer)]).then(
        () => false,
        (error: unknown) => {
          const isBehind = error instanceof Refusal && error.code === 'CHARTER_UNKNOWN'
          if (!isBehind || tries >= ENTER_TRIES) throw error
          return true
        },
      )
      const size = ledger.charters.length
      await until(process, signal, () =>
        isLate ? ledger.charters.length > size : memberOf(member.did) !== undefined,
      )
    }
  }

  const letIn = async (from: Did, bytes: Uint8Array, signal: AbortSignal) => {
    const question = parse(JoinQuestion, decodeBlock(bytes), 'join question')
    const invite = openInvite(question, from)
    ensureAdmin()
    const { name, location } = question
    const named = charter().body.members.find((member) => member.name === name)
    const isFree = named === undefined || named.did === from
    admit(isFree, 'NAME_TAKEN', () => `${name} is ${named?.did}`)
    // before the log says it: whatever happens now, no other key can use the invite
    await kept.keep({ ...invite, usedBy: from }, nowMs())
    await enter({ did: from, name, roles: [...INVITED_ROLES[invite.role]], location }, signal)
    const addresses = given.addresses().slice(0, LIMITS.addressesMax)
    return encodeBlock(parse(JoinAnswer, { charter: genesis.bytes, addresses }, 'join answer'))
      .bytes
  }

  let before: Promise<unknown> = Promise.resolve()

  return {
    async invite({ role, expiresInMs }) {
      const invited = InvitedRole.safeParse(role)
      const known = Object.keys(INVITED_ROLES).join(', ')
      admit(invited.success, 'ROLE_NOT_INVITED', () => `'${role}' is none of ${known}`)
      const { inviteMsMax } = LIMITS
      const isTime = Number.isSafeInteger(expiresInMs) && expiresInMs > 0
      admit(
        isTime && expiresInMs <= inviteMsMax,
        'LIMIT_EXCEEDED',
        `${expiresInMs} ms, 1 to ${inviteMsMax}`,
      )
      ensureAdmin()
      const [address] = given.addresses()
      admit(address !== undefined, 'PEER_AWAY', 'this process listens nowhere')
      const secret = new Uint8Array(randomBytes(SECRET_BYTES))
      const expiresAtMs = nowMs() + expiresInMs
      const invite = { hash: hashOf(secret), role: invited.data, expiresAtMs, usedBy: null }
      await kept.keep(invite, nowMs())
      await given.onOpen()
      const { writer } = charter().body
      const line = {
        genesis: genesis.cid,
        writer,
        address,
        secret,
        role: invited.data,
        expiresAtMs,
      }
      return { line: formatJoinLine(line), expiresAtMs }
    },
    answer(from, question, signal) {
      // one after another: each version of the charter follows the one before
      const answer = before.then(() => letIn(from, question, signal))
      before = answer.catch(() => {})
      return answer
    },
  }
}

const hashOf = (secret: Uint8Array) => Buffer.from(sha256(secret)).toString('hex')

/** Resolves when `isDone`, asked after every event; rejects with the signal's reason. */
async function until(
  process: Pick<Process, 'watch'>,
  signal: AbortSignal,
  isDone: () => boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = () => {
    if (isDone()) resolve()
  }
  const giveUp = () => {
    reject(new Refusal('LEDGER_AWAY', 'the new charter was not seen in the log in time'))
  }
  const end = process.watch(look)
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()
  look()
  try {
    await promise
  } finally {
    end()
    signal.removeEventListener('abort', giveUp)
  }
}
