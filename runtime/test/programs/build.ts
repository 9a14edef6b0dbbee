/**
 * Builds a program twice from the same sources: with the machine's own compiler, and with clang for
 * wasm32-wasi. What wasi-libc lacks and a program may expect is in `wasi-lacks/`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Program } from './program.ts'
import { run } from './sources.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const lacks = join(here, 'wasi-lacks')
const TARGET = ['--target=wasm32-wasi', '--sysroot=/usr']
const EMULATED = ['signal', 'process-clocks', 'getpid', 'mman']

/** The path of the native executable. */
export function buildNative(program: Program, directory: string, folder: string): string {
  const executable = join(folder, 'native')
  const sources = program.sources(directory)
  const flags = ['-O2', '-w', ...(program.flags ?? [])]
  run('cc', [...flags, ...sources, '-lm', '-o', executable], directory)
  return executable
}

/** The bytes of the WASI module. Each file is compiled alone, so that linking optimises nothing. */
export function buildWasm(program: Program, directory: string, folder: string): Uint8Array {
  const { flags = [], sources = [], linkFlags = [], optimizer } = program.wasm ?? {}
  const compile = [
    ...TARGET,
    ...['-isystem', '/usr/include/wasm32-wasi', `-I${lacks}`, '-include', 'absent.h'],
    ...EMULATED.map((name) => `-D_WASI_EMULATED_${name.toUpperCase().replace('-', '_')}`),
    ...['-O2', '-w', ...(program.flags ?? []), ...flags],
  ]
  const ours = [...sources, 'wasi-lacks/absent.c'].map((name) => join(here, name))
  const objects = [...program.sources(directory), ...ours].map((source, index) => {
    const object = join(folder, `${index}.o`)
    run('clang-14', [...compile, '-c', source, '-o', object], directory)
    return object
  })
  const module = join(folder, 'module.wasm')
  const libraries = EMULATED.map((name) => `-lwasi-emulated-${name}`)
  const link = [...TARGET, '-L/usr/lib/wasm32-wasi', '-Wl,--strip-debug,--wrap=fopen', ...linkFlags]
  run('clang-14', [...link, ...objects, '-lm', ...libraries, '-o', module], directory)
  if (optimizer !== undefined) run('wasm-opt', [...optimizer, module, '-o', module], directory)
  return readFileSync(module)
}
