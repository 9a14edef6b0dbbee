/**
 * `mesh:job.progress(done: i64, total: i64)`: how far a job is, for whoever watches. It changes
 * nothing for the guest, so a run is the same whether anybody watches or not.
 */
import type { Progress } from '@planetary-mesh/spec/bare'
import type { Host } from './host.ts'

export const JOB_MODULE = 'mesh:job'
export const PROGRESS = 'progress'
/** As the letters of `allowed-imports.ts`: two i64, no result. */
export const PROGRESS_SIGNATURE = 'II:'

const CALL_FUEL = 2000

/** Is told what the guest says while it runs; nothing it does reaches the guest. */
export type GuestSink = {
  /** `bytes` is a view that is good until this returns. */
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void
  progress(progress: Progress): void
}

export function progressImports(
  host: Host,
  sink: GuestSink | undefined,
): Record<string, Record<string, unknown>> {
  const progress = (done: bigint, total: bigint) => {
    host.enter()
    host.charge(CALL_FUEL)
    const args = [BigInt.asUintN(64, done), BigInt.asUintN(64, total)] as const
    host.memory.written.length = 0
    host.digest.add(`${JOB_MODULE}.${PROGRESS}`, args, null, host.memory)
    sink?.progress({ done: countOf(args[0]), total: countOf(args[1]) })
  }
  return { [JOB_MODULE]: { [PROGRESS]: progress } }
}

/** The nearest number that JSON carries exactly. */
const countOf = (value: bigint) =>
  value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
