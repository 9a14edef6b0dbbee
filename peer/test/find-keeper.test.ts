// Which member a home asks to keep the files of a job, whom next, and when it has asked enough.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openVirtualClock } from '@planetary-mesh/peer'
import { type Did, encodeFile, LIMITS, Refusal, sha256 } from '@planetary-mesh/spec'
import {
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  fatou,
  gita,
  startMs,
} from '../../spec/test/rules/world.ts'
import { openKeeping } from '../src/keeping/find-keeper.ts'
import { keepersOf } from '../src/keeping/keepers.ts'
import { bytesOf, gate } from './exams/refuses.ts'
import { jobOf, refOf } from './keeping-jobs.ts'

const never = new AbortController().signal
const VERIFIERS = [dora, emil, fatou].map(({ did }) => did)

test('verifiers are asked first, then who runs jobs; the home and people are not', () => {
  const { cid } = jobOf()
  const keepers = keepersOf(CHARTER, cid, bruno.did)
  assert.deepEqual(new Set(keepers.slice(0, 3)), new Set(VERIFIERS))
  assert.deepEqual(new Set(keepers.slice(3)), new Set([chiara.did, gita.did]))
  assert.ok(!keepersOf(CHARTER, cid, dora.did).includes(dora.did))
})

test('among verifiers the order is that of sha-256 (job CID, DID): each job has its own', () => {
  const firsts = new Set<Did>()
  for (let count = 0; count < 20; count++) {
    const { cid } = jobOf()
    const digest = (did: Did) =>
      Buffer.from(sha256(Buffer.concat([cid.bytes, Buffer.from(did)]))).toString('hex')
    const expected = VERIFIERS.toSorted((a, b) => (digest(a) < digest(b) ? -1 : 1))
    assert.deepEqual(keepersOf(CHARTER, cid, bruno.did).slice(0, 3), expected)
    firsts.add(expected[0] as Did)
  }
  assert.deepEqual(firsts, new Set(VERIFIERS))
})

/** A home whose members answer as `says`; who was asked, in order. */
function home(
  says: (member: Did, turn: number) => Promise<void>,
  isConnected: (member: Did) => boolean = () => true,
) {
  const clock = openVirtualClock(startMs)
  const asked: Did[] = []
  const notices: string[] = []
  const stopped = new Set<Did>()
  const keeping = openKeeping({
    self: bruno.did,
    charterNow: () => CHARTER,
    isConnected,
    ask(member, _manifest, signal) {
      asked.push(member)
      signal.addEventListener('abort', () => stopped.add(member))
      return says(member, asked.length)
    },
    clock,
    log: ({ message }) => notices.push(message),
  })
  return { clock, asked, notices, stopped, keeping }
}

const silence = () => new Promise<void>(() => {})
const yes = async () => {}
const no = async () => {
  throw new Refusal('STORE_FULL', 'full')
}

test('the first member that says yes is the keeper, and nobody else is asked', async () => {
  const job = jobOf()
  const { keeping, asked, clock } = home(yes)
  const [first] = keepersOf(CHARTER, job.cid, bruno.did)
  assert.equal(await keeping.find(job, never), first)
  assert.deepEqual([asked, clock.waiting], [[first], 0])
})

test('who is not connected is passed over, and a refusal leads to the next', async () => {
  const job = jobOf()
  const [gone, full, third] = keepersOf(CHARTER, job.cid, bruno.did)
  const { keeping, asked, notices } = home(
    (_, turn) => (turn === 1 ? no() : yes()),
    (member) => member !== gone,
  )
  assert.equal(await keeping.find(job, never), third)
  assert.deepEqual(asked, [full, third])
  assert.deepEqual(notices, ['a member keeps no files'])
})

test('who is silent is not waited for alone, and may still be the one', async () => {
  const job = jobOf()
  const slow = gate()
  const { keeping, asked, clock, stopped } = home((_, turn) => (turn === 1 ? slow.pass : silence()))
  const found = keeping.find(job, never)
  clock.run(startMs + LIMITS.keepSilenceMs - 1)
  assert.equal(asked.length, 1)
  clock.run(startMs + LIMITS.keepSilenceMs)
  assert.deepEqual(asked, keepersOf(CHARTER, job.cid, bruno.did).slice(0, 2))
  slow.open()
  assert.equal(await found, asked[0])
  assert.deepEqual(stopped, new Set(asked))
})

test('nobody is found where all refuse, where nobody answers in time, and where nobody is', async () => {
  const job = jobOf()
  const refusing = home(no)
  assert.equal(await refusing.keeping.find(job, never), undefined)
  assert.equal(refusing.asked.length, 5)
  assert.equal(refusing.notices.at(-1), 'nobody else keeps the files of a job')

  const silent = home(silence)
  const found = silent.keeping.find(job, never)
  silent.clock.run(startMs + LIMITS.keepMs)
  assert.equal(await found, undefined)
  assert.deepEqual(silent.stopped, new Set(silent.asked))
  assert.equal(silent.clock.waiting, 0)

  const alone = home(yes, () => false)
  assert.equal(await alone.keeping.find(job, never), undefined)
})

test('a submit that is refused ends the asking; a fault of ours is none of theirs', async () => {
  const refused = new AbortController()
  const { keeping, notices } = home(silence)
  const found = keeping.find(jobOf(), refused.signal)
  refused.abort()
  assert.equal(await found, undefined)
  assert.deepEqual(notices, [])
  const broken = home(async () => {
    throw new TypeError('a bug')
  })
  await assert.rejects(broken.keeping.find(jobOf(), never), TypeError)
})

test('what a member keeps already is not asked again, until it was away', async () => {
  const { keeping, asked } = home(yes)
  const first = await keeping.find(jobOf(), never)
  for (let count = 0; count < 20; count++) assert.equal(await keeping.find(jobOf(), never), first)
  assert.equal(asked.length, 1)
  const other = encodeFile(bytesOf('another input'))
  await keeping.find(jobOf({ inputs: [{ name: 'x', file: refOf(other) }] }), never)
  assert.equal(asked.length, 2)
  for (const member of VERIFIERS) keeping.forget(member)
  await keeping.find(jobOf(), never)
  assert.equal(asked.length, 3)
})
