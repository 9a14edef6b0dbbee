/**
 * What metering costs: C programs rewritten, against the same bytes as V8 runs them by default.
 * For each pair every side is a process of its own that runs the module twice; of the second run,
 * with everything compiled, the processor's time counts, which other work on the machine disturbs
 * little. Rewritten with canonical NaNs, as jobs run, and without, which shows what those cost. The
 * first run is that of a slot of the sandbox, which admits, rewrites and compiles in it.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { HostFault } from '@planetary-mesh/spec'
// not of the runtime's public surface: a pair needs a process that ran nothing before
import { SlotProcess } from '../runtime/src/slot/slot-process.ts'
import { ENGINE_FLAGS } from '../runtime/src/slot/start-child.ts'
import {
  KERNELS,
  type KernelName,
  kernelArgument,
  kernelFile,
  kernelInput,
  kernelModule,
  RUN_MS_MAX,
} from './kernels.ts'
import { type Effort, type Pairs, QUICK, type Row, rowOf, takeTurns } from './measure.ts'

const BENCH = 'metering'
const AGAINST = 'un-metered V8'
const COLUMNS = ['reproducible', 'without NaN handling', 'first run'] as const
type Column = (typeof COLUMNS)[number]
/** Few processes, to see that it works: one program of integers, one of floats. */
const QUICK_KERNELS: readonly KernelName[] = ['sha256', 'matmul']

type Run = { ms: number; cpuMs: number; stdout: string }
type Runs = readonly [first: Run, next: Run]

/** A row of each column for each kernel, then the geometric mean of each column. */
export async function benchMetering(effort: Effort): Promise<Row[]> {
  const kernels = effort === QUICK ? QUICK_KERNELS : KERNELS
  const rows: Row[] = []
  for (const name of kernels) rows.push(...(await benchKernel(name, effort)))
  return [...rows, ...COLUMNS.map((column) => meanRow(column, rows))]
}

async function benchKernel(name: KernelName, effort: Effort): Promise<Row[]> {
  const file = kernelFile(name)
  const module = kernelModule(name)
  const argument = String(kernelArgument(name, effort.share))
  const seen = { stdout: new Set<string>(), fuel: new Set<number>() }
  const pairs: Record<Column, Pairs> = {
    reproducible: { ours: [], reference: [] },
    'without NaN handling': { ours: [], reference: [] },
    'first run': { ours: [], reference: [] },
  }
  const inChild = async (flags: readonly string[], nan: string) => {
    const runs = await runInChild(flags, [file, argument, nan])
    for (const { stdout } of runs) seen.stdout.add(stdout)
    return runs
  }
  await takeTurns(
    effort.pairs,
    async () => {
      const slot = await runInSlot(module, argument)
      seen.fuel.add(slot.fuel)
      seen.stdout.add(slot.stdout)
      const [, canonical] = await inChild(SLOT_FLAGS, 'canonical')
      const [, free] = await inChild(SLOT_FLAGS, 'engine')
      pairs.reproducible.ours.push(canonical.cpuMs)
      pairs['without NaN handling'].ours.push(free.cpuMs)
      pairs['first run'].ours.push(slot.ms)
      return canonical.cpuMs
    },
    async () => {
      const [first, next] = await inChild([], '')
      pairs.reproducible.reference.push(next.cpuMs)
      pairs['without NaN handling'].reference.push(next.cpuMs)
      pairs['first run'].reference.push(first.ms)
      return next.cpuMs
    },
  )
  const [fuel] = seen.fuel
  if (seen.stdout.size !== 1 || seen.fuel.size !== 1 || fuel === undefined) {
    throw new Error(`${name} ran differently: ${[...seen.stdout, ...seen.fuel].join(', ')}`)
  }
  const facts = { argument: Number(argument), fuel, 'module bytes': module.length }
  return COLUMNS.map((column) =>
    rowOf({ bench: BENCH, what: `${name}, ${column}`, against: AGAINST }, pairs[column], facts),
  )
}

/** The geometric mean over the kernels of one column; instead of quartiles, the best and worst. */
function meanRow(column: Column, all: readonly Row[]): Row {
  const rows = all.filter(({ what }) => what.endsWith(`, ${column}`))
  const mean = (of: (row: Row) => number) =>
    Math.exp(rows.reduce((sum, row) => sum + Math.log(of(row)), 0) / rows.length)
  const ratios = rows.map(({ ratio }) => ratio)
  return {
    bench: BENCH,
    what: `geometric mean, ${column}`,
    perSecond: mean(({ perSecond }) => perSecond),
    against: AGAINST,
    againstPerSecond: mean(({ againstPerSecond }) => againstPerSecond),
    ratio: mean(({ ratio }) => ratio),
    quartiles: [Math.min(...ratios), Math.max(...ratios)],
    pairs: rows[0]?.pairs ?? 0,
    facts: { kernels: rows.length },
  }
}

async function runInSlot(module: Uint8Array, argument: string) {
  const slot = await SlotProcess.start()
  try {
    const { outcome, measured, stdout, fuel } = await slot.run(kernelInput(module, argument))
    if (outcome.type !== 'exited' || outcome.code !== 0) {
      throw new Error(`a kernel ended otherwise: ${JSON.stringify(outcome)}`)
    }
    return { ms: measured.wallMs, stdout: Buffer.from(stdout).toString(), fuel }
  } finally {
    await slot.kill(new HostFault('closed', 'the pair is measured'))
  }
}

const SLOT_FLAGS = ['--no-liftoff', ...ENGINE_FLAGS, '--conditions=source']

async function runInChild(flags: readonly string[], args: readonly string[]): Promise<Runs> {
  const program = fileURLToPath(new URL('./unmetered-child.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program, ...args], {
    env: {},
    timeout: RUN_MS_MAX,
  })
  return JSON.parse(stdout)
}
