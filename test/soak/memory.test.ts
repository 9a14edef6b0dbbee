// The slope that a soak tells: of the whole line, in percent an hour of what is used on average.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growth } from './memory.ts'

const MINUTE_MS = 60_000

/** A sample every minute for half an hour. */
const line = (bytesAt: (minute: number) => number) =>
  Array.from({ length: 31 }, (_, minute) => ({
    atMs: minute * MINUTE_MS,
    bytes: bytesAt(minute),
  }))

test('memory that stays has no slope, and one outlier in the middle makes none', () => {
  assert.equal(growth(line(() => 500)), 0)
  const middle = growth(line((minute) => (minute === 15 ? 900 : 500)))
  assert.ok(Math.abs(middle) < 1e-6, `${middle}`)
})

test('a tenth of the mean more in an hour is ten percent, and less is below nothing', () => {
  const up = growth(line((minute) => 1000 + ((minute - 15) / 60) * 100))
  assert.ok(Math.abs(up - 10) < 1e-6, `${up}`)
  const down = growth(line((minute) => 1000 - ((minute - 15) / 60) * 100))
  assert.ok(Math.abs(down + 10) < 1e-6, `${down}`)
})
