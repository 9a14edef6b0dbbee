/** A hundred seeded worlds with crashes, losses and liars, and every invariant all the way. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SIMULATION } from '../plants/patches.ts'
import { chosen, wholeNumber } from './words.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

type Line = {
  seed: number
  events: number
  crashes: number
  settled: number
  hash: string
  violations: { invariant: string; detail: string }[]
}

async function seeds(first: number, count: number): Promise<Line[]> {
  // most of what a seed makes is soon gone: a large nursery spares the collector, whose threads
  // would only take the other process's core
  const flags = ['--conditions=source', '--max-semi-space-size=128', '--single-threaded-gc']
  const args = [...flags, main, '--json', '--seed', `${first}`, '--count', `${count}`]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  await once(child, 'close')
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('a hundred seeds hold every invariant, with crashes, losses and liars in each', async () => {
  const [low, high] = await Promise.all([seeds(1, 50), seeds(51, 50)])
  const lines = [...low, ...high]
  assert.equal(lines.length, 100)
  for (const { seed, events, crashes, settled, violations } of lines) {
    assert.deepEqual(violations, [], `seed ${seed}`)
    assert.ok(events >= 2000, `seed ${seed}: ${events} events`)
    assert.ok(crashes >= 20, `seed ${seed}: ${crashes} crashes`)
    assert.ok(settled >= 40, `seed ${seed}: ${settled} settled jobs`)
  }
})

test('words that make no sense end with 2: a run over nothing is no good run', () => {
  const plant = fileURLToPath(new URL('./plant.ts', import.meta.url))
  const cases: [string, string[], RegExp][] = [
    [main, ['--seed', 'abc'], /^--seed: 'abc' is no whole number from 0 to 4294967295\nUsage: /],
    [plant, ['no-fence'], /^Unexpected argument 'no-fence'.*\nUsage: /],
  ]
  for (const [program, words, said] of cases) {
    const args = ['--conditions=source', program, ...words]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, said)
  }
  for (const text of ['', '0', '-1', '1.5', '1e3', '11', '0x1', ' 1', '18446744073709551616']) {
    assert.throws(() => wholeNumber('--count', text, 1, 10), /no whole number from 1 to 10/)
  }
  assert.equal(wholeNumber('--count', '10', 1, 10), 10)
  assert.throws(() => chosen(SIMULATION, 'nothing'), /there is no 'nothing'; there are no-fence,/)
  assert.deepEqual(chosen(SIMULATION), SIMULATION)
})

test('the same seed gives the same run, to the last event; another seed another (12)', async () => {
  const [[once], [again], [other]] = await Promise.all([seeds(7, 1), seeds(7, 1), seeds(8, 1)])
  assert.deepEqual(once, again)
  assert.notEqual(once?.hash, other?.hash)
})
