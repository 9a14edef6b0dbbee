/** The guests that are replayed: every module of the repository, each with words that it takes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunInput } from '@planetary-mesh/spec'
import { runInput } from '../run-input.ts'

const ROOT = join(import.meta.dirname, '../../..')
const FOLDERS = [
  'runtime/test/guests',
  'bench/kernels',
  'examples/01-voting-analysis',
  'examples/02-member-budget',
]

const ARGS: Readonly<Record<string, readonly string[]>> = {
  echo: ['3', 'ä', '😀'],
  fib: ['20'],
  hello: ['a job'],
  steps: ['then-spin', '2000'],
  traps: ['divide'],
}
/** Enough for any of them but those that never end, which end by it. */
const FUEL_MAX = 200_000_000

export type Guest = { name: string; input: RunInput }

/** By name, in the same order everywhere; then other ends of `traps`, up to `least` guests. */
export function replayedGuests(least: number): Guest[] {
  const guests = FOLDERS.flatMap((folder) => {
    const path = join(ROOT, folder)
    const files = existsSync(path) ? readdirSync(path) : []
    return files
      .filter((name) => name.endsWith('.wasm'))
      .sort()
      .map((file) => guestOf(file.slice(0, -'.wasm'.length), join(path, file)))
  })
  const traps = join(ROOT, 'runtime/test/guests/traps.wasm')
  for (const end of ['recursion', 'loop', 'memory', 'float', 'element', 'signature', 'overflow']) {
    if (guests.length < least) guests.push(guestOf(`traps ${end}`, traps, [end]))
  }
  return guests
}

function guestOf(name: string, file: string, args = ARGS[name] ?? ['2']): Guest {
  const input = runInput({
    module: readFileSync(file),
    args,
    env: [['LANG', 'C']],
    stdin: Buffer.from('stdin\n'),
    files: [{ path: '/in/note.txt', bytes: Buffer.from('a note\n') }],
    limits: { fuelMax: FUEL_MAX, memoryPagesMax: 1024 },
  })
  return { name, input }
}
