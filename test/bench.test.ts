// `npm run bench` runs, says what it ran on, and prints rows of the shape that it documents; what
// the numbers are, no test says. The kernels that it measures are those of the committed sources.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { QUICK, quantile, type Row, repeated, rowOf, takeTurns } from '../bench/measure.ts'

const ROOT = join(import.meta.dirname, '..')
const KERNELS = join(ROOT, 'bench/kernels')
const RUN_MS_MAX = 120_000

function bench(...args: string[]) {
  const main = join(ROOT, 'bench/main.ts')
  return spawnSync(process.execPath, ['--conditions=source', main, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: RUN_MS_MAX,
  })
}

const ROWS: Record<string, readonly string[]> = {
  records: ['seal a bid', 'open a bid', 'seal a manifest', 'open a manifest'],
  chain: ['verify a chain of one job'],
  runtime: [
    'rewriting twelve kernels',
    'admitting twelve kernels',
    'sha256, metered slot',
    'sha256, @wasmer/wasi slot',
    'sha256, node:wasi',
    'least jobs, two slots',
    'least job alone, there and back',
    'a policy decision, with fuel',
  ],
  metering: ['sha256', 'matmul', 'geometric mean'].flatMap((name) => [
    `${name}, reproducible`,
    `${name}, without NaN handling`,
    `${name}, first run`,
  ]),
  mesh: ['jobs at once', 'a job alone'],
}

/** All of them in one process, each as small as it gets. */
let said: { settings: Record<string, unknown>; rows: Row[] }

before(() => {
  // what metering costs is measured together with the runtime
  const asked = Object.keys(ROWS).filter((name) => name !== 'metering')
  const { status, stdout, stderr } = bench(...asked, '--quick', '--json')
  assert.equal(status, 0, stderr)
  said = JSON.parse(stdout)
})

test('the benches print rows and settings as JSON', () => {
  assert.deepEqual(Object.keys(said), ['settings', 'rows'])
  const { node, quick, pairs, cores, cpu } = said.settings
  assert.deepEqual([node, quick, pairs], [process.version, true, QUICK.pairs])
  assert.ok(Number(cores) >= 1 && cpu !== '')
  const names = said.rows.map(({ bench }) => bench)
  assert.deepEqual([...new Set(names)], Object.keys(ROWS))
})

for (const [name, rows] of Object.entries(ROWS)) {
  test(`the bench ${name} prints its rows`, () => {
    const its = said.rows.filter((row) => row.bench === name)
    assert.deepEqual(
      its.map(({ what }) => what),
      rows,
    )
    for (const row of its) {
      assert.equal(row.pairs, QUICK.pairs)
      assert.equal(typeof row.against, 'string')
      const [low, high] = row.quartiles
      assert.ok(low > 0 && low <= row.ratio && row.ratio <= high, JSON.stringify(row))
      assert.ok(row.perSecond > 0 && row.againstPerSecond > 0, JSON.stringify(row))
      assert.ok(Object.values(row.facts).every(Number.isSafeInteger), JSON.stringify(row))
    }
  })
}

test('without --json the bench prints a line of each row under its settings', () => {
  const { status, stdout } = bench('chain', '--quick')
  assert.equal(status, 0)
  assert.match(stdout, /node v\d+/)
  assert.match(stdout, /^verify a chain of one job +\d.*Ed25519 verify of its \d+ signatures$/m)
})

test('a bench of no such name is refused with what there is', () => {
  const { status, stdout, stderr } = bench('records', 'speed')
  assert.equal(status, 2)
  assert.equal(stdout, '')
  assert.match(stderr, /no bench is called speed.*records, chain, metering, runtime, mesh/s)
  assert.equal(bench('--fast').status, 2)
})

test('a ratio is taken within a pair, and each side runs first in every other pair', async () => {
  const turns: string[] = []
  // the machine is ten times slower in the second pair, for both alike
  const slowness = [1, 10, 1]
  const sample = (name: string, ms: number) => () => {
    turns.push(name)
    return ms * (slowness[turns.filter((turn) => turn === name).length - 1] as number)
  }
  const pairs = await takeTurns(3, sample('ours', 3), sample('reference', 2))
  assert.deepEqual(turns, ['ours', 'reference', 'reference', 'ours', 'ours', 'reference'])
  const row = rowOf({ bench: 'b', what: 'w', against: 'a' }, pairs, { fuel: 7 })
  assert.equal(row.ratio, 1.5)
  assert.deepEqual(row.quartiles, [1.5, 1.5])
  assert.equal(row.perSecond, 1000 / 3)
  assert.equal(row.againstPerSecond, 1000 / 2)
  assert.equal(row.pairs, 3)
})

test('a quantile lies between two numbers by their distance', () => {
  assert.equal(quantile([4], 0.25), 4)
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5)
  assert.equal(quantile([4, 0, 8], 0.25), 2)
  assert.equal(quantile([1, 2, 3], 1), 3)
})

test('something short is repeated until it fills a sample', (t) => {
  let nowMs = 0
  let calls = 0
  t.mock.method(performance, 'now', () => nowMs)
  const operation = () => {
    calls += 1
    nowMs += 3
  }
  const sample = repeated(operation, { pairs: 1, sampleMs: 20, share: 1 })
  assert.equal(calls, 1 + 2 + 4 + 8)
  assert.equal(sample(), 3)
  assert.equal(calls, 15 + 8)
})

const toolchain = ['/usr/bin/clang-14', '/usr/bin/wasm-ld-14', '/usr/lib/wasm32-wasi/libc.a']
const without = toolchain.every((path) => existsSync(path))
  ? false
  : 'clang-14 and wasi-libc are not installed here'

test('the kernels rebuild from their sources to the same bytes', { skip: without }, () => {
  const out = mkdtempSync(join(tmpdir(), 'kernels-'))
  try {
    execFileSync(join(KERNELS, 'build.sh'), [out], { timeout: RUN_MS_MAX })
    const names = readdirSync(KERNELS).filter((name) => name.endsWith('.wasm'))
    assert.deepEqual(readdirSync(out), names)
    for (const name of names) {
      assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(KERNELS, name)), name)
    }
  } finally {
    rmSync(out, { recursive: true })
  }
})
