/**
 * `ccl check` of a small file as a process of its own, from what is published: the rooms it needs
 * are built and laid out as npm installs them.
 */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Effort, type Row, rowOf, type Sample, takeTurns } from './measure.ts'

const ROOT = join(import.meta.dirname, '..')
const SCOPE = 'node_modules/@planetary-mesh'
const ROOMS = ['spec', 'ccl-compiler']
const SMALL = join(ROOT, 'examples/ccl/quota.ccl')
/** The bar is a median of twenty. */
const STARTS = 20

export async function benchStart(effort: Effort): Promise<Row> {
  const tree = mkdtempSync(join(tmpdir(), 'ccl-start-'))
  try {
    for (const room of ROOMS) install(room, tree)
    const ccl = join(tree, SCOPE, 'ccl-compiler/bin/ccl.js')
    const pairs = await takeTurns(
      Math.ceil(STARTS * effort.share),
      started([ccl, 'check', SMALL], tree),
      started(['--eval', ''], tree),
    )
    return rowOf({ bench: 'ccl', what: 'ccl check, process', against: 'node, process' }, pairs, {
      'file bytes': readFileSync(SMALL).length,
      'median ms': Math.round(median(pairs.ours)),
    })
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

/** Built by the compiler of the checkout, laid out without sources beside it. */
function install(room: string, tree: string): void {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  ran(spawnSync(process.execPath, [tsc, '-b', join(ROOT, room)], { encoding: 'utf8' }))
  const to = join(tree, SCOPE, room)
  mkdirSync(to, { recursive: true })
  for (const part of ['package.json', 'dist', 'bin']) {
    const from = join(ROOT, room, part)
    if (existsSync(from)) cpSync(from, join(to, part), { recursive: true })
  }
  const { dependencies = {} } = JSON.parse(readFileSync(join(to, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    if (name.startsWith('@planetary-mesh/')) continue
    const link = join(to, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), link, 'junction')
  }
}

function started(args: readonly string[], cwd: string): Sample {
  return () => {
    const startedAtMs = performance.now()
    ran(spawnSync(process.execPath, args, { cwd, encoding: 'utf8', env: { TMPDIR: cwd } }))
    return performance.now() - startedAtMs
  }
}

function ran({
  status,
  stdout,
  stderr,
}: {
  status: number | null
  stdout: string
  stderr: string
}) {
  if (status !== 0) throw new Error(`it ended with ${status}: ${stdout}${stderr}`)
}

const median = (numbers: readonly number[]) =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
