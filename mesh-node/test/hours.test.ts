// An owner lends the machine at some hours: by day, over midnight, by the clock on her wall.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Hours, isOpenAt } from '../src/executor/hours.ts'

const utc = (hour: number, minute = 0) => Date.UTC(2026, 10, 21, hour, minute)
const hours = (fromHour: number, untilHour: number, offsetMinutes = 0): Hours => ({
  fromMinute: fromHour * 60,
  untilMinute: untilHour * 60,
  offsetMinutesAt: () => offsetMinutes,
})

test('within a day the first minute is open and the last one is not', () => {
  const office = hours(9, 17)
  assert.equal(isOpenAt(office, utc(9)), true)
  assert.equal(isOpenAt(office, utc(16, 59)), true)
  assert.equal(isOpenAt(office, utc(17)), false)
  assert.equal(isOpenAt(office, utc(8, 59)), false)
})

test('over midnight the night is open and the day is not', () => {
  const night = hours(22, 6)
  assert.equal(isOpenAt(night, utc(22)), true)
  assert.equal(isOpenAt(night, utc(0)), true)
  assert.equal(isOpenAt(night, utc(5, 59)), true)
  assert.equal(isOpenAt(night, utc(6)), false)
  assert.equal(isOpenAt(night, utc(21, 59)), false)
})

test('hours are those of the owner’s own clock, east and west of Greenwich', () => {
  assert.equal(isOpenAt(hours(22, 6, 60), utc(21)), true)
  assert.equal(isOpenAt(hours(22, 6, 60), utc(5)), false)
  assert.equal(isOpenAt(hours(22, 6, -300), utc(3)), true)
  assert.equal(isOpenAt(hours(22, 6, -300), utc(2, 59)), false)
})

test('the clock may change its distance from Greenwich in between', () => {
  const changesAtMs = utc(2)
  const offsetMinutesAt = (atMs: number) => (atMs < changesAtMs ? 120 : 60)
  const morning: Hours = { fromMinute: 4 * 60, untilMinute: 5 * 60, offsetMinutesAt }
  assert.equal(isOpenAt(morning, utc(2, 59)), false)
  assert.equal(isOpenAt(morning, utc(3)), true)
})
