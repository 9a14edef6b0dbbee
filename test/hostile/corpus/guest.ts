/**
 * A hostile guest: what it does, what it reaches for, how the sandbox ends it, and the door through
 * which it would get there. Its module is WebAssembly text, made into bytes when it is needed.
 */
import type { HostFault, Outcome, RunLimits } from '@planetary-mesh/spec'

/** What a guest reaches for. All of it lies outside what its job was given. */
export type Canary =
  /** A file, or the names in a folder, of the host: by absolute paths in its arguments. */
  | 'file'
  | 'folder'
  /** A port on loopback that nobody may connect to. */
  | 'port'
  /** A variable of the host's environment. */
  | 'environment'
  /** What another job in the same slot was given, or will be. */
  | 'neighbour'
  /** The machine's clock or chance, by which two runs would differ. */
  | 'machine'
  /** The slot itself: its time, its memory, its stack, its disk. */
  | 'slot'
  /** The terminal of who reads the output. */
  | 'terminal'

/**
 * The defence that is left out to see whether a guest does what it says:
 * - `root`: node:wasi over the real root folder and the whole environment
 * - `again`: node:wasi, and one instance for two jobs
 * - `differs`: node:wasi, twice; what it says differs
 * - `waits`: node:wasi in a process of its own, which is still there a while later
 * - `endless`: the module as it is, in V8; it runs until it is interrupted
 * - `stack`: the module as it is, in V8; the native stack overflows
 * - `linked`: the module as it is, in V8, with all that it imports
 * - `raw`: its output, byte for byte
 */
export type Door = 'root' | 'again' | 'differs' | 'waits' | 'endless' | 'stack' | 'linked' | 'raw'

export type Expected =
  | Outcome
  | { type: 'refused'; code: 'MODULE_REFUSED' | 'IMPORT_REFUSED'; words: RegExp }
  | { type: 'fault'; reason: HostFault['reason'] }

export type Guest = {
  name: string
  attack: string
  canary: Canary
  /** The fields of a module that may call the prelude, or a whole one when it begins so. */
  wat: string
  expected: Expected
  /** `none`: it does no harm on other hosts either. It is here because others were once open. */
  door: Door | 'none'
  limits?: Partial<RunLimits>
}

/** Of outcomes: it ended by itself, with this exit code; most guests give their last errno. */
export const exits = (code: number): Outcome => ({ type: 'exited', code })

export const OUT_OF_FUEL: Outcome = { type: 'out-of-fuel' }
export const DEPTH: Outcome = { type: 'depth' }
export const OUTPUT_LIMIT: Outcome = { type: 'output-limit' }

export const refusedModule = (words: RegExp): Expected => ({
  type: 'refused',
  code: 'MODULE_REFUSED',
  words,
})
export const refusedImport = (words: RegExp): Expected => ({
  type: 'refused',
  code: 'IMPORT_REFUSED',
  words,
})

/** What a guest says once it is where it must not be. */
export const REACHED = 'REACHED'
