/**
 * Execution without a sandbox: a job's true result is a function of its manifest, a run takes
 * simulated time, and a machine may fail. A liar gives another result than the truth.
 */

import type { Clock, Exec } from '@planetary-mesh/peer'
import {
  cidOf,
  encodeDirectory,
  HostFault,
  type Manifest,
  type Ran,
  type Result,
  sha256,
} from '@planetary-mesh/spec'
import type { Chance } from './chance.ts'

const EMPTY = cidOf('raw', new Uint8Array())
const NOTHING = encodeDirectory([])

/** The one true result of a job; `atFuel` for a run that was cancelled there. */
export function truth(manifest: Manifest, atFuel?: number): Result {
  const digest = sha256(manifest.cid.bytes)
  const [a = 0, b = 0] = digest
  const { fuelMax, memoryPagesMax, profile } = manifest.body
  const fuel = atFuel ?? Math.floor((fuelMax * (a + 1)) / 256)
  const none = { cid: EMPTY, bytes: 0 }
  return {
    outcome:
      atFuel !== undefined
        ? { type: 'cancelled', atFuel }
        : b < 200
          ? { type: 'exited', code: 0 }
          : b < 230
            ? { type: 'trapped', trap: 'unreachable' }
            : { type: 'out-of-fuel' },
    stdout: atFuel === undefined ? { cid: cidOf('raw', digest), bytes: 32 } : none,
    stderr: none,
    output: { cid: NOTHING.cid, bytes: 0 },
    fuel,
    memoryPages: Math.min(memoryPagesMax, 1 + b),
    hostCallDigest: sha256(digest),
    profile,
  }
}

/** Validly signed by the right key, and wrong. */
function lie(result: Result, chance: Chance): Result {
  switch (chance.below(3)) {
    case 0:
      return { ...result, fuel: result.fuel + 1 }
    case 1:
      return { ...result, stdout: { cid: cidOf('raw', NOTHING.cid.bytes), bytes: 36 } }
    default:
      return { ...result, outcome: { type: 'exited', code: 7 } }
  }
}

export function fakeExec(
  clock: Clock,
  chance: Chance,
  options: { lies: boolean; faultsOneIn: number },
): Exec {
  return {
    run(manifest, { signal, cancelAtFuel }) {
      const startedAtMs = clock.nowMs()
      // a liar does not keep its promise of time either
      const late = options.lies && chance.oneIn(4)
      const takesMs = late ? chance.between(5500, 8000) : chance.between(5, 120)
      return new Promise<Ran>((resolve, reject) => {
        const done = (result: Result) =>
          resolve({
            result,
            measured: {
              startedAtMs,
              finishedAtMs: clock.nowMs(),
              wallMs: clock.nowMs() - startedAtMs,
              rssBytes: 0,
            },
          })
        const stop = clock.at(startedAtMs + takesMs, () => {
          if (options.faultsOneIn > 0 && chance.oneIn(options.faultsOneIn)) {
            reject(new HostFault('crash', 'the simulated machine failed'))
            return
          }
          const honest = truth(manifest, cancelAtFuel)
          done(options.lies && chance.oneIn(2) ? lie(honest, chance) : honest)
        })
        signal.addEventListener('abort', () => {
          stop()
          done(truth(manifest, 0))
        })
        if (signal.aborted) {
          stop()
          done(truth(manifest, 0))
        }
      })
    },
    close: async () => {},
  }
}
