/**
 * A job's status as Server-Sent Events: the first at once, the next when something changed, at most
 * one every 50 ms, and `end` when nothing more will. A comment now and then shows that both ends
 * live; time alone can change a status too, so that is when it is looked at again.
 * Source: HTML Living Standard, "Server-sent events".
 */
import { type CID, LIMITS } from '@planetary-mesh/spec'
import type { Asking } from './asking.ts'
import { isOver, type JobViews } from './job-views.ts'

/** At least between two looks, and at most without a word. */
type Pauses = { pauseMs: number; heartbeatMs: number }

const UTF8 = new TextEncoder()

/** Ends where the job does, or when `signal` aborts. Refuses JOB_UNKNOWN. */
export async function* jobEvents(
  job: CID,
  { views, asking, signal }: { views: JobViews; asking: Asking; signal: AbortSignal },
  { pauseMs, heartbeatMs }: Pauses = {
    pauseMs: LIMITS.statusPauseMs,
    heartbeatMs: LIMITS.heartbeatMs,
  },
): AsyncGenerator<Uint8Array> {
  let hasChanged = false
  let wake = () => {}
  const end = asking.onChange(() => {
    hasChanged = true
    wake()
  })
  /** Until something changed, this time is over, or nobody listens. */
  const sleep = (ms: number, untilChange: boolean) =>
    new Promise<void>((resolve) => {
      if (signal.aborted || (untilChange && hasChanged)) return resolve()
      const timer = setTimeout(stop, ms)
      function stop() {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        wake = () => {}
        resolve()
      }
      signal.addEventListener('abort', stop)
      if (untilChange) wake = stop
    })
  let id = 0
  let said = ''
  let saidAtMs = performance.now()
  const event = (type: 'status' | 'end', data: string) => {
    id += 1
    return UTF8.encode(`id: ${id}\nevent: ${type}\ndata: ${data}\n\n`)
  }
  try {
    while (!signal.aborted) {
      hasChanged = false
      const seen = await views.view(job)
      const text = JSON.stringify(seen)
      if (text !== said) {
        yield event('status', text)
        said = text
        saidAtMs = performance.now()
      }
      if (isOver(seen)) {
        yield event('end', JSON.stringify(views.end(job)))
        return
      }
      await sleep(pauseMs, false)
      // a timer may ring up to a millisecond early
      await sleep(Math.ceil(saidAtMs + heartbeatMs - performance.now()) + 1, true)
      if (performance.now() < saidAtMs + heartbeatMs) continue
      yield UTF8.encode(': still here\n\n')
      saidAtMs = performance.now()
    }
  } finally {
    end()
  }
}
