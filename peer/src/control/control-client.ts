/**
 * The tools' side of a control API. Nothing that a node says of a block or a record is believed:
 * blocks are hashed and records opened here. What a node says of itself cannot be checked.
 */
import {
  type Award,
  attempt,
  Bid,
  BidsJson,
  type Block,
  type Cancel,
  Charter,
  type CID,
  type Code,
  type Did,
  DoneJson,
  EndJson,
  ensureHash,
  type Hold,
  InviteJson,
  JobJson,
  JobsJson,
  LIMITS,
  Manifest,
  MEDIA,
  type MemberRole,
  NodeJson,
  NodesJson,
  OutputJson,
  open,
  ProgressJson,
  parse,
  parseCid,
  Refusal,
  SkippedJson,
  StoredJson,
  SubmittedJson,
  Token,
  TokensJson,
  textOf,
  Verdict,
  VerdictsJson,
} from '@planetary-mesh/spec'
import type { LiveEvent } from '../live-jobs.ts'
import { carPieces, readCarStream } from './car-stream.ts'
import { openHttp } from './client-http.ts'
import { openDagWalk } from './dag-walk.ts'
import { readEvents } from './event-stream.ts'

type Json<S extends { parse(value: unknown): unknown }> = ReturnType<S['parse']>

/** Where a job stands, with its manifest opened. */
export type JobView = Omit<JobJson, 'manifest'> & { manifest: Manifest | null }
export type JobEnd = Json<typeof EndJson>
export type JobEvent = { type: 'status'; job: JobView } | ({ type: 'end' } & JobEnd)

export type BidsView = {
  bids: { bid: Bid; reputation: number }[]
  passes: Json<typeof BidsJson>['passes']
  closed: boolean
  /** False of a job that is over where the node no longer knows who passed, and why. */
  remembered: boolean
  /** What the node gave as bids and is none, or of another job. */
  refused: { code: Code; detail: string }[]
}

export type TokenView = {
  token: Token
  free: number
  held: number
  spent: number
  returned: number
}
export type ReceiptView = { job: CID; receipt: CID; threshold: number; verdicts: Verdict[] }

/**
 * Every method refuses what the node refuses, with its code; NODE_AWAY when it does not answer; and
 * BLOCK_…, RECORD_…, SIGNATURE_INVALID where its answer is not what it says.
 */
export type ControlClient = {
  node(): Promise<Json<typeof NodeJson>>
  nodes(): Promise<Json<typeof NodesJson>['nodes']>
  /** Durable when it resolves. `onProgress` hears how much was handed over so far. */
  putBlocks(
    blocks: AsyncIterable<Block> | Iterable<Block>,
    options?: {
      onProgress?: (sent: { blocks: number; bytes: number }) => void
      signal?: AbortSignal
    },
  ): Promise<Json<typeof StoredJson>>
  /** Refuses BLOCK_MISSING. */
  block(cid: CID, signal?: AbortSignal): Promise<Uint8Array>
  /** The blocks of a file or directory, parents first, each once. Refuses BLOCK_MISSING. */
  dag(cid: CID, signal?: AbortSignal): AsyncGenerator<Block>
  /** `onKeeper` hears which other member keeps the job's files; null where none said so in time. */
  submit(
    tokens: readonly Token[],
    manifest: Manifest,
    hold: Hold,
    options?: { onKeeper?: (keeper: string | null) => void },
  ): Promise<CID>
  /** Refuses JOB_UNKNOWN. */
  job(cid: CID): Promise<JobView>
  jobs(given?: { limit?: number }): Promise<{ jobs: JobView[]; more: boolean }>
  bids(cid: CID): Promise<BidsView>
  /** Ends after `end`. Refuses NODE_AWAY when the stream ends before; `signal` ends it quietly. */
  events(cid: CID, signal?: AbortSignal): AsyncGenerator<JobEvent>
  /**
   * What a job says once it is leased, as its executor tells; ends when that run does. Refuses
   * JOB_UNKNOWN, PEER_AWAY, NODE_AWAY; `signal` ends it quietly.
   */
  output(cid: CID, signal?: AbortSignal): AsyncGenerator<LiveEvent>
  award(award: Award): Promise<void>
  cancel(cancel: Cancel): Promise<void>
  tokens(holder: Did): Promise<TokenView[]>
  verdicts(given?: { limit?: number }): Promise<ReceiptView[]>
  /** The charter in force, as this node has folded it. Refuses LEDGER_AWAY before there is one. */
  charter(): Promise<Charter>
  /** The log after its first `from` entries, from this node, or through it from member `via`. */
  log(given?: { from?: number; via?: Did; signal?: AbortSignal }): AsyncGenerator<Block>
  invite(given: { role: MemberRole; expiresInMs: number }): Promise<Json<typeof InviteJson>>
  /** Ends whatever is under way. */
  close(): void
}

