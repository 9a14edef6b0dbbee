/**
 * The home's side: while the ledger decides on a job, one other member is found that keeps its
 * files, so that an acknowledged job outlives its home. They are asked in the order of `keepersOf`;
 * who is silent for a while is not waited for alone.
 */
import {
  type Charter,
  type CID,
  type Did,
  LIMITS,
  type Manifest,
  Refusal,
  textOf,
} from '@planetary-mesh/spec'
import { filesOf } from '../job-files.ts'
import type { Notice } from '../notice.ts'
import type { Clock } from '../ports.ts'
import { keepersOf } from './keepers.ts'

export type Keeping = {
  /**
   * The connected member that says it keeps all files of the job; undefined where none did within
   * LIMITS.keepMs, or before `signal`.
   */
  find(manifest: Manifest, signal: AbortSignal): Promise<Did | undefined>
  /** What a member said counts no more: it may have come back without its store. */
  forget(member: Did): void
}

type Ask = (member: Did, manifest: Manifest, signal: AbortSignal) => Promise<void>

export function openKeeping(given: {
  self: Did
  charterNow: () => Charter
  isConnected: (member: Did) => boolean
  /** Resolves when the member says yes; refuses as it does, and PEER_AWAY. */
  ask: Ask
  clock: Clock
  log: (notice: Notice) => void
}): Keeping {
  const { self, charterNow, isConnected, ask, clock, log } = given
  const kept = openMemory()

  return {
    async find(manifest, signal) {
      const cids = filesOf(manifest).map(({ file }) => file.cid)
      const members = keepersOf(charterNow(), manifest.cid, self).filter(isConnected)
      const known = members.find((member) => cids.every((cid) => kept.has(member, cid)))
      if (known !== undefined) return known
      const keeper = await firstYes(members, manifest, { ask, clock, log, signal })
      if (keeper !== undefined) for (const cid of cids) kept.add(keeper, cid)
      else if (!signal.aborted) {
        const detail = textOf(manifest.cid)
        log({ level: 'warn', message: 'nobody else keeps the files of a job', detail })
      }
      return keeper
    },
    forget: kept.forget,
  }
}

/** Asks the next when the last refused or was silent for a while; the first yes ends it. */
async function firstYes(
  members: readonly Did[],
  manifest: Manifest,
  given: { ask: Ask; clock: Clock; log: (notice: Notice) => void; signal: AbortSignal },
): Promise<Did | undefined> {
  const { ask, clock, log, signal } = given
  const { promise: answer, resolve, reject } = Promise.withResolvers<Did | undefined>()
  const stop = new AbortController()
  const waiting = [...members]
  const alarms: (() => void)[] = []
  let going = 0

  const askNext = () => {
    const member = waiting.shift()
    if (member === undefined) return
    going += 1
    const cancel = clock.at(clock.nowMs() + LIMITS.keepSilenceMs, askNext)
    alarms.push(cancel)
    const refused = (error: unknown) => {
      if (stop.signal.aborted) return
      if (!(error instanceof Refusal)) return reject(error)
      const { code, detail } = error
      log({ level: 'warn', message: 'a member keeps no files', code, detail, from: member })
      cancel()
      going -= 1
      askNext()
      if (going === 0) resolve(undefined)
    }
    ask(member, manifest, stop.signal).then(() => resolve(member), refused)
  }

  const giveUp = () => resolve(undefined)
  alarms.push(clock.at(clock.nowMs() + LIMITS.keepMs, giveUp))
  signal.addEventListener('abort', giveUp)
  if (signal.aborted || members.length === 0) giveUp()
  else askNext()
  try {
    return await answer
  } finally {
    stop.abort()
    for (const cancel of alarms) cancel()
    signal.removeEventListener('abort', giveUp)
  }
}

/** Who said that it keeps which file; of more than there is room for, the oldest is forgotten. */
function openMemory() {
  const said = new Set<string>()
  const lineOf = (member: Did, cid: CID) => `${member} ${textOf(cid)}`
  return {
    has: (member: Did, cid: CID) => said.has(lineOf(member, cid)),
    add(member: Did, cid: CID) {
      said.add(lineOf(member, cid))
      const [oldest] = said
      if (oldest !== undefined && said.size > LIMITS.keptRememberedMax) said.delete(oldest)
    },
    forget(member: Did) {
      for (const line of said) if (line.startsWith(`${member} `)) said.delete(line)
    },
  }
}
