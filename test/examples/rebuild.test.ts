/** The committed modules are what their sources build to, byte for byte, and name no machine. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readExample } from './run-example.ts'

// TypeScript declares WebAssembly only together with the browser's DOM.
type Compiler = {
  Module: (new (
    bytes: Uint8Array,
  ) => object) & {
    imports(module: object): { module: string; name: string }[]
  }
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: Compiler }

const EXAMPLES = join(import.meta.dirname, '../../examples')
const ASC = join(EXAMPLES, '02-member-budget/node_modules/assemblyscript/bin/asc.js')

/** Why the C example cannot be built here, or false. */
function missingC(): string | false {
  for (const tool of ['clang-14', 'wasm-ld-14']) {
    if (spawnSync(tool, ['--version']).status !== 0) return `${tool} is not installed`
  }
  for (const path of [
    '/usr/lib/wasm32-wasi/libc.a',
    '/usr/lib/llvm-14/lib/clang/14.0.6/lib/wasi/libclang_rt.builtins-wasm32.a',
  ]) {
    if (!existsSync(path)) return `${path} is not installed`
  }
  return false
}

function inTemporaryDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'rebuild-'))
  try {
    work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('voting-analysis.wasm is what build.sh makes of a copy of the sources', {
  skip: missingC(),
}, () => {
  inTemporaryDirectory((directory) => {
    cpSync(join(EXAMPLES, '01-voting-analysis'), join(directory, 'copy'), { recursive: true })
    const built = join(directory, 'built.wasm')
    execFileSync('sh', [join(directory, 'copy/build.sh'), built], { timeout: 60_000 })
    assert.deepEqual(readFileSync(built), readExample('01-voting-analysis/voting-analysis.wasm'))
  })
})

test('member-budget.wasm is what the AssemblyScript compiler makes of the sources', {
  skip: existsSync(ASC) ? false : 'examples/02-member-budget: npm ci was not run there',
}, () => {
  inTemporaryDirectory((directory) => {
    const built = join(directory, 'built.wasm')
    const args = ['assembly/main.ts', '--config', 'asconfig.json', '--outFile', built]
    execFileSync(process.execPath, [ASC, ...args], {
      cwd: join(EXAMPLES, '02-member-budget'),
      timeout: 60_000,
      stdio: 'pipe',
    })
    assert.deepEqual(readFileSync(built), readExample('02-member-budget/member-budget.wasm'))
  })
})

for (const path of [
  '01-voting-analysis/voting-analysis.wasm',
  '02-member-budget/member-budget.wasm',
]) {
  test(`${path} imports WASI alone and holds no path of a machine`, () => {
    const bytes = readExample(path)
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes))
    assert(imports.length > 0)
    for (const { module } of imports) assert.equal(module, 'wasi_snapshot_preview1')
    for (const encoding of ['latin1', 'utf16le'] as const) {
      assert.doesNotMatch(Buffer.from(bytes).toString(encoding), /\/(home|root|usr|tmp|work)\//)
    }
    assert(bytes.length < 1024 * 1024)
  })
}
