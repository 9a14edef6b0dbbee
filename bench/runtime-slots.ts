/**
 * What a job costs beside its work: the least C program there is (reads its argument, writes twenty
 * bytes, ends), through isolated children and in process, with everything that a receipt needs
 * computed and checked: outcome, fuel, CIDs of the outputs, host-call digest.
 */
import { readFileSync } from 'node:fs'
import { openSandbox, runInProcess } from '@planetary-mesh/runtime'
import { encodeDirectory, encodeFile, type RunInput, type RunResult } from '@planetary-mesh/spec'
import { inFlight } from './in-flight.ts'
import { kernelInput } from './kernels.ts'
import { type Effort, quantile, type Row, rowOf, takeTurns } from './measure.ts'
import { childrenOf, cpuMsOf, privateMemoryOf } from './process-times.ts'

const SLOTS = 2
/** So many wait for a slot: it never has to. */
const PER_SLOT = 2
const JOBS = 4000
const JOBS_ALONE = 1000
const WARM_UP = 300
const ARGUMENTS = 10

const module = readFileSync(new URL('../runtime/test/guests/hello.wasm', import.meta.url))
const inputs = Array.from({ length: ARGUMENTS }, (_, index) => kernelInput(module, `job ${index}`))

export async function benchSlots(effort: Effort): Promise<Row[]> {
  const expected = inputs.map((input) => answerOf(runInProcess(input)))
  const check = (index: number, result: RunResult) => {
    const said = answerOf(result)
    if (said !== expected[index % ARGUMENTS]) throw new Error(`a job ended otherwise: ${said}`)
  }
  const inputAt = (index: number) => inputs[index % ARGUMENTS] as RunInput
  const here = (jobs: number) => () => {
    const startedAtMs = performance.now()
    for (let index = 0; index < jobs; index++) check(index, runInProcess(inputAt(index)))
    return (performance.now() - startedAtMs) / jobs
  }
  const sandbox = await openSandbox({ slots: SLOTS, spares: 0 })
  try {
    const runOne = async (index: number) => check(index, await sandbox.run(inputAt(index)))
    for (let index = 0; index < WARM_UP; index++) await runOne(index)
    const idle = childrenOf(process.pid).map(privateMemoryOf)

    const jobs = Math.ceil(JOBS * effort.share)
    const cpuMs: number[] = []
    const many = await takeTurns(
      effort.pairs,
      async () => {
        let next = 0
        const cpuBeforeMs = cpuMsOf(process.pid)
        const startedAtMs = performance.now()
        await inFlight(jobs, SLOTS * PER_SLOT, () => runOne(next++))
        cpuMs.push((cpuMsOf(process.pid) - cpuBeforeMs) / jobs)
        return (performance.now() - startedAtMs) / jobs
      },
      here(jobs),
    )
    const alone = Math.ceil(JOBS_ALONE * effort.share)
    const trips: number[] = []
    const one = await takeTurns(
      effort.pairs,
      async () => {
        const times: number[] = []
        for (let index = 0; index < alone; index++) {
          const startedAtMs = performance.now()
          await sandbox.run(inputAt(index))
          times.push(performance.now() - startedAtMs)
        }
        trips.push(...times)
        return quantile(times, 0.5)
      },
      here(alone),
    )
    const microseconds = (ms: number) => Math.round(ms * 1000)
    const against = 'the same in process'
    return [
      rowOf({ bench: 'runtime', what: 'least jobs, two slots', against }, many, {
        jobs,
        slots: SLOTS,
        'CPU us a job, all processes': microseconds(quantile(cpuMs, 0.5)),
        'idle private KiB a slot': Math.round(quantile(idle, 0.5) / 1024),
      }),
      rowOf({ bench: 'runtime', what: 'least job alone, there and back', against }, one, {
        'p50 us': microseconds(quantile(trips, 0.5)),
        'p99 us': microseconds(quantile(trips, 0.99)),
      }),
    ]
  } finally {
    await sandbox.close()
  }
}

/** All that a receipt says of a run, as one text. */
function answerOf({ outcome, fuel, memoryPages, stdout, stderr, outputs, ...run }: RunResult) {
  const files = [encodeFile(stdout), encodeFile(stderr), encodeDirectory(outputs)]
  const digest = Buffer.from(run.hostCallDigest).toString('hex')
  return [
    JSON.stringify(outcome),
    fuel,
    memoryPages,
    digest,
    ...files.map(({ cid }) => `${cid}`),
  ].join()
}
