/**
 * One job on the second backend: our admission and meter, the WASI calls of @wasmer/wasi. Clocks,
 * waits, random numbers and the exit are our own: the package has no clock in Node and panics.
 */
import { performance } from 'node:perf_hooks'
import { admit, type Outcome, type RunInput, type RunResult } from '@planetary-mesh/spec/bare'
import { type WasmInstance, type WasmModule, WebAssembly } from '../admission/engine.ts'
import { METER_MODULE, openMeter } from '../admission/meter.ts'
import { callEntry } from '../slot/call-entry.ts'
import { ensureInput } from '../slot/input.ts'
import { hashOf, MEMORY, ModuleCache } from '../slot/module-cache.ts'
import { outcomeOf } from '../slot/outcome-of.ts'
import { WASI_MODULE } from '../wasi/abi.ts'
import { cancelledFrom, neverCancelled } from '../wasi/cancel-point.ts'
import type { WasmMemory } from '../wasi/guest-memory.ts'
import { openHost } from '../wasi/open-host.ts'
import { MeteredCalls } from './calls.ts'
import { init, outputFiles, placeFiles, WASI, type WasiFunction } from './files.ts'
import { WASMER_PROFILE } from './profile.ts'

const PAGE_BYTES = 65_536
const PREOPENS = { '/': '/', '.': '/in', '/in': '/in', '/out': '/out', '/tmp': '/tmp' }
/** The calls that are answered by our own host. */
const OURS = ['clock_res_get', 'clock_time_get', 'poll_oneoff', 'proc_exit', 'random_get']

const modules = new ModuleCache()
const ready = init()

/**
 * Refuses as `runJob` does; throws `HostFault('crash')` where the package panics, which a module
 * without a memory can make it do.
 */
export async function runWasmer(input: RunInput): Promise<RunResult> {
  ensureInput(input)
  await ready
  const startedAtMs = performance.now()
  const source = { hash: hashOf(input.module), bytes: () => input.module }
  const prepared = modules.prepare(source, input.limits.memoryPagesMax, 'exact')
  admit(!('instantiate' in prepared), 'MODULE_REFUSED', 'this backend runs core modules alone')
  const { module, memoryName } = prepared
  const meter = openMeter(input.limits.fuelMax)
  const own = openHost(input, meter)
  const env = Object.fromEntries(input.env)
  const args = ['job', ...input.args]
  const wasi = new WASI({ args, env, fs: placeFiles(input.files), preopens: PREOPENS })
  const files = wasi.fs
  wasi.setStdinBuffer(input.stdin)
  const isCancelled =
    input.cancelAtFuel === undefined ? neverCancelled : cancelledFrom(input.cancelAtFuel)
  const { outputBytesMax } = input.limits
  const calls = new MeteredCalls({ wasi, files, meter, isCancelled, outputBytesMax })
  const theirs = importsWasi(module) ? (wasi.getImports(module)[WASI_MODULE] ?? {}) : {}
  const offered: Record<string, WasiFunction> = {}
  for (const [name, call] of Object.entries(theirs)) offered[name] = calls.wrap(name, call)
  const ours = own.imports[WASI_MODULE] as Record<string, WasiFunction>
  for (const name of OURS) offered[name] = ours[name] as WasiFunction

  let instance: WasmInstance | undefined
  let memory: WasmMemory | undefined
  let outcome: Outcome = { type: 'exited', code: 0 }
  try {
    const imports = { ...own.imports, [WASI_MODULE]: offered, [METER_MODULE]: meter.imports }
    instance = new WebAssembly.Instance(module, imports)
    memory = memoryName === undefined ? undefined : (instance.exports[memoryName] as WasmMemory)
    if (memoryName === MEMORY && importsWasi(module)) {
      own.attach(memory)
      calls.attach(memory)
      wasi.instantiate(instance) // which takes the memory from it
    }
    callEntry(instance, prepared.entry)
  } catch (thrown) {
    outcome = outcomeOf(thrown, instance !== undefined)
  }
  const stop = meter.stop()
  if (stop !== undefined) outcome = { type: stop }
  const { stderr: traced, hostCallDigest } = own.collect()
  const { stdout, stderr } = calls.streams()
  return {
    outcome,
    stdout,
    stderr: new Uint8Array([...stderr, ...traced]),
    // a file cannot be put back to what it was before the write that was too much
    outputs: outcome.type === 'output-limit' ? [] : outputFiles(files),
    fuel: meter.fuelUsed(),
    memoryPages: Math.max((memory?.buffer.byteLength ?? 0) / PAGE_BYTES, prepared.memoryPagesMin),
    hostCallDigest, // of the calls that are our own
    profile: WASMER_PROFILE,
    measured: {
      wallMs: Math.round(performance.now() - startedAtMs),
      rssBytes: process.memoryUsage.rss(),
    },
  }
}

/** The package gives up on a module that asks for nothing. */
function importsWasi(module: WasmModule): boolean {
  const { imports } = WebAssembly.Module as unknown as {
    imports(module: WasmModule): { module: string }[]
  }
  return imports(module).some((wanted) => wanted.module === WASI_MODULE)
}
