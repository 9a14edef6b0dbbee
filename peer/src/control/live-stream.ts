/**
 * What a job that runs says, as Server-Sent Events, until its run is over: `output` with bytes
 * in base64, `progress`, `skipped` where a watcher was too slow, and `end`. A comment now and then
 * shows that both ends live. Nothing in it is signed: it bears no check mark.
 * Source: HTML Living Standard, "Server-sent events".
 */
import { LIMITS } from '@planetary-mesh/spec'
import type { LiveEvent } from '../live-jobs.ts'

const UTF8 = new TextEncoder()
/** A refusal comes at once, if it comes. */
const FIRST_MS = 100

/** Ends with its events. What they refuse first is the answer; later it can only cut the stream. */
export async function* liveStream(
  events: AsyncGenerator<LiveEvent>,
  signal: AbortSignal,
  heartbeatMs: number = LIMITS.heartbeatMs,
): AsyncGenerator<Uint8Array> {
  let id = 0
  const event = (type: string, data: object) => {
    id += 1
    return UTF8.encode(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  let next = events.next()
  try {
    // the head of the answer goes out with the first piece, which must not wait for the job
    const first = await firstOf(next, FIRST_MS)
    if (first === undefined) yield UTF8.encode(': what the job says, signed by nobody\n\n')
    for (;;) {
      const come = await firstOf(next, heartbeatMs)
      if (come === undefined) yield UTF8.encode(': still here\n\n')
      else {
        if (come.done) break
        yield event(come.value.type, dataOf(come.value))
        next = events.next()
      }
    }
    if (!signal.aborted) yield event('end', {})
  } finally {
    // a generator that waits is not ended by asking: its signal ends it
    next.catch(() => {})
    void events.return(undefined).catch(() => {})
  }
}

function dataOf(event: LiveEvent): object {
  switch (event.type) {
    case 'output':
      return { stream: event.stream, base64: Buffer.from(event.bytes).toString('base64') }
    case 'progress':
      return { done: event.done, total: event.total }
    case 'skipped':
      return { bytes: event.bytes }
  }
}

/** Undefined when it did not come within this time. */
async function firstOf<T>(coming: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([coming, late])
  } finally {
    clearTimeout(timer)
  }
}
