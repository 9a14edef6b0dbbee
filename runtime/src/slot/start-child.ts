/**
 * Starts the process of a slot, with nothing in reach: V8's permission model on (no files but the
 * code it runs, no network, no workers, no child processes, no addons), no SQLite, an empty
 * environment, no descriptor but three pipes. Source: runtime.md, "Process model".
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { WATCHDOG } from './messages.ts'
import { packageRootOf, readablePaths } from './readable-paths.ts'
import { fromSource, strippedStart } from './stripped-sources.ts'

export type SlotChild = ChildProcessByStdio<Writable, Readable, Readable>

/**
 * The optimising compiler alone: a hot loop otherwise stays in baseline code. Node strips types
 * with a WebAssembly module of its own, so from a checkout `child.ts` drops the baseline compiler
 * only once its sources are read: it starts in half the time. What no-liftoff implies is named, so
 * that the flags are the same both ways.
 */
export const ENGINE_FLAGS: readonly string[] = [
  ...(fromSource ? [] : ['--no-liftoff']),
  '--no-wasm-dynamic-tiering',
  '--no-wasm-deopt',
  '--wasm-inlining-factor=6',
  '--wasm-inlining-min-budget=200',
  '--wasm-inlining-max-size=1000',
]
/**
 * Against what the permission model does not know of: SQLite opens and writes any file (Node
 * 26.10). A Node that has no such module does not start with the flag against it.
 */
export const beyondPermissions = (): string[] =>
  ['--no-experimental-sqlite'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag))
/** Linux's `PR_SET_PDEATHSIG`: the kernel ends the child when its parent is gone. */
const SETPRIV = '/usr/bin/setpriv'
const END_WITH_PARENT = ['--pdeathsig', 'KILL', '--no-new-privs', '--']

const ENTRY = fileURLToPath(new URL(fromSource ? './child.ts' : './child.js', import.meta.url))

/** Whether a child of ours cannot outlive us, whatever it does. */
export const endsWithParent = (): boolean => existsSync(SETPRIV)

/** The slot's own program: a thread for each job is dear, so only where it is needed. */
function ownProgram(): readonly string[] {
  const { flags, entry } = strippedStart() ?? { flags: [], entry: ENTRY }
  return [...flags, entry, ...(endsWithParent() ? [] : [WATCHDOG])]
}

/** Put together once: that takes a millisecond or two, for which jobs would wait. */
let walls: readonly string[] | undefined

const wallsOf = (entry: string): readonly string[] => [
  ...beyondPermissions(),
  '--permission',
  ...readablePaths(packageRootOf(entry)).map((path) => `--allow-fs-read=${path}`),
  '--disable-warning=PERM0006',
]

/** `program` is the slot's own; a test may look around in its place. */
export function startChild(program: readonly string[] = ownProgram()): SlotChild {
  walls ??= wallsOf(ENTRY)
  const args = [
    ...ENGINE_FLAGS,
    ...(fromSource ? ['--conditions=source'] : []),
    ...walls,
    ...program,
  ]
  const [command, before] = endsWithParent()
    ? [SETPRIV, [...END_WITH_PARENT, process.execPath]]
    : [process.execPath, []]
  return spawn(command, [...before, ...args], {
    env: {},
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: dirname(ENTRY),
    windowsHide: true,
  })
}
