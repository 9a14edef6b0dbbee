/** The corpus of hostile guests: each is held, and each would get through were it not held. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import type { Sandbox } from '@planetary-mesh/spec'
import { printable } from '../../../meshctl/src/cli/terminal.ts'
import { BREAK_OUTS } from './break-outs.ts'
import { type Canaries, openCanaries } from './canaries.ts'
import { type Ending, endingOf, inputOf, leaksOf, neighbourInput, runGuest } from './contained.ts'
import { CORPUS } from './corpus.ts'
import { throughDoors } from './doors.ts'
import type { Guest } from './guest.ts'
import { guestsBeside, runHonest } from './honest.ts'
import { tryWalls } from './walls.ts'

const RUNS = 2
const GUESTS_MIN = 80
const RUN_MIN = 60

let canaries: Canaries
let untouched: string[]
/** One slot and no spare: every guest comes after its neighbour, in the same process. */
let sandbox: Sandbox
const endings = new Map<Guest, Ending[]>()

before(async () => {
  canaries = await openCanaries()
  untouched = canaries.nest.look()
  sandbox = await openSandbox({ slots: 1, spares: 0 })
  for (const guest of CORPUS) {
    const several: Ending[] = []
    for (let run = 0; run < RUNS; run++) several.push(await runGuest(sandbox, guest, canaries))
    endings.set(guest, several)
  }
})
after(async () => {
  await sandbox?.close()
  await canaries?.close()
})

const first = (guest: Guest) => (endings.get(guest) as Ending[])[0] as Ending
const byName = <T>(of: readonly Guest[], value: (guest: Guest) => T) =>
  Object.fromEntries(of.map((guest) => [guest.name, value(guest)]))

test('it has eighty guests that do harm elsewhere, sixty of which are admitted and run', () => {
  const harmful = CORPUS.filter(({ door }) => door !== 'none')
  assert(harmful.length >= GUESTS_MIN, `${harmful.length} guests`)
  const run = harmful.filter((guest) => first(guest).result !== undefined)
  assert(run.length >= RUN_MIN, `${run.length} of them run`)
  assert.equal(new Set(CORPUS.map(({ name }) => name)).size, CORPUS.length, 'names are different')
})

test('each ends as it must', () => {
  assert.deepEqual(
    byName(CORPUS, (guest) => first(guest).ending),
    byName(CORPUS, ({ expected }) => endingOf(expected)),
  )
  for (const guest of CORPUS) {
    if (guest.expected.type === 'refused') assert.match(first(guest).whole, guest.expected.words)
  }
})

test('each ends in the same way again, to the bit', () => {
  const whole = (run: number) =>
    byName(CORPUS, (guest) => (endings.get(guest) as Ending[])[run]?.whole)
  assert.deepEqual(whole(1), whole(0))
})

test('none says anything of what it reaches for, or of the job before it', async () => {
  const leaky = CORPUS.filter((guest) => endings.get(guest)?.some(({ leaks }) => leaks.length > 0))
  assert.deepEqual(
    byName(leaky, (guest) => first(guest).leaks),
    {},
  )
  // what would be a leak is seen as one
  const [guest] = CORPUS as [Guest]
  const echo = { ...inputOf(guest, canaries), ...neighbourInput(guest, canaries) }
  const victim = await sandbox.run(echo)
  assert.deepEqual(leaksOf({ ...victim, stdout: Buffer.from(canaries.secret) }, canaries), [
    canaries.secret,
  ])
})

test('what steers a terminal comes as bytes, and is shown as text', () => {
  const guests = CORPUS.filter(({ door }) => door === 'raw')
  for (const guest of guests) {
    const said = new TextDecoder().decode(first(guest).result?.stdout)
    const shown = printable(said, '\n\t')
    assert.notEqual(shown, said, guest.name)
    assert.doesNotMatch(shown, /[^\P{C}\n\t]/u, guest.name)
  }
  assert(guests.length > 0)
})

test('the clock says the time of the job, which fuel alone moves on', () => {
  const guest = CORPUS.find(({ name }) => name === 'what time it is') as Guest
  const { result } = first(guest)
  const { clockMs } = inputOf(guest, canaries)
  const ns = Buffer.from(result?.stdout ?? []).readBigUInt64LE() - BigInt(clockMs) * 1_000_000n
  assert(ns > 0n && ns <= BigInt(result?.fuel ?? 0), `${ns} ns`)
})

test('twenty honest jobs beside the corpus have the results that they have alone', async () => {
  const both = await openSandbox({ slots: 2 })
  try {
    const alone = await runHonest(both)
    const beside = await runHonest(both, async (job) => {
      for (const guest of guestsBeside(job, 0)) await runGuest(both, guest, canaries, 'none')
    })
    const afterwards = await runHonest(both)
    assert.deepEqual(beside.results, alone.results)
    assert.deepEqual(afterwards.results, alone.results)
  } finally {
    await both.close()
  }
})

test('after all that nobody has touched a file, or connected to the port', () => {
  assert.deepEqual(canaries.nest.look(), untouched)
  assert.equal(canaries.connections(), 0)
})

test('with its defence left out, each gets to what it reaches for', async () => {
  const hits = await throughDoors(CORPUS, canaries, { endlessMs: 25, waitMs: 100 })
  const owed = CORPUS.filter(({ door }) => door !== 'none' && door !== 'raw')
  assert.deepEqual(
    owed.filter(({ name }) => !hits.has(name)).map(({ name }) => name),
    [],
  )
})

test('what breaks out of its module meets the walls of its process, and flags are these walls', async () => {
  const names = BREAK_OUTS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length, 'names are different')
  const heardBefore = canaries.connections()
  const closed = await tryWalls(canaries, 'closed')
  assert.deepEqual(
    names.filter((name) => closed.get(name)?.hit),
    [],
  )
  assert.equal(canaries.connections(), heardBefore)
  const denied = names.filter((name) => closed.get(name)?.problem === 'ERR_ACCESS_DENIED')
  // a database is not there at all, and an environment that is empty denies nothing
  assert.deepEqual(
    names.filter((name) => !denied.includes(name)),
    ['a database', 'the environment'],
  )
  const open = await tryWalls(canaries, 'open')
  assert.deepEqual(
    names.filter((name) => !open.get(name)?.hit),
    [],
  )
  const connecting = BREAK_OUTS.filter(({ canary }) => canary === 'port')
  assert.equal(canaries.connections(), heardBefore + connecting.length)
})
