/** What works behind the jobs stands still while jobs run on every core, and not for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Behind } from '../../src/slot/behind.ts'

const CORES = 2
/** Ends with no test. */
const FOR_EVER_MS = 3_600_000

/** A worker that notes what it is told. */
function worker() {
  const told: boolean[] = []
  return { told, rest: (isToRest: boolean) => void told.push(isToRest) }
}

test('it stands still while every core has a job, and goes on when one is free', () => {
  const behind = new Behind(CORES, FOR_EVER_MS)
  const starting = worker()
  behind.look(1, false)
  behind.add(starting)
  assert.deepEqual(starting.told, [], 'a core is free')
  behind.look(2, false)
  behind.look(2, false)
  assert.deepEqual(starting.told, [true])
  behind.look(1, false)
  assert.deepEqual(starting.told, [true, false])
})

test('what begins while every core has a job stands still from the start', () => {
  const behind = new Behind(CORES, FOR_EVER_MS)
  const starting = worker()
  behind.look(3, false)
  behind.add(starting)
  assert.deepEqual(starting.told, [true])
})

test('nothing gives way while a job waits for a process', () => {
  const behind = new Behind(CORES, FOR_EVER_MS)
  const starting = worker()
  behind.add(starting)
  behind.look(2, false)
  behind.look(2, true)
  assert.deepEqual(starting.told, [true, false])
})

test('what is done goes on and is not told again', () => {
  const behind = new Behind(CORES, FOR_EVER_MS)
  const starting = worker()
  behind.add(starting)
  behind.look(2, false)
  behind.remove(starting)
  assert.deepEqual(starting.told, [true, false], 'it may have a job next')
  behind.look(1, false)
  behind.look(2, false)
  behind.remove(starting)
  assert.deepEqual(starting.told, [true, false])
})

test('its patience ends, however many jobs there are', async () => {
  const behind = new Behind(CORES, 1)
  const { promise: goesOn, resolve } = Promise.withResolvers<void>()
  const told: boolean[] = []
  behind.look(2, false)
  behind.add({
    rest(isToRest) {
      told.push(isToRest)
      if (!isToRest) resolve()
    },
  })
  const alive = setTimeout(() => {}, FOR_EVER_MS) // the patience keeps no process alive
  await goesOn
  clearTimeout(alive)
  assert.deepEqual(told, [true, false])
})
