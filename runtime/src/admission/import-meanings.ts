/**
 * What well-known imports that the sandbox does not offer mean to whoever built the module. A bare
 * name such as `thread-spawn` tells its author little; that threads are not available tells all.
 */

type Row = readonly [module: RegExp, name: RegExp, meaning: string]

const MEANINGS: readonly Row[] = [
  [/^wasi$/, /^thread-spawn$/, 'threads are not available'],
  [/^wasi_snapshot_preview1$/, /^sock_/, 'sockets are not available'],
  [/^wasi_unstable$/, /./, 'this is WASI preview0; build for preview1'],
  [/^wasi:/, /./, 'this is WASI preview2; a core module uses preview1'],
  [/^(env|a)$/, /^(emscripten|_?_emscripten)/, 'the Emscripten host is not available; use WASI'],
  [/^(wbg|__wbindgen)/, /./, 'a browser is not available; build for WASI'],
  [/^gojs$|^go$/, /./, 'the Go browser host is not available; build for wasip1'],
]

/** A sentence about the import, or undefined when it is none that we know. */
export function importMeaning(module: string, name: string): string | undefined {
  return MEANINGS.find(([where, what]) => where.test(module) && what.test(name))?.[2]
}
