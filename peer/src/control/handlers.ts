/** What is done for each route: the process, its fold and its blocks are asked; none decides. */
import {
  Award,
  admit,
  type Block,
  Cancel,
  type Code,
  charterNow,
  type Did,
  LIMITS,
  type MemberRole,
  open,
  Refusal,
  textOf,
  WIRE,
} from '@planetary-mesh/spec'

import type { Keeping } from '../keeping/find-keeper.ts'
import type { LiveJobs } from '../live-jobs.ts'
import type { Blocks } from '../ports.ts'
import type { Process } from '../process.ts'
import { openAsking } from './asking.ts'
import { carPieces } from './car-stream.ts'
import { dagBlocks } from './dag-walk.ts'
import { jobEvents } from './job-events.ts'
import { openJobViews } from './job-views.ts'
import { followLive, type LiveNetwork } from './live-source.ts'
import { liveStream } from './live-stream.ts'
import { bidsInLog, bidsView, nodesView, tokensView, verdictsView } from './log-views.ts'
import { openApiDocument } from './openapi.ts'
import { putCar } from './put-blocks.ts'
import type { Handlers } from './routes.ts'
import { readSubmission } from './submission.ts'

/** What a process tells of itself, and what it can reach. */
export type Served = {
  process: Pick<
    Process,
    'did' | 'replica' | 'states' | 'logBlocks' | 'durable' | 'call' | 'watch' | 'ended'
  >
  blocks: Pick<Blocks, 'put' | 'get' | 'has'>
  network: {
    isConnected(did: Did): boolean
    multiaddrs(): readonly string[]
    pullLog(from: Did, fromSize: number, signal?: AbortSignal): AsyncIterable<Block>
  } & Partial<LiveNetwork>
  about: { name: string; roles: readonly string[]; version: string; startedAtMs: number }
  /** Bytes on the disk, and how many there may be; null for no limit. */
  storage: () => { usedBytes: number; maxBytes: number | null }
  /** Where jobs run. */
  live?: LiveJobs
  /** Where jobs are submitted. */
  keeping?: Pick<Keeping, 'find'>
  /** Where an admin key is held. */
  invites?: {
    invite(given: {
      role: MemberRole
      expiresInMs: number
    }): Promise<{ line: string; expiresAtMs: number }>
  }
}