export function openControlClient(given: { url: string; token: string }): ControlClient {
  const http = openHttp(given)
  const { chunks, json } = http

  const block: ControlClient['block'] = async (cid, signal) => {
    const parts: Uint8Array[] = []
    let total = 0
    for await (const chunk of chunks(`/blocks/${textOf(cid)}`, { signal })) {
      total += chunk.length
      if (total > LIMITS.blockBytesMax) throw new Refusal('BLOCK_TOO_LARGE', `${cid}`)
      parts.push(chunk)
    }
    const bytes = new Uint8Array(Buffer.concat(parts))
    ensureHash(cid, bytes)
    return bytes
  }

  const node = async () => parse(NodeJson, await json('/node'), 'node')

  const post = async (path: string, { bytes }: { bytes: Uint8Array }) => {
    const body = { media: MEDIA.block, content: bytes }
    parse(DoneJson, await json(path, { method: 'POST', body }), 'answer')
  }

  return {
    node,
    block,
    async nodes() {
      return parse(NodesJson, await json('/nodes'), 'answer').nodes
    },
    async putBlocks(blocks, { onProgress = () => {}, signal } = {}) {
      const body = { media: MEDIA.car, content: carPieces([], counted(blocks, onProgress)) }
      const answer = await json('/blocks', { method: 'POST', body, signal })
      return parse(StoredJson, answer, 'answer')
    },
    async *dag(root, signal) {
      const walk = openDagWalk(root)
      try {
        const car = await readCarStream(chunks(`/dag/${textOf(root)}`, { signal }))
        for await (const { cid, bytes } of car.blocks) {
          if (walk.soon(1).length === 0) {
            throw new Refusal('BLOCK_CID_MISMATCH', `${cid} is no part of ${root}`)
          }
          walk.take(bytes)
          yield { cid, bytes }
        }
      } catch (error) {
        signal?.throwIfAborted()
        if (!isCut(error)) throw error
      }
      // a stream cannot say why it ends early: the block that it was about to send can
      for (let [next] = walk.soon(1); next !== undefined; [next] = walk.soon(1)) {
        const bytes = await block(next, signal)
        walk.take(bytes)
        yield { cid: next, bytes }
      }
    },
    async submit(tokens, manifest, hold, { onKeeper = () => {} } = {}) {
      const content = carPieces([hold.cid], [...tokens, manifest, hold])
      const answer = await json('/jobs', { method: 'POST', body: { media: MEDIA.car, content } })
      const { job, keeper } = parse(SubmittedJson, answer, 'answer')
      if (job !== textOf(manifest.cid)) throw new Refusal('LINK_MISMATCH', `submitted ${job}`)
      onKeeper(keeper)
      return manifest.cid
    },
    async job(cid) {
      const view = jobView(parse(JobJson, await json(`/jobs/${textOf(cid)}`), 'job'))
      if (view.job !== textOf(cid)) throw new Refusal('LINK_MISMATCH', `asked for ${cid}`)
      return view
    },
    async jobs({ limit } = {}) {
      const answer = parse(JobsJson, await json('/jobs', { query: { limit } }), 'answer')
      return { jobs: answer.jobs.map(jobView), more: answer.more }
    },
    async bids(cid) {
      const answer = parse(BidsJson, await json(`/jobs/${textOf(cid)}/bids`), 'answer')
      return bidsView(cid, answer)
    },
    async *events(cid, signal) {
      const stream = chunks(`/jobs/${textOf(cid)}/events`, { signal })
      try {
        for await (const { event, data } of readEvents(stream)) {
          if (event === 'status') {
            yield { type: 'status', job: jobView(parse(JobJson, jsonOf(data), 'job')) }
          }
          if (event !== 'end') continue
          yield { type: 'end', ...parse(EndJson, jsonOf(data), 'end') }
          return
        }
      } catch (error) {
        if (signal?.aborted === true) return
        throw error
      }
      throw new Refusal('NODE_AWAY', 'the event stream ended before the job')
    },
    async *output(cid, signal) {
      const stream = chunks(`/jobs/${textOf(cid)}/output`, { signal })
      try {
        for await (const { event, data } of readEvents(stream)) {
          if (event === 'end') return
          const live = liveEvent(event, data)
          if (live !== undefined) yield live
        }
      } catch (error) {
        if (signal?.aborted === true) return
        throw error
      }
      throw new Refusal('NODE_AWAY', 'the event stream ended before the job')
    },
    award: (award) => post('/awards', award),
    cancel: (cancel) => post('/cancels', cancel),
    async tokens(holder) {
      const answer = parse(TokensJson, await json('/tokens', { query: { holder } }), 'answer')
      return answer.tokens.map(({ block, ...counts }) => {
        return { token: open(Token, bytesOf(block)), ...counts }
      })
    },
    async verdicts({ limit } = {}) {
      const answer = parse(VerdictsJson, await json('/verdicts', { query: { limit } }), 'answer')
      return answer.receipts.map(receiptView)
    },
    async charter() {
      const { charter } = await node()
      if (charter === null) throw new Refusal('LEDGER_AWAY', 'the log has not been read yet')
      const cid = parseCid(charter)
      return open(Charter, await block(cid), { cid })
    },
    async *log({ from, via, signal } = {}) {
      const car = await readCarStream(chunks('/log', { query: { from, via }, signal }))
      yield* car.blocks
    },
    async invite({ role, expiresInMs }) {
      const content = Buffer.from(JSON.stringify({ role, expiresInMs }))
      const body = { media: MEDIA.json, content }
      return parse(InviteJson, await json('/invites', { method: 'POST', body }), 'answer')
    },
    close: http.close,
  }
}

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))

