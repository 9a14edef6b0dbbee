/**
 * What can be asked of a process over HTTP, as one table: the server serves exactly this, and the
 * OpenAPI document says exactly this. Source: `spec/src/wire/control.ts`; decisions 16, 17.
 */
import {
  BidsJson,
  type CID,
  DidText,
  DoneJson,
  EndJson,
  InviteJson,
  JobJson,
  JobsJson,
  LIMITS,
  MEDIA,
  MemberRole,
  NodeJson,
  NodesJson,
  OutputEndJson,
  OutputJson,
  ProgressJson,
  SkippedJson,
  StoredJson,
  SubmittedJson,
  TokensJson,
  VerdictsJson,
} from '@planetary-mesh/spec'
import { z } from 'zod'

type Reply<S extends number = number> =
  | { status: S; media: typeof MEDIA.json; schema: z.ZodType; says: string }
  | { status: S; media: typeof MEDIA.raw; says: string }
  | { status: S; media: typeof MEDIA.car; says: string }
  /** What the `data` of each event is, by its name. */
  | { status: S; media: typeof MEDIA.events; says: string; events: Record<string, z.ZodType> }

export type Route = {
  method: 'get' | 'post'
  /** Behind `CONTROL_PREFIX`; `{job}` and `{cid}` are CIDs as text. */
  path: string
  summary: string
  query?: z.ZodObject
  body?: { media: string; bytesMax: number; says: string; schema?: z.ZodType }
  reply: Reply
}

const Limit = z.int().min(1).max(LIMITS.controlListMax).default(50)
const Size = z.int().min(0).max(LIMITS.logEntriesMax).default(0)

/** A role to invite somebody into, and for how long the invitation holds. */
export const InviteRequestJson = z.strictObject({
  role: MemberRole,
  expiresInMs: z.int().min(1).max(LIMITS.inviteMsMax),
})

const json = <S extends z.ZodType>(schema: S, says: string, status = 200) => {
  return { status, media: MEDIA.json, schema, says } as const
}
const oneRecord = (says: string) => {
  return { media: MEDIA.block, bytesMax: LIMITS.recordBytesMax, says } as const
}

