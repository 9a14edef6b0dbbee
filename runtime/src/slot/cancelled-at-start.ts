/** The result of a run cancelled before its first instruction: the same for every input. */
import type { RunResult } from '@planetary-mesh/spec'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { CallDigest } from '../wasi/call-digest.ts'

/** Nothing was looked at, not even the module: no fuel, no memory, no output, no host call. */
export function cancelledAtStart(): RunResult {
  return {
    outcome: { type: 'cancelled', atFuel: 0 },
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
    outputs: [],
    fuel: 0,
    memoryPages: 0,
    hostCallDigest: new CallDigest().close(),
    profile: RUNTIME_PROFILE,
    measured: { wallMs: 0, rssBytes: 0 },
  }
}
