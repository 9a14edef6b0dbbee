/**
 * The control API of a process: what a person's tools ask over HTTP on loopback, as paths and the
 * JSON shapes of the answers. Records are posted as their own blocks, sealed by the caller's key;
 * whatever an answer says of a record it says as that block (base64), to be opened by the reader.
 * Source: protocol.md "Transport"; decisions 16, 17, 23.
 */
import { z } from 'zod'
import { isCode } from '../errors.ts'
import { Capacity } from './messages.ts'

/** Every path begins with it; another version answers beside it. */
export const CONTROL_PREFIX = '/v0'
export const MEDIA = {
  json: 'application/json',
  /** One canonical block. */
  block: 'application/vnd.ipld.dag-cbor',
  /** A CARv1 file: several blocks, or the DAG of one file. */
  car: 'application/vnd.ipld.car',
  raw: 'application/vnd.ipld.raw',
  events: 'text/event-stream',
} as const

const CidText = z.string().max(80)
const Did = z.string().max(128)
const Whole = z.int().min(0)
/** The bytes of a block, base64 with padding (RFC 4648 section 4). */
const BlockText = z.string()
const TimeMs = Whole

export const ErrorJson = z.strictObject({
  error: z.strictObject({
    code: z.string().refine(isCode, 'no such code'),
    detail: z.string(),
    values: z.record(z.string(), z.number()),
  }),
})

/** `GET /v0/node`: the process that answers. */
export const NodeJson = z.strictObject({
  did: Did,
  name: z.string(),
  roles: z.array(z.string()),
  wire: z.string(),
  version: z.string(),
  pid: Whole,
  startedAtMs: TimeMs,
  /** Multiaddrs with the peer id, as another node dials them. */
  addresses: z.array(z.string()),
  genesis: CidText,
  charter: CidText.nullable(),
  log: z.strictObject({
    size: Whole,
    head: CidText.nullable(),
    /** Null until the log, and with it the charter, was read. */
    writer: Did.nullable(),
    /** Whether a connection to the writer is open (true for the writer itself). */
    writerConnected: z.boolean(),
    /** Why this copy of the log stopped for good: the writer signed what no fold allows. */
    problem: z.strictObject({ code: z.string(), detail: z.string() }).nullable(),
  }),
  storage: z.strictObject({ usedBytes: Whole, maxBytes: Whole.nullable() }),
})

/** `GET /v0/nodes`: every member of the charter in force that is a machine. */
export const NodesJson = z.strictObject({
  nodes: z.array(
    z.strictObject({
      did: Did,
      name: z.string(),
      roles: z.array(z.string()),
      /** `online` is a connection open now; `self` is the one that answers. */
      state: z.enum(['self', 'online', 'suspect', 'offline']),
      heardAtMs: TimeMs.nullable(),
      capacity: Capacity.nullable(),
    }),
  ),
})

/** `POST /v0/blocks` with a CAR: they are durable when it is answered. */
export const StoredJson = z.strictObject({ blocks: Whole, bytes: Whole })

/** `POST /v0/jobs` with a CAR of tokens not logged yet, manifest and hold; its root is the hold. */
export const SubmittedJson = z.strictObject({
  job: CidText,
  /**
   * The member beside this node that says it keeps the job's module and inputs; null where none
   * said so in time, and the job cannot run elsewhere if this node is lost.
   */
  keeper: Did.nullable(),
})

/** `jobStatus`, with CIDs as text. */
export const StatusJson = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('unknown') }),
  z.strictObject({ state: z.literal('submitted') }),
  z.strictObject({ state: z.literal('bidding'), bids: Whole, attempt: Whole }),
  z.strictObject({
    state: z.literal('leased'),
    executor: Did,
    untilMs: TimeMs,
    attempt: Whole,
  }),
  z.strictObject({ state: z.literal('receipted'), receipt: CidText }),
  z.strictObject({
    state: z.literal('anchored'),
    receipt: CidText,
    valid: Whole,
    invalid: Whole,
  }),
  z.strictObject({ state: z.literal('verified'), receipt: CidText, post: Whole }),
  z.strictObject({ state: z.literal('disputed'), receipt: CidText }),
  z.strictObject({
    state: z.literal('failed'),
    reason: z.enum(['host-fault', 'refused', 'refuted']),
  }),
  z.strictObject({ state: z.literal('expired') }),
  z.strictObject({ state: z.literal('cancelled'), receipt: CidText.nullable() }),
])

/** `GET /v0/jobs/{job}`, and the `status` events of `GET /v0/jobs/{job}/events`. */
export const JobJson = z.strictObject({
  job: CidText,
  /** The sealed manifest; null where this process has never seen it. */
  manifest: BlockText.nullable(),
  status: StatusJson,
  /** The executor's own word while it runs: assigned, running, completed, failed. */
  phase: z.string().nullable(),
  detail: z.string().nullable(),
  /** Whom or what the job waits for, for people. */
  waitingFor: z.string().nullable(),
})
export type JobJson = z.infer<typeof JobJson>

/** `GET /v0/jobs?limit=N`: the newest first. */
export const JobsJson = z.strictObject({ jobs: z.array(JobJson), more: z.boolean() })

/** `GET /v0/jobs/{job}/bids`. */
export const BidsJson = z.strictObject({
  bids: z.array(
    z.strictObject({
      block: BlockText,
      /** Folded by this process from the log: 0 to 100. */
      reputation: Whole,
    }),
  ),
  passes: z.array(z.strictObject({ node: Did, code: z.string(), detail: z.string() })),
  closed: z.boolean(),
  /** False of a job that is over where this process no longer knows who passed, and why. */
  remembered: z.boolean(),
})

/** `POST /v0/awards`, `POST /v0/cancels` with one block. */
export const DoneJson = z.strictObject({ done: z.literal(true) })

/** `GET /v0/tokens?holder=DID`: what the log says of the tokens it holds. */
export const TokensJson = z.strictObject({
  tokens: z.array(
    z.strictObject({
      block: BlockText,
      free: Whole,
      held: Whole,
      spent: Whole,
      returned: Whole,
    }),
  ),
})

/** `GET /v0/verdicts?limit=N`: the newest receipts in the log with the verdicts on each. */
export const VerdictsJson = z.strictObject({
  receipts: z.array(
    z.strictObject({
      job: CidText,
      receipt: CidText,
      threshold: Whole,
      verdicts: z.array(BlockText),
    }),
  ),
})

/** `POST /v0/invites` with `{role, expiresInMs}` at a process that holds an admin key. */
export const InviteJson = z.strictObject({ line: z.string(), expiresAtMs: TimeMs })

/** `event: output` of `GET /v0/jobs/{job}/output`: bytes of a guest that runs, in its order. */
export const OutputJson = z.strictObject({
  stream: z.enum(['stdout', 'stderr']),
  base64: z.string(),
})
/** `event: skipped` there: so many bytes were gone before they could be sent. */
export const SkippedJson = z.strictObject({ bytes: Whole })
/** `event: progress` there: what the guest says of itself. */
export const ProgressJson = z.strictObject({ done: Whole, total: Whole })
/** `event: end` there: the run is over, or there will be none. */
export const OutputEndJson = z.strictObject({})

/** `event: end` of `GET /v0/jobs/{job}/events`: nothing follows. `status` carries a `JobJson`. */
export const EndJson = z.strictObject({
  outcome: z.string().nullable(),
  stdout: CidText.nullable(),
  stderr: CidText.nullable(),
  output: CidText.nullable(),
})