export const ROUTES = {
  node: {
    method: 'get',
    path: '/node',
    summary: 'The process that answers: its key, roles, addresses, log and storage',
    reply: json(NodeJson, 'The process'),
  },
  nodes: {
    method: 'get',
    path: '/nodes',
    summary: 'The machines of the federation, and what is known of each here',
    reply: json(NodesJson, 'Every member of the charter in force that runs a process'),
  },
  putBlocks: {
    method: 'post',
    path: '/blocks',
    summary: 'Store blocks of files and records',
    body: {
      media: MEDIA.car,
      bytesMax: LIMITS.carBytesMax,
      says: 'A CARv1 file; each block is hashed and must be readable as what its CID says',
    },
    reply: json(StoredJson, 'They are durable'),
  },
  block: {
    method: 'get',
    path: '/blocks/{cid}',
    summary: 'One block, from here or from another member',
    reply: { status: 200, media: MEDIA.raw, says: 'The bytes of the block, of any codec' },
  },
  dag: {
    method: 'get',
    path: '/dag/{cid}',
    summary: 'Every block of a file or directory, parents first, each once',
    reply: { status: 200, media: MEDIA.car, says: 'A CARv1 file with this root' },
  },
  submit: {
    method: 'post',
    path: '/jobs',
    summary: 'Submit a job',
    body: {
      media: MEDIA.car,
      bytesMax: LIMITS.messageBytesMax,
      says: 'A CARv1 file: tokens not logged yet (parents first), manifest, hold; its root is the hold',
    },
    reply: json(SubmittedJson, 'The hold is in the log; who else keeps the files', 201),
  },
  jobs: {
    method: 'get',
    path: '/jobs',
    summary: 'The jobs of the log, the newest first',
    query: z.strictObject({ limit: Limit }),
    reply: json(JobsJson, 'At most `limit` jobs'),
  },
  job: {
    method: 'get',
    path: '/jobs/{job}',
    summary: 'Where a job stands',
    reply: json(JobJson, 'The job'),
  },
  bids: {
    method: 'get',
    path: '/jobs/{job}/bids',
    summary: 'The bids on a job so far, and who will not run it, and why',
    reply: json(BidsJson, 'The bids'),
  },
  events: {
    method: 'get',
    path: '/jobs/{job}/events',
    summary: 'Where a job stands, now and whenever that changes, until it is over',
    reply: {
      status: 200,
      media: MEDIA.events,
      says: '`status` events with a Job, then one `end` event with an End; comments keep it alive',
      events: { status: JobJson, end: EndJson },
    },
  },
  output: {
    method: 'get',
    path: '/jobs/{job}/output',
    summary: 'What a job says while it runs, as its executor tells; signed by nobody',
    reply: {
      status: 200,
      media: MEDIA.events,
      says: '`output`, `progress` and `skipped` events, then one `end`; comments keep it alive',
      events: {
        output: OutputJson,
        progress: ProgressJson,
        skipped: SkippedJson,
        end: OutputEndJson,
      },
    },
  },
  award: {
    method: 'post',
    path: '/awards',
    summary: 'Give a job to a bidder',
    body: oneRecord('A sealed award'),
    reply: json(DoneJson, 'It is on its way to the winner'),
  },
  cancel: {
    method: 'post',
    path: '/cancels',
    summary: 'Cancel a job',
    body: oneRecord('A sealed cancel'),
    reply: json(DoneJson, 'It is in the log'),
  },
  tokens: {
    method: 'get',
    path: '/tokens',
    summary: 'The tokens of a holder and what is left on them, the newest first',
    query: z.strictObject({ holder: DidText }),
    reply: json(TokensJson, `At most ${LIMITS.controlListMax} tokens`),
  },
  verdicts: {
    method: 'get',
    path: '/verdicts',
    summary: 'The newest receipts of the log with the verdicts on each',
    query: z.strictObject({ limit: Limit }),
    reply: json(VerdictsJson, 'At most `limit` receipts'),
  },
  log: {
    method: 'get',
    path: '/log',
    summary: 'The log from an entry on: anchors, each followed by what folding it needs',
    query: z.strictObject({ from: Size, via: DidText.optional() }),
    reply: {
      status: 200,
      media: MEDIA.car,
      says: 'A CARv1 file without roots; with `via`, as that member gives it',
    },
  },
  invite: {
    method: 'post',
    path: '/invites',
    summary: 'Make a one-time invitation into the federation',
    body: {
      media: MEDIA.json,
      bytesMax: LIMITS.controlJsonBytesMax,
      says: 'The role, and how long the invitation holds',
      schema: InviteRequestJson,
    },
    reply: json(InviteJson, 'The line to give to the new member', 201),
  },
  openapi: {
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    reply: json(z.looseObject({ openapi: z.string() }), 'OpenAPI 3.1'),
  },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof ROUTES

type QueryOf<R> = R extends { query: infer Q extends z.ZodType } ? z.infer<Q> : Record<never, never>
type BodyOf<R> = R extends { body: { schema: infer S extends z.ZodType } }
  ? z.infer<S>
  : R extends { body: { media: typeof MEDIA.block } }
    ? Uint8Array
    : R extends { body: unknown }
      ? AsyncIterable<Uint8Array>
      : undefined
type ReplyOf<R> = R extends { reply: { schema: infer S extends z.ZodType } }
  ? z.infer<S>
  : R extends { reply: { media: typeof MEDIA.raw } }
    ? Uint8Array
    : AsyncGenerator<Uint8Array>

/** A request whose path, query and body are read; `signal` aborts when nobody waits any more. */
export type Asked<N extends RouteName> = {
  cid: CID
  query: QueryOf<(typeof ROUTES)[N]>
  body: BodyOf<(typeof ROUTES)[N]>
  signal: AbortSignal
}

/** How each is answered; what is wrong is refused. */
export type Handlers = {
  [N in RouteName]: (
    asked: Asked<N>,
  ) => Promise<ReplyOf<(typeof ROUTES)[N]>> | ReplyOf<(typeof ROUTES)[N]>
}