/** `close` ends the watching; streams end by the signals of their requests. */
export function openHandlers(served: Served): { handlers: Handlers; close(): void } {
  const { process, blocks, network, about } = served
  const { replica } = process
  const { ledger } = replica
  const asking = openAsking(process)
  const isConnected = (did: Did) => network.isConnected(did)
  const views = openJobViews({ process, blocks, asking, isConnected, nowMs: Date.now })
  let streams = 0
  async function* counted(
    events: AsyncGenerator<Uint8Array>,
    onEnd = () => {},
  ): AsyncGenerator<Uint8Array> {
    const max = LIMITS.controlStreamsMax
    admit(streams < max, 'OVERLOADED', `${max} event streams are open`)
    streams += 1
    try {
      yield* events
    } finally {
      streams -= 1
      onEnd()
    }
  }

  /** What is said of the log is on this disk: who asks for the log next lacks nothing of it. */
  const durably = async <T>(view: T): Promise<T> => {
    await process.durable()
    return view
  }

  const handlers: Handlers = {
    node() {
      const charter = ledger.charters.length > 0 ? charterNow(ledger) : undefined
      const writer = charter?.body.writer ?? null
      const { problem } = replica
      return durably({
        did: process.did,
        name: about.name,
        roles: [...about.roles],
        wire: WIRE,
        version: about.version,
        pid: globalThis.process.pid,
        startedAtMs: about.startedAtMs,
        addresses: [...network.multiaddrs()],
        genesis: textOf(ledger.genesis),
        charter: charter === undefined ? null : textOf(charter.cid),
        log: {
          size: ledger.size,
          head: replica.head === null ? null : textOf(replica.head),
          writer,
          writerConnected: writer !== null && (writer === process.did || isConnected(writer)),
          problem: problem === undefined ? null : { code: problem.code, detail: problem.detail },
        },
        storage: served.storage(),
      })
    },
    async nodes() {
      const isHome = process.states.has('home')
      const heard = isHome ? (await asking.look({ type: 'nodes' }, 'nodes')).nodes : []
      return durably(
        nodesView(ledger, heard, { self: process.did, isConnected, nowMs: Date.now() }),
      )
    },
    putBlocks: ({ body }) => putCar(body, blocks),
    async block({ cid }) {
      const bytes = await blocks.get(cid)
      if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `nobody has ${cid}`)
      return bytes
    },
    dag: ({ cid, signal }) => carPieces([cid], dagBlocks(cid, blocks, signal)),
    async submit({ body }) {
      const submission = await readSubmission(body)
      // at the same time; whoever asked may be gone, the job is kept all the same
      const refused = new AbortController()
      const finding = served.keeping?.find(submission.manifest, refused.signal)
      finding?.catch(() => {})
      try {
        const { job } = await asking.ask(submission, 'submitted')
        // whoever has the id may open it now; a disk without room for it will say so at the log's
        // next batch, which has it too
        await blocks.put([submission.manifest]).catch(() => {})
        return { job: textOf(job), keeper: (await finding) ?? null }
      } finally {
        refused.abort()
      }
    },
    async jobs({ query }) {
      const all = [...ledger.jobs.values()].reverse()
      const jobs = []
      let bytes = 0
      for (const { manifest } of all.slice(0, query.limit)) {
        bytes += manifest.bytes.length
        if (bytes > LIMITS.controlListBytesMax) break
        jobs.push(await views.view(manifest.cid))
      }
      return { jobs, more: jobs.length < all.length }
    },
    job: ({ cid }) => views.view(cid),
    async bids({ cid }) {
      const job = ledger.jobs.get(textOf(cid))
      const scope = job?.manifest.body.scope
      const asked = asking.ask({ type: 'bids', job: cid }, 'bids')
      if (job?.settle === undefined) return durably(bidsView(ledger, scope, await asked))
      // a home forgets the bids on a job that is over: the log has those that awards were made of
      const said = await asked.catch(unlessForgotten)
      const known = said ?? { bids: bidsInLog(job), passes: [], closed: true }
      return durably(bidsView(ledger, scope, known, { remembered: said !== undefined }))
    },
    events: ({ cid, signal }) => counted(jobEvents(cid, { views, asking, signal })),
    output({ cid, signal: gone }) {
      const ended = new AbortController()
      const signal = AbortSignal.any([gone, ended.signal])
      const { live } = served
      const given = { self: process.did, live, network, views, asking, signal }
      return counted(liveStream(followLive(cid, given), gone), () => ended.abort())
    },
    async award({ body }) {
      await asking.ask({ type: 'award', award: open(Award, body) }, 'awarded')
      return { done: true }
    },
    async cancel({ body }) {
      await asking.ask({ type: 'cancel', cancel: open(Cancel, body) }, 'cancelled')
      return { done: true }
    },
    tokens: ({ query }) => durably(tokensView(ledger, query.holder, Date.now())),
    verdicts: ({ query }) => durably(verdictsView(ledger, query.limit)),
    log({ query: { from, via }, signal }) {
      const isOurs = via === undefined || via === process.did
      const range = isOurs ? process.logBlocks(from, signal) : network.pullLog(via, from, signal)
      return carPieces([], range)
    },
    async invite({ body }) {
      const { invites } = served
      admit(invites !== undefined, 'REQUEST_UNKNOWN', 'this process holds no admin key')
      return invites.invite(body)
    },
    openapi: () => openApiDocument(about.version),
  }
  return { handlers, close: asking.close }
}

/** A job that is over where its home no longer knows it, or where no home is. */
function unlessForgotten(error: unknown): undefined {
  const codes: Code[] = ['JOB_UNKNOWN', 'REQUEST_UNKNOWN']
  if (!(error instanceof Refusal && codes.includes(error.code))) throw error
}
