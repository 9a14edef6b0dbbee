/**
 * The process's own copy of the log: anchors go in, entries come out. It asks the writer for what
 * is missing: at once when a gap shows, and now and then in case the last word was lost.
 */
import {
  type AnyRecord,
  type Batch,
  type Block,
  type CID,
  cidOf,
  type Did,
  LIMITS,
  type Logged,
  type Message,
  type Reader,
  type Replica,
  receive,
  textOf,
  type WireMessage,
} from '@planetary-mesh/spec'
import type { Notice } from './notice.ts'
import type { Clock } from './ports.ts'

/** A batch as it comes: an anchor's CID, and blocks that are hashed here. */
type LogMessage = Pick<Extract<Message, { type: 'log' }>, 'anchor' | 'blocks'>

/** Entries that the replica took, and the blocks to keep so that it can be made again. */
export type Taken = {
  entries: Logged<AnyRecord>[]
  anchors: CID[]
  blocks: Block[]
  head: CID
}

export type LogFollower = {
  /** Takes what follows; undefined if nothing could be folded. */
  take(message: LogMessage): Taken | undefined
  /** Asks the writer for what follows, and again later. */
  ask(): void
  /** Something before what came is missing. */
  readonly isBehind: boolean
  close(): void
}

/** Pauses between questions: the first after anything new, then twice as long each time. */
const PAUSE_MS = { first: 500, most: 8000 }

/** Who writes is asked of `writer` each time: a charter may change it. */
export function openLogFollower(options: {
  replica: Replica
  reader: Reader
  writer: () => Did
  clock: Clock
  send: (to: Did, message: WireMessage) => void
  log: (notice: Notice) => void
}): LogFollower {
  const { replica, reader, clock, log } = options
  /** What the fold read of each batch, and how large the whole batch was. */
  const reads = new WeakMap<Batch, { used: Map<string, Block>; bytes: number }>()
  let pauseMs = PAUSE_MS.first
  let askedAtMs = Number.NEGATIVE_INFINITY
  let cancel = () => {}
  let isBehind = false

  const askAt = (atMs: number) => {
    cancel()
    cancel = clock.at(atMs, ask)
  }

  const ask = () => {
    if (replica.problem !== undefined) return
    askedAtMs = clock.nowMs()
    askAt(askedAtMs + pauseMs)
    pauseMs = Math.min(2 * pauseMs, PAUSE_MS.most)
    options.send(options.writer(), { type: 'behind', from: replica.ledger.size })
  }

  /** Something is missing; the answer to a question just asked may be on its way. */
  const askSoon = () => {
    pauseMs = PAUSE_MS.first
    const soonMs = askedAtMs + PAUSE_MS.first
    if (soonMs <= clock.nowMs()) ask()
    else askAt(soonMs)
  }

  /** A batch that came too early waits in the replica, while there is room. */
  const makeRoom = (batch: Batch) => {
    let bytes = 0
    for (const waiting of replica.waiting.values()) bytes += reads.get(waiting)?.bytes ?? 0
    if (bytes <= LIMITS.logBytesWaitingMax) return
    for (const [key, waiting] of replica.waiting) {
      if (waiting === batch) replica.waiting.delete(key)
    }
  }

  return {
    ask,
    get isBehind() {
      return isBehind
    },
    close: () => cancel(),
    take(message) {
      if (replica.problem !== undefined) return undefined
      const batch = readBatch(message)
      reads.set(batch, batch)
      const chain = chainOf(replica, batch)
      const received = receive(replica, batch, reader)
      switch (received.type) {
        case 'applied': {
          isBehind = replica.waiting.size > 0
          const { entries, anchors } = received
          const folded = chain.slice(0, anchors.length).flatMap((link) => {
            return [...(reads.get(link)?.used.values() ?? [])]
          })
          pauseMs = PAUSE_MS.first
          askAt(clock.nowMs() + pauseMs)
          return { entries, anchors, blocks: distinct(folded), head: anchors.at(-1) as CID }
        }
        case 'gap':
          isBehind = true
          makeRoom(batch)
          askSoon()
          return undefined
        case 'duplicate':
          return undefined
        case 'stopped': {
          const { code, detail } = received.problem
          if (!received.lie) askSoon()
          const said = received.lie ? 'the log writer lied: the log stops here' : 'log refused'
          log({ level: received.lie ? 'error' : 'warn', message: said, code, detail })
          return undefined
        }
      }
    },
  }
}

/** Blocks by their CIDs, for as long as their message lives. */
const hashed = new WeakMap<readonly Uint8Array[], Map<string, Block>>()

function hashAll(blocks: readonly Uint8Array[]): Map<string, Block> {
  const byCid = new Map<string, Block>()
  for (const bytes of blocks) {
    const cid = cidOf('dag-cbor', bytes)
    byCid.set(textOf(cid), { cid, bytes })
  }
  hashed.set(blocks, byCid)
  return byCid
}

/** The blocks of a message, remembering which of them are read. */
function readBatch({ anchor, blocks }: LogMessage) {
  const byCid = hashed.get(blocks) ?? hashAll(blocks)
  const used = new Map<string, Block>()
  const get = (cid: CID): Uint8Array | undefined => {
    const key = textOf(cid)
    const block = byCid.get(key)
    if (block !== undefined) used.set(key, block)
    return block?.bytes
  }
  return { anchor, get, used, bytes: blocks.reduce((sum, { length }) => sum + length, 0) }
}

/** The batch and those that wait for it, in their order. */
function chainOf(replica: Replica, batch: Batch): Batch[] {
  const chain: Batch[] = []
  for (let at: Batch | undefined = batch; at !== undefined; ) {
    chain.push(at)
    at = replica.waiting.get(textOf(at.anchor))
  }
  return chain
}

function distinct(blocks: readonly Block[]): Block[] {
  return [...new Map(blocks.map((block) => [textOf(block.cid), block])).values()]
}
