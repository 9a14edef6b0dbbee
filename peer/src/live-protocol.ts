/**
 * Asking another member what a job says that runs there: how far one is, and the answer is what
 * came since, as soon as there is something. Nobody has signed it. Source: protocol.md "Transport".
 */
import {
  Bytes,
  type CID,
  type Did,
  decodeBlock,
  encodeBlock,
  LIMITS,
  parse,
  parseCid,
  Refusal,
  textOf,
} from '@planetary-mesh/spec'
import { z } from 'zod'
import type { NetworkNode } from './libp2p/node.ts'
import type { LiveJobs, Place, Reading } from './live-jobs.ts'

const LIVE_PROTOCOL = '/mesh/0/live'

const Whole = z.int().min(0)
const PlaceShape = z.strictObject({ bytes: Whole, progress: Whole })
const Question = z.strictObject({ job: z.string().max(80), place: PlaceShape })
const Answer = z.strictObject({
  /** Null where nothing came for a while. */
  reading: z
    .strictObject({
      skipped: Whole,
      pieces: z.array(z.strictObject({ stream: z.enum(['stdout', 'stderr']), bytes: Bytes })),
      progress: z.strictObject({ done: Whole, total: Whole }).nullable(),
      next: PlaceShape,
      isOver: z.boolean(),
    })
    .nullable(),
})

/** Answers members from now on. */
export async function serveLive(
  node: Pick<NetworkNode, 'handleRequest'>,
  live: LiveJobs,
): Promise<void> {
  await node.handleRequest(LIVE_PROTOCOL, async (_from, bytes, signal) => {
    const { job, place } = parse(Question, decodeBlock(bytes), 'question')
    const patience = AbortSignal.any([signal, AbortSignal.timeout(LIMITS.liveWaitMs)])
    const reading = (await live.read(parseCid(job), place, patience)) ?? null
    return encodeBlock({ reading }).bytes
  })
}

/**
 * What a job says at `member` beyond `place`; undefined when nothing came for a while. Refuses
 * PEER_AWAY, MESSAGE_MALFORMED, and as the other side does.
 */
export async function askLive(
  node: Pick<NetworkNode, 'request'>,
  member: Did,
  { job, place, signal }: { job: CID; place: Place; signal: AbortSignal },
): Promise<Reading | undefined> {
  const question = encodeBlock({ job: textOf(job), place: { ...place } }).bytes
  const bytes = await node.request(member, LIVE_PROTOCOL, question, signal)
  const { reading } = answerIn(bytes)
  return reading ?? undefined
}

function answerIn(bytes: Uint8Array): z.infer<typeof Answer> {
  try {
    return parse(Answer, decodeBlock(bytes), 'answer')
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    throw new Refusal('MESSAGE_MALFORMED', cause.detail, { cause })
  }
}
