/** A guest's files in the memory of @wasmer/wasi: put there before it starts, found afterwards. */
import { createRequire } from 'node:module'
import type { VirtualFile } from '@planetary-mesh/spec/bare'

/** What we use of the package, typed by us: its own types want the whole of the browser's DOM. */
export type MemFS = {
  readDir(path: string): { path: string; metadata: { filetype: { dir: boolean } } }[]
  createDir(path: string): void
  open(path: string, options: { read: true; write?: true; create?: true }): OpenFile
}
type OpenFile = {
  size(): bigint
  read(): Uint8Array
  write(bytes: Uint8Array): number
  free(): void
}
export type Wasi = {
  /** The tree that was given to it, which it took over. */
  readonly fs: MemFS
  getImports(module: object): { wasi_snapshot_preview1?: Record<string, WasiFunction> }
  instantiate(instance: object): object
  setStdinBuffer(bytes: Uint8Array): void
  getStdoutBuffer(): Uint8Array
  getStderrBuffer(): Uint8Array
}
export type WasiFunction = (...args: (number | bigint)[]) => number
type Package = {
  init(): Promise<void>
  MemFS: new () => MemFS
  WASI: new (config: object) => Wasi
}

/** CommonJS, in whose minified text Node cannot see the names. */
const required: Package = createRequire(import.meta.url)('@wasmer/wasi')
export const { init, MemFS, WASI } = required

const FOLDERS = ['/in', '/out', '/tmp']

/** A fresh tree for one `Wasi`, laid out as for every job. The names are known to be good. */
export function placeFiles(files: readonly VirtualFile[]): MemFS {
  const memory = new MemFS()
  const made = new Set(FOLDERS)
  for (const folder of FOLDERS) memory.createDir(folder)
  for (const { path, bytes } of files) {
    for (let at = path.indexOf('/', 1); at !== -1; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at)
      if (!made.has(folder)) memory.createDir(folder)
      made.add(folder)
    }
    const file = memory.open(path, { read: true, write: true, create: true })
    // in pieces: each is copied into the package's own memory whole
    for (let at = 0; at < bytes.length; ) at += file.write(bytes.slice(at, at + PIECE_BYTES))
    file.free()
  }
  return memory
}

const PIECE_BYTES = 1 << 20

/** The sizes of all files under `/out` together. */
export function outputBytes(memory: MemFS): number {
  let total = 0
  visit(memory, '/out', (path) => {
    const file = memory.open(path, { read: true })
    total += Number(file.size())
    file.free()
  })
  return total
}

/** The files under `/out` by path relative to it, sorted by code unit. */
export function outputFiles(memory: MemFS): VirtualFile[] {
  const found: VirtualFile[] = []
  visit(memory, '/out', (path) => {
    const file = memory.open(path, { read: true })
    found.push({ path: path.slice('/out/'.length), bytes: file.read() })
    file.free()
  })
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

function visit(memory: MemFS, folder: string, found: (path: string) => void): void {
  for (const { path, metadata } of memory.readDir(folder)) {
    if (metadata.filetype.dir) visit(memory, path, found)
    else found(path)
  }
}
