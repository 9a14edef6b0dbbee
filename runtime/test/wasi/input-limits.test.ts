/** What a job may bring: each limit of its input at the limit and one beyond it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS, Refusal, type RunInput } from '@planetary-mesh/spec'
import { ensureInput } from '../../src/slot/input.ts'
import { runInput } from '../run-input.ts'

const MiB = 2 ** 20
const SHARED = new Uint8Array(64 * MiB)

const refused = (thrown: unknown) => thrown instanceof Refusal && thrown.code === 'LIMIT_EXCEEDED'
const many = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`)
const files = (count: number, bytes: Uint8Array) =>
  many(count).map((name) => ({ path: `/in/${name}`, bytes }))

type Given = Parameters<typeof runInput>[0]
const LARGEST: readonly [says: string, at: (value: number) => Given, limit: number][] = [
  ['arguments', (count) => ({ args: many(count) }), LIMITS.argsMax],
  ['bytes of one argument', (size) => ({ args: ['x'.repeat(size)] }), LIMITS.argBytesMax],
  ['variables', (count) => ({ env: many(count).map((name) => [name, '']) }), LIMITS.argsMax],
  ['bytes of a value', (size) => ({ env: [['A', 'x'.repeat(size)]] }), LIMITS.argBytesMax],
  [
    'bytes of a path',
    (size) => ({ files: [{ path: `/${'x'.repeat(size - 1)}`, bytes: SHARED }] }),
    LIMITS.pathBytesMax,
  ],
  ['files', (count) => ({ files: files(count, new Uint8Array(0)) }), LIMITS.guestNodesMax],
  ['fuel', (fuelMax) => ({ limits: { fuelMax } }), LIMITS.fuelMax],
  ['pages', (memoryPagesMax) => ({ limits: { memoryPagesMax } }), LIMITS.memoryPagesMax],
  ['bytes of output', (outputBytesMax) => ({ limits: { outputBytesMax } }), LIMITS.outputBytesMax],
  ['milliseconds', (wallMs) => ({ limits: { wallMs } }), LIMITS.wallMsMax],
]

for (const [says, given, limit] of LARGEST) {
  test(`at most ${limit} ${says}`, () => {
    ensureInput(runInput(given(limit)))
    assert.throws(() => ensureInput(runInput(given(limit + 1))), refused)
  })
}

test('files and stdin together have inputBytesMax', () => {
  const all = files(LIMITS.inputBytesMax / SHARED.length, SHARED)
  const stdin = new Uint8Array(1)
  ensureInput(runInput({ files: all }))
  assert.throws(() => ensureInput(runInput({ files: all, stdin })), refused)
})

test('a number that is none, a text that C cannot hold and a short seed are refused', () => {
  const wrong: Partial<RunInput>[] = [
    { args: ['a\0b'] },
    { args: ['\ud800'] },
    { env: [['', 'x']] },
    { env: [['A=B', 'x']] },
    { clockMs: -1 },
    { clockMs: 0.5 },
    { clockMs: Number.NaN },
    { seed: new Uint8Array(31) },
    { cancelAtFuel: -1 },
  ]
  for (const given of wrong) {
    assert.throws(() => ensureInput({ ...runInput({}), ...given }), refused, JSON.stringify(given))
  }
})
