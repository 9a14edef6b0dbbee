/**
 * The same C program on everything that runs it here: the metered sandbox, as a module and as a
 * component, its second backend on @wasmer/wasi, and node:wasi, each against un-metered V8 with
 * default flags. A new process for each sample on every side runs the module twice; the processor
 * time of the second run, all compiled, is taken.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openSandbox, openWasmerSandbox } from '@planetary-mesh/runtime'
import type { Sandbox } from '@planetary-mesh/spec'
import { openComponent, withoutComponent } from './component.ts'
import { type KernelName, kernelFile, kernelInput, kernelModule, RUN_MS_MAX } from './kernels.ts'
import { type Effort, type Row, rowOf, takeTurns } from './measure.ts'
import { childrenOf, fineCpuMsOf } from './process-times.ts'

/** It takes a few hundred ms at a share of 1. */
const KERNEL: { name: KernelName; argument: number } = { name: 'sha256', argument: 5000 }

type Ran = { ms: number; stdout: string }
type Backend = (name: KernelName, argument: string) => Promise<Ran>

const BACKENDS: Readonly<Record<string, Backend>> = {
  'metered slot': (name, argument) =>
    inSandbox(openSandbox({ slots: 1, spares: 0 }), name, argument),
  '@wasmer/wasi slot': (name, argument) =>
    inSandbox(openWasmerSandbox({ slots: 1 }), name, argument),
  'node:wasi': inNodeWasi,
}

export async function benchBackends(effort: Effort): Promise<Row[]> {
  const rows: Row[] = []
  const { name, argument } = KERNEL
  const given = String(Math.ceil(argument * effort.share))
  const seen = new Set<string>()
  const backends = [...Object.entries(BACKENDS), ...(await componentBackend(effort))]
  for (const [backend, run] of backends) {
    const sample = (runIt: Backend) => async () => {
      const { ms, stdout } = await runIt(name, given)
      seen.add(stdout)
      return ms
    }
    const pairs = await takeTurns(effort.pairs, sample(run), sample(unmetered))
    const names = { bench: 'runtime', what: `${name}, ${backend}`, against: 'un-metered V8' }
    rows.push(rowOf(names, pairs, { argument: Number(given) }))
  }
  if (seen.size !== 1) throw new Error(`${name} ran differently: ${[...seen].join(', ')}`)
  return rows
}

/** None where components are not run; the reason goes to stderr. */
async function componentBackend(effort: Effort): Promise<[name: string, Backend][]> {
  const name = 'jco component slot'
  const why = withoutComponent(effort)
  if (why !== false) {
    process.stderr.write(`${KERNEL.name}, ${name}: skipped, ${why}\n`)
    return []
  }
  const run = await openComponent(kernelModule(KERNEL.name))
  return [[name, (_kernel, argument) => run(argument)]]
}

async function inSandbox(opening: Promise<Sandbox>, name: KernelName, argument: string) {
  const sandbox = await opening
  try {
    const input = kernelInput(kernelModule(name), argument)
    await sandbox.run(input)
    const before = slotsCpuMs()
    const { outcome, stdout } = await sandbox.run(input)
    const ms = slotsCpuMs() - before
    if (outcome.type !== 'exited' || outcome.code !== 0) {
      throw new Error(`a kernel ended otherwise: ${JSON.stringify(outcome)}`)
    }
    return { ms, stdout: Buffer.from(stdout).toString() }
  } finally {
    await sandbox.close()
  }
}

/** Processor time of all processes that this one started and that still are. */
const slotsCpuMs = () => childrenOf(process.pid).reduce((sum, pid) => sum + fineCpuMsOf(pid), 0)

async function unmetered(name: KernelName, argument: string): Promise<Ran> {
  const [, again] = JSON.parse(await inChild('./unmetered-child.ts', name, argument))
  return { ms: again.cpuMs, stdout: again.stdout }
}

async function inNodeWasi(name: KernelName, argument: string): Promise<Ran> {
  const said = await inChild('./node-wasi-child.ts', name, argument)
  const end = said.lastIndexOf('\n')
  const [, ms] = JSON.parse(said.slice(end))
  // both runs wrote the same
  return { ms, stdout: said.slice(0, end / 2) }
}

async function inChild(program: string, name: KernelName, argument: string): Promise<string> {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const args = ['--disable-warning=ExperimentalWarning', path, kernelFile(name), argument]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: {},
    timeout: RUN_MS_MAX,
  })
  return stdout
}
