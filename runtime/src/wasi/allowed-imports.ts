/**
 * Which imports a job module may have: preview1 as it is typed, the four functions of
 * AssemblyScript's own runtime, and `mesh:job.progress`. Anything else is refused with what it
 * means.
 */
import type { FunctionType } from '../admission/types.ts'
import { VALUE } from '../admission/types.ts'
import { SIGNATURES, WASI_MODULE } from './abi.ts'
import { ASSEMBLYSCRIPT_SIGNATURES } from './assemblyscript.ts'
import { JOB_MODULE, PROGRESS, PROGRESS_SIGNATURE } from './job-progress.ts'

const LETTERS: Readonly<Record<number, string>> = {
  [VALUE.i32]: 'i',
  [VALUE.i64]: 'I',
  [VALUE.f32]: 'f',
  [VALUE.f64]: 'd',
}

/** Undefined when a job may import it, else a sentence that says why not. */
export function refuseJobImport(
  module: string,
  name: string,
  type: FunctionType,
): string | undefined {
  const expected = typeOfImport(module, name)
  if (expected === undefined) return meaningOf(module, name)
  const actual = lettersOf(type)
  if (actual === expected) return undefined
  if (module === 'env') return 'this module expects a JavaScript host (emscripten or its like)'
  return `expected the type '${expected}', the module has '${actual}'`
}

function typeOfImport(module: string, name: string): string | undefined {
  if (module === WASI_MODULE && Object.hasOwn(SIGNATURES, name)) {
    const params = SIGNATURES[name as keyof typeof SIGNATURES]
    return `${params}:${name === 'proc_exit' ? '' : 'i'}`
  }
  if (module === 'env' && Object.hasOwn(ASSEMBLYSCRIPT_SIGNATURES, name)) {
    return ASSEMBLYSCRIPT_SIGNATURES[name as keyof typeof ASSEMBLYSCRIPT_SIGNATURES]
  }
  if (module === JOB_MODULE && name === PROGRESS) return PROGRESS_SIGNATURE
  return undefined
}

function lettersOf(type: FunctionType): string {
  const letters = (values: readonly number[]) =>
    values.map((value) => LETTERS[value] ?? '?').join('')
  return `${letters(type.params)}:${letters(type.results)}`
}

function meaningOf(module: string, name: string): string {
  if (module === 'wasi' || name.includes('thread')) return 'threads are not available'
  if (module === WASI_MODULE) {
    if (name.startsWith('sock_')) return 'sockets are not available'
    return 'preview1 has no such function'
  }
  if (module === 'wasi_unstable') return 'this is the draft before preview1; build with a newer SDK'
  if (module.startsWith('wasi:')) return 'this is WASI preview2, which comes as a component'
  if (module === 'mesh') return 'only compiled CCL documents may ask the mesh for something'
  if (module === 'gojs' || module === 'go') return 'this module expects a browser; use GOOS=wasip1'
  if (module.startsWith('__wbindgen') || module === 'wbg') {
    return 'this module expects a JavaScript host (wasm-bindgen); build for wasm32-wasip1'
  }
  if (module === 'env' && name.startsWith('console.')) {
    return 'this module expects a JavaScript host; use @assemblyscript/wasi-shim'
  }
  if (module === 'env' || module === 'a') {
    return 'this module expects a JavaScript host (emscripten or its like); build for WASI'
  }
  return 'the sandbox offers only WASI preview1'
}
