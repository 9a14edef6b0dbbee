/**
 * What metering costs: C programs in a slot of the sandbox, against the same bytes as V8 runs them
 * by default. Both sides start a process for each pair and run the module twice in it: the first
 * run compiles (the slot admits and rewrites as well), the next has everything compiled.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { HostFault } from '@planetary-mesh/spec'
// not of the runtime's public surface: a pair needs a process that ran nothing before
import { SlotProcess } from '../runtime/src/slot/slot-process.ts'
import { type KernelName, kernelFile, kernelInput, kernelModule, RUN_MS_MAX } from './kernels.ts'
import { type Effort, type Pairs, type Row, rowOf, takeTurns } from './measure.ts'

type Kernel = { name: KernelName; argument: (share: number) => number }

/** Each takes a few hundred ms at a share of 1; the work of fib grows by the golden ratio. */
const KERNELS: readonly Kernel[] = [
  { name: 'sha256', argument: (share) => Math.ceil(5000 * share) },
  { name: 'qsort', argument: (share) => Math.ceil(60 * share) },
  { name: 'fib', argument: (share) => Math.round(41 + Math.log(share) / Math.log(1.618)) },
]

type Run = { ms: number; stdout: string }

export async function benchMetering(effort: Effort): Promise<Row[]> {
  const rows: Row[] = []
  for (const kernel of KERNELS) rows.push(...(await benchKernel(kernel, effort)))
  return rows
}

async function benchKernel({ name, argument }: Kernel, effort: Effort): Promise<Row[]> {
  const file = kernelFile(name)
  const module = kernelModule(name)
  const given = String(argument(effort.share))
  const seen = { stdout: new Set<string>(), fuel: new Set<number>() }
  const next: Pairs = { ours: [], reference: [] }
  const first = await takeTurns(
    effort.pairs,
    async () => {
      const { runs, fuel } = await runMetered(module, given)
      for (const each of fuel) seen.fuel.add(each)
      return taken(runs, next.ours)
    },
    async () => taken(await runUnmetered(file, given), next.reference),
  )
  /** Keeps the next run of a process, gives the first. */
  function taken([run, again]: readonly [Run, Run], times: number[]): number {
    times.push(again.ms)
    seen.stdout.add(run.stdout).add(again.stdout)
    return run.ms
  }
  const [fuel] = seen.fuel
  if (seen.stdout.size !== 1 || seen.fuel.size !== 1 || fuel === undefined) {
    throw new Error(`${name} ran differently: ${[...seen.stdout, ...seen.fuel].join(', ')}`)
  }
  const facts = { argument: Number(given), fuel, 'module bytes': module.length }
  const against = 'un-metered V8'
  return [
    rowOf({ bench: 'metering', what: `${name}, compiled`, against }, next, facts),
    rowOf({ bench: 'metering', what: `${name}, first run`, against }, first, facts),
  ]
}

async function runMetered(
  module: Uint8Array,
  argument: string,
): Promise<{ runs: [Run, Run]; fuel: number[] }> {
  const slot = await SlotProcess.start()
  try {
    const input = kernelInput(module, argument)
    const results = [await slot.run(input), await slot.run(input)] as const
    for (const { outcome } of results) {
      if (outcome.type !== 'exited' || outcome.code !== 0) {
        throw new Error(`a kernel ended otherwise: ${JSON.stringify(outcome)}`)
      }
    }
    const [run, again] = results.map(({ measured, stdout }) => ({
      ms: measured.wallMs,
      stdout: Buffer.from(stdout).toString(),
    })) as [Run, Run]
    return { runs: [run, again], fuel: results.map(({ fuel }) => fuel) }
  } finally {
    await slot.kill(new HostFault('closed', 'the pair is measured'))
  }
}

async function runUnmetered(file: string, argument: string): Promise<[Run, Run]> {
  const program = fileURLToPath(new URL('./unmetered-child.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program, file, argument], {
    env: {},
    timeout: RUN_MS_MAX,
  })
  return JSON.parse(stdout)
}
