/**
 * Blocks of other members, by bitswap. Bitswap alone would ask everybody at once and get a block
 * from each who has it, and it has no end when nobody has; so members are first asked, in one
 * round, whether they hold the block, and bitswap then wants it of one of them.
 */
import { setTimeout } from 'node:timers/promises'
import type { Connection, Libp2p } from '@libp2p/interface'
import { CID, type Did, ensureCid, ensureHash, LIMITS, Refusal, textOf } from '@planetary-mesh/spec'
import type { Helia, HeliaInit } from 'helia'
import type { Notice } from '../notice.ts'
import type { Blocks } from '../ports.ts'
import { openTurns } from '../turns.ts'
import { peerIdOf } from './identity.ts'
import { ask, QUICK, type RequestHandler, serveRequests } from './requests.ts'

export const HOLDS_PROTOCOL = '/mesh/0/holds'

const PAUSE_MS = 100

export type Exchange = {
  /** Hashed bytes, or undefined where no member that is connected gave them in time. */
  fetch(cid: CID): Promise<Uint8Array | undefined>
  /** The next block is probably there: it is asked first, and alone. */
  expectAt(did: Did): void
}

type HeliaStore = NonNullable<HeliaInit['blockstore']>
type Session = ReturnType<Helia['blockstore']['createSession']>

/** `members` are connected; `fetchMs` is the patience with one of them. */
export function openExchange(options: {
  helia: Helia
  members: () => ReadonlyMap<Did, Connection>
  fetchMs: number
  log: (notice: Notice) => void
}): Exchange {
  const { helia, members, fetchMs, log } = options
  const turns = openTurns(LIMITS.blockFetchesMax)
  const sessions = new Map<Did, Session>()
  const going = new Map<string, Promise<Uint8Array | undefined>>()
  /** Who gave the last block: the next of a file is probably there too. Or who is expected to. */
  let last: Did | undefined

  const sessionWith = (did: Did, cid: CID): Session => {
    const found = sessions.get(did)
    if (found !== undefined) return found
    const providers = [peerIdOf(did).toCID()]
    const session = helia.blockstore.createSession(cid, {
      providers,
      minProviders: 1,
      maxProviders: 1,
    })
    sessions.set(did, session)
    return session
  }

  /** What hashes to something else never gets here: bitswap hears it as another block. */
  const get = async (did: Did, cid: CID): Promise<Uint8Array | undefined> => {
    try {
      const parts: Uint8Array[] = []
      const signal = AbortSignal.timeout(fetchMs)
      for await (const part of sessionWith(did, cid).get(cid, { signal })) parts.push(part)
      const bytes = new Uint8Array(Buffer.concat(parts))
      ensureHash(cid, bytes)
      last = did
      return bytes
    } catch (error) {
      sessions.get(did)?.close()
      sessions.delete(did)
      const detail = `${textOf(cid)}: ${String(error).slice(0, 200)}`
      log({ level: 'warn', message: 'a member did not give a block it has', from: did, detail })
      return undefined
    }
  }

  /** One round of questions: bytes, or whether anybody said that it has the block. */
  const look = async (cid: CID): Promise<Uint8Array | boolean> => {
    const connected = members()
    const preferred = last === undefined ? undefined : connected.get(last)
    let isHeld = false
    if (last !== undefined && preferred !== undefined && (await holds(preferred, cid))) {
      isHeld = true
      const bytes = await get(last, cid)
      if (bytes !== undefined) return bytes
    }
    const others = [...connected].filter(([, connection]) => connection !== preferred)
    for await (const did of whoHolds(others, cid)) {
      isHeld = true
      const bytes = await get(did, cid)
      if (bytes !== undefined) return bytes
    }
    return isHeld
  }

  /** Who had it a moment ago may have been restarted: asked again for as long as there is time. */
  const lookLonger = async (cid: CID): Promise<Uint8Array | undefined> => {
    const endsAtMs = performance.now() + fetchMs
    let wasHeld = false
    do {
      const found = await look(cid)
      if (found instanceof Uint8Array) return found
      wasHeld ||= found
      if (wasHeld) await setTimeout(PAUSE_MS)
    } while (wasHeld && performance.now() < endsAtMs)
    return undefined
  }

  const inTurn = async (cid: CID): Promise<Uint8Array | undefined> => {
    const turn = turns.take()
    try {
      await turn.granted
      return await lookLonger(cid)
    } finally {
      turn.end()
    }
  }

  return {
    expectAt(did) {
      last = did
    },
    fetch(cid) {
      ensureCid(cid)
      const key = textOf(cid)
      const found = going.get(key) ?? inTurn(cid)
      going.set(key, found)
      const forget = () => going.delete(key)
      found.then(forget, forget)
      // each caller has bytes of its own
      return found.then((bytes) => bytes?.slice())
    },
  }
}

/** Says to members what is held here: one CID a question. */
export async function serveHolds(
  libp2p: Libp2p,
  didOf: (connection: Connection) => Did,
  blocks: Blocks,
): Promise<void> {
  const answer: RequestHandler = async (_from, question) =>
    Uint8Array.of((await blocks.has(cidIn(question))) ? 1 : 0)
  await serveRequests(libp2p, HOLDS_PROTOCOL, didOf, answer, QUICK)
}

/** What Helia and bitswap see of the store: what is held here, and hashed when it is read. */
export function heliaBlocks(blocks: Blocks): HeliaStore {
  const store = {
    has: async (cid: CID) => isOurs(cid) && blocks.has(cid),
    async *get(cid: CID) {
      const bytes = isOurs(cid) ? await blocks.get(cid).catch(refusedIsAbsent) : undefined
      // bitswap says "do not have" for an error of this name, and stalls for any other
      if (bytes === undefined) throw Object.assign(new Error('not here'), { name: 'NotFoundError' })
      yield bytes
    },
    // whoever asked for a block keeps it
    put: async (cid: CID) => cid,
  }
  // Helia calls no more of a store when nothing is pinned or collected in it
  return store as Partial<HeliaStore> as HeliaStore
}

async function holds(connection: Connection, cid: CID): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(LIMITS.blockAskMs)
    const answer = await ask(connection, HOLDS_PROTOCOL, cid.bytes, signal)
    return answer[0] === 1
  } catch {
    return false
  }
}

/** Those who say that they hold it, in the order of their answers. */
async function* whoHolds(asked: readonly (readonly [Did, Connection])[], cid: CID) {
  const answers = new Map(
    asked.map(([did, connection]) => {
      return [did, holds(connection, cid).then((yes) => ({ did, yes }))]
    }),
  )
  while (answers.size > 0) {
    const { did, yes } = await Promise.race(answers.values())
    answers.delete(did)
    if (yes) yield did
  }
}

function isOurs(cid: CID): boolean {
  try {
    ensureCid(cid)
    return true
  } catch {
    return false
  }
}

function cidIn(bytes: Uint8Array): CID {
  try {
    const cid = CID.decode(bytes)
    ensureCid(cid)
    return cid
  } catch (cause) {
    throw new Refusal('CID_REFUSED', 'the question is no CID', { cause })
  }
}

/** A block that rotted here is as good as none. */
function refusedIsAbsent(error: unknown): undefined {
  if (!(error instanceof Refusal)) throw error
}
