/**
 * A program as V8 runs it by default, unmetered and unconfined: `unmetered-child.ts MODULE ARG`
 * compiles the file and runs it twice, and prints what it wrote and how long each run took. The
 * least of WASI preview1 that a program of these kernels asks for. With `canonical` or `engine`
 * after ARG the module is metered first, and its NaNs made so or left to the engine.
 */
import { readFileSync } from 'node:fs'

type Memory = { readonly buffer: ArrayBuffer }
type Exports = { memory: Memory; _start: () => void }
/** The part of the WebAssembly JavaScript interface that is used here. */
type Engine = {
  Module: {
    new (bytes: Uint8Array): object
    imports(module: object): { name: string }[]
  }
  Instance: new (module: object, imports: object) => { readonly exports: Exports }
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: Engine }

const [file = '', argument = '', nan = ''] = process.argv.slice(2)
const BADF = 8
const NOSYS = 52
const PAGES_MAX = 256
const FUEL_MAX = 2 ** 44
const argv = ['job', argument].map((text) => new TextEncoder().encode(`${text}\0`))

class Exit extends Error {}

const { bytes, meterImports } = await prepare(readFileSync(file))
let module: object | undefined
const runs = [run(), run()]
process.stdout.write(JSON.stringify(runs))

/** The first run compiles too, as the first run of a module in a slot admits and compiles it. */
function run(): { ms: number; cpuMs: number; stdout: string } {
  let stdout = ''
  let memory: Memory
  const view = () => new DataView(memory.buffer)
  const calls: Record<string, (...args: number[]) => number> = {
    args_sizes_get: (count = 0, size = 0) => {
      view().setUint32(count, argv.length, true)
      view().setUint32(size, Buffer.concat(argv).length, true)
      return 0
    },
    args_get: (pointers = 0, to = 0) => {
      let at = to
      for (const [index, text] of argv.entries()) {
        view().setUint32(pointers + 4 * index, at, true)
        new Uint8Array(memory.buffer).set(text, at)
        at += text.length
      }
      return 0
    },
    fd_prestat_get: () => BADF,
    fd_write: (_fd, vectors = 0, count = 0, written = 0) => {
      let total = 0
      for (let index = 0; index < count; index++) {
        const at = view().getUint32(vectors + 8 * index, true)
        const length = view().getUint32(vectors + 8 * index + 4, true)
        stdout += Buffer.from(memory.buffer, at, length)
        total += length
      }
      view().setUint32(written, total, true)
      return 0
    },
    proc_exit: (code) => {
      throw new Exit(`exit ${code}`)
    },
  }
  const startedAtMs = performance.now()
  const startedAt = process.cpuUsage()
  module ??= new WebAssembly.Module(bytes)
  const named = WebAssembly.Module.imports(module).map(({ name }) => [name, calls[name] ?? refuse])
  const wasi = named.filter(([name]) => name !== 'w')
  const imports = { wasi_snapshot_preview1: Object.fromEntries(wasi), ...meterImports() }
  const { exports } = new WebAssembly.Instance(module, imports)
  memory = exports.memory
  try {
    exports._start()
  } catch (thrown) {
    if (!(thrown instanceof Exit) || thrown.message !== 'exit 0') throw thrown
  }
  const { user, system } = process.cpuUsage(startedAt)
  return { ms: performance.now() - startedAtMs, cpuMs: (user + system) / 1000, stdout }
}

/** The module to run, and what its meter imports, afresh for each run. */
async function prepare(module: Uint8Array) {
  if (nan !== 'canonical' && nan !== 'engine') return { bytes: module, meterImports: () => ({}) }
  const [{ admit }, { METER_MODULE, openMeter }] = await Promise.all([
    import('../runtime/src/admission/admit.ts'),
    import('../runtime/src/admission/meter.ts'),
  ])
  const imports = () => undefined
  const admitted = admit(module, { memoryPagesMax: PAGES_MAX, imports, nan })
  return {
    bytes: admitted.bytes,
    meterImports: () => ({ [METER_MODULE]: openMeter(FUEL_MAX).imports }),
  }
}

function refuse(): number {
  return NOSYS
}
