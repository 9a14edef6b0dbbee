/** Honest jobs beside hostile ones: the same result as alone, and how long each took. */
import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import type { RunInput, Sandbox } from '@planetary-mesh/spec'
import { wholeOf } from './contained.ts'
import { CORPUS } from './corpus.ts'
import type { Guest } from './guest.ts'
import { moduleOf } from './module-of.ts'

export const HONEST_JOBS = 20

/** Reads its input, works on it for a while, and writes what it made of it to an output. */
const HONEST = `(func (export "_start") (local $i i32) (local $sum i32)
  (i32.store (i32.const 0) (i32.const 40000)) (i32.store (i32.const 4) (i32.const 4096))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (loop $work
    (local.set $sum
      (i32.add (i32.mul (local.get $sum) (i32.const 31))
        (i32.load8_u offset=40000 (i32.and (local.get $i) (i32.const 63)))))
    (br_if $work (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
      (i32.const 200000))))
  (call $text (str "out/sum"))
  (drop (call $open (i32.const 3) (i32.const 1) (i64.const 0x40)))
  (i32.store (i32.const 60) (local.get $sum))
  (i32.store (i32.const 0) (i32.const 60)) (i32.store (i32.const 4) (i32.const 4))
  (drop (call $fd_write (call $opened) (i32.const 0) (i32.const 1) (i32.const 8)))
  (call $say (i32.const 40000) (i32.const 16)))`

const module = moduleOf('honest', HONEST)

const INPUTS: readonly RunInput[] = Array.from({ length: HONEST_JOBS }, (_, index) => ({
  module,
  args: [],
  env: [],
  stdin: Buffer.from(`ballot number ${index}`),
  files: [],
  clockMs: 1_700_000_000_000 + index,
  seed: new Uint8Array(32).fill(index),
  limits: { fuelMax: 1e9, memoryPagesMax: 16, outputBytesMax: 10_000, wallMs: 60_000 },
}))

/** The guests beside a job: from round to round others, and another of them first. */
export function guestsBeside(job: number, round: number): readonly Guest[] {
  const guests = CORPUS.filter((_, index) => (index + round) % HONEST_JOBS === job)
  const turn = round % guests.length
  return [...guests.slice(turn), ...guests.slice(0, turn)]
}

export type HonestRound = { results: string[]; tookMs: number[] }

/**
 * Runs the twenty jobs, one after the other, each while what `beside` does for its number goes on.
 * Each gives another result; throws if one failed.
 */
export async function runHonest(
  sandbox: Sandbox,
  beside: (job: number) => Promise<unknown> = async () => {},
): Promise<HonestRound> {
  const round: HonestRound = { results: [], tookMs: [] }
  for (const [job, input] of INPUTS.entries()) {
    const besides = beside(job)
    const startedAtMs = performance.now()
    const result = await sandbox.run(input)
    round.tookMs.push(performance.now() - startedAtMs)
    assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
    round.results.push(wholeOf(result))
    await besides
  }
  return round
}
