/** The result of a run cancelled before its first instruction: the same for every module. */
import type { RunResult } from '@planetary-mesh/spec/bare'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { CallDigest } from '../wasi/call-digest.ts'

/** Nothing was looked at but what kind of module it is: no fuel, memory, output or host call. */
export function cancelledAtStart(profile: string = RUNTIME_PROFILE): RunResult {
  return {
    outcome: { type: 'cancelled', atFuel: 0 },
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
    outputs: [],
    fuel: 0,
    memoryPages: 0,
    hostCallDigest: new CallDigest().close(),
    profile,
    measured: { wallMs: 0, rssBytes: 0 },
  }
}