const isCut = (error: unknown) =>
  error instanceof Refusal && ['NODE_AWAY', 'FILE_MALFORMED'].includes(error.code)

async function* counted(
  blocks: AsyncIterable<Block> | Iterable<Block>,
  onProgress: (sent: { blocks: number; bytes: number }) => void,
): AsyncGenerator<Block> {
  const sent = { blocks: 0, bytes: 0 }
  for await (const block of blocks) {
    yield block
    sent.blocks += 1
    sent.bytes += block.bytes.length
    onProgress({ ...sent })
  }
}

function jobView(job: JobJson): JobView {
  const { manifest } = job
  const cid = parseCid(job.job)
  if (manifest === null) return { ...job, manifest }
  return { ...job, manifest: open(Manifest, bytesOf(manifest), { cid }) }
}

/** Bids come from others: one that is none says nothing against the rest. */
function bidsView(job: CID, { bids, ...said }: Json<typeof BidsJson>): BidsView {
  const view: BidsView = { ...said, bids: [], refused: [] }
  for (const { block, reputation } of bids) {
    const bid = attempt(() => {
      const bid = open(Bid, bytesOf(block))
      if (bid.body.manifest.equals(job)) return bid
      throw new Refusal('LINK_MISMATCH', `a bid of ${bid.author} on ${bid.body.manifest}`)
    })
    if (bid instanceof Refusal) view.refused.push({ code: bid.code, detail: bid.detail })
    else view.bids.push({ bid, reputation })
  }
  return view
}

function receiptView(given: Json<typeof VerdictsJson>['receipts'][number]): ReceiptView {
  const receipt = parseCid(given.receipt)
  const verdicts = given.verdicts.map((block) => open(Verdict, bytesOf(block)))
  const other = verdicts.find(({ body }) => !body.receipt.equals(receipt))
  if (other !== undefined) throw new Refusal('LINK_MISMATCH', `a verdict on ${other.body.receipt}`)
  return { job: parseCid(given.job), receipt, threshold: given.threshold, verdicts }
}

function liveEvent(event: string, data: string): LiveEvent | undefined {
  switch (event) {
    case 'output': {
      const { stream, base64 } = parse(OutputJson, jsonOf(data), 'output')
      return { type: 'output', stream, bytes: bytesOf(base64) }
    }
    case 'progress':
      return { type: 'progress', ...parse(ProgressJson, jsonOf(data), 'progress') }
    case 'skipped':
      return { type: 'skipped', ...parse(SkippedJson, jsonOf(data), 'skipped') }
    default:
      return undefined
  }
}

function jsonOf(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (cause) {
    throw new Refusal('NODE_AWAY', 'an event is no JSON', { cause })
  }
}
