/**
 * How a running guest learns that it is to stop. Nothing can be told to a process that is busy with
 * a guest; but now and then, at a host call, it says how far it came and waits for one byte.
 */
import assert from 'node:assert'
import { performance } from 'node:perf_hooks'
import type { CancelCheck } from '../wasi/cancel-point.ts'

/** The byte that answers: one for each time that was asked. */
export const ANSWER = { goOn: 0, stop: 1 } as const

/** A guest loses at most so much work when it is killed instead of told. */
const ASK_EVERY_MS = 5
/** A sandbox that is slow to answer is asked less often: waiting takes a twentieth of a run. */
const REST_PER_WAIT = 20
const REST_MS_MAX = 100
/** How long a cancelled guest has to come to a host call and ask; then it is killed. */
export const STOP_GRACE_MS = 250

assert(REST_MS_MAX < STOP_GRACE_MS, 'a guest that talks to the host is told before it is killed')

/** A check for one run, which asks the sandbox: `ask` waits for its answer, true to stop. */
export function openCancelLine(
  ask: (atFuel: number) => boolean,
  nowMs: () => number = () => performance.now(),
): CancelCheck {
  let nextAtMs = nowMs() + ASK_EVERY_MS
  return (fuelUsed) => {
    const askedAtMs = nowMs()
    if (askedAtMs < nextAtMs) return false
    const stop = ask(fuelUsed())
    const answeredAtMs = nowMs()
    const restMs = Math.min(REST_PER_WAIT * (answeredAtMs - askedAtMs), REST_MS_MAX)
    nextAtMs = answeredAtMs + Math.max(ASK_EVERY_MS, restMs)
    return stop
  }
}
