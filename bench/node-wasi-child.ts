/**
 * A program as `node:wasi` runs it: `node-wasi-child.ts MODULE ARG` compiles the file, runs it
 * twice and prints what it wrote, then a line of JSON with the processor time of both, in ms. No
 * folder is opened to it; Node's own documentation says that it is not for untrusted code.
 */
import { readFileSync } from 'node:fs'
import { WASI } from 'node:wasi'

type Instance = { readonly exports: object }
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object
    Instance: new (module: object, imports: object) => Instance
  }
}

const [file = '', argument = ''] = process.argv.slice(2)
const bytes = readFileSync(file)
let module: object | undefined
const runs = [run(), run()]
process.stdout.write(`\n${JSON.stringify(runs)}`)

/** The first run compiles too. */
function run(): number {
  const before = process.cpuUsage()
  module ??= new WebAssembly.Module(bytes)
  const wasi = new WASI({ version: 'preview1', args: ['job', argument], env: {} })
  const code = wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()))
  if (code !== 0) throw new Error(`it exited with ${code}`)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
