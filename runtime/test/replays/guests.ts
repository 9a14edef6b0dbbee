/** The guests that are replayed: every module of the repository, each with words that it takes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome, RunInput, VirtualFile } from '@planetary-mesh/spec'
import { makeBallots } from '../../../examples/01-voting-analysis/make-ballots.ts'
import { makeLedger } from '../../../examples/02-member-budget/make-ledger.ts'
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
  escape: ['/etc/passwd', 'passwd'],
  fib: ['20'],
  hello: ['a job'],
  'member-budget': ['--opening', '2500000', '--months', '6'],
  search: ['1'],
  steps: ['then-spin', '2000'],
  sum: ['/in/note.txt', '/out/copy'],
  traps: ['divide'],
  'voting-analysis': ['--factions', '8', '--min-ballots', '20'],
}
/** Files that a guest reads beside the note that all have. */
const FILES: Readonly<Record<string, () => VirtualFile>> = {
  'member-budget': () => ({ path: '/in/ledger.csv', bytes: makeLedger({ seed: 1, rows: 2000 }) }),
  'voting-analysis': () => ({
    path: '/in/ballots.csv',
    bytes: makeBallots({ seed: 1, ballots: 2000 }),
  }),
}
const TRAPPED = 'trapped'
/** How those end that do not exit with 0; any other end means that it was given wrong words. */
const ENDS: Readonly<Record<string, string>> = {
  assemblyscript: TRAPPED,
  echo: 'exited 3',
  steps: 'out-of-fuel',
  traps: TRAPPED,
}
const WAYS_OF_TRAPS = {
  recursion: 'depth',
  loop: 'out-of-fuel',
  memory: TRAPPED,
  float: TRAPPED,
  element: TRAPPED,
  signature: TRAPPED,
  overflow: TRAPPED,
}
/** Enough for any of them but those that never end, which end by it. */
const FUEL_MAX = 200_000_000

/** `end` is how it has to end, as `endOf` says it. */
export type Guest = { name: string; input: RunInput; end: string }

export const endOf = (outcome: Outcome): string =>
  outcome.type === 'exited' ? `exited ${outcome.code}` : outcome.type

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
  for (const [way, end] of Object.entries(WAYS_OF_TRAPS)) {
    if (guests.length < least) guests.push({ ...guestOf(`traps ${way}`, traps, [way]), end })
  }
  return guests
}

function guestOf(name: string, file: string, args = ARGS[name] ?? ['2']): Guest {
  const own = FILES[name]
  const input = runInput({
    module: readFileSync(file),
    args,
    env: [['LANG', 'C']],
    stdin: Buffer.from('stdin\n'),
    files: [{ path: '/in/note.txt', bytes: Buffer.from('a note\n') }, ...(own ? [own()] : [])],
    limits: { fuelMax: FUEL_MAX, memoryPagesMax: 1024 },
  })
  return { name, input, end: ENDS[name] ?? 'exited 0' }
}
