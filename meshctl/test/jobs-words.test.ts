/** What stands behind the job commands, without a mesh: plans, tokens, words, ids, progress. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { check } from '@planetary-mesh/ccl-compiler'
import { cidOf, encodeFile, type JobRequest, LIMITS, parseCid, Refusal } from '@planetary-mesh/spec'
import { alice, foundCharter, hans, issueToken } from '../../test/mesh/people.ts'
import { findByBeginning, shortened } from '../src/cli/ids.ts'
import { openProgress, progressText, sizeText, timeText } from '../src/cli/progress.ts'
import { instantText } from '../src/cli/times.ts'
import { type Asked, chooseToken, type Purse } from '../src/jobs/choose-token.ts'
import { wrapped } from '../src/jobs/dry-run.ts'
import { shown } from '../src/jobs/outputs.ts'
import { planOfModule, planOfRequest } from '../src/jobs/plan.ts'
import { sealJob } from '../src/jobs/seal-job.ts'
import { type JobView, sentenceOf, wordOf } from '../src/jobs/words.ts'
import { runHere } from './run-here.ts'
import { guest, scratchFolder } from './start-meshctl.ts'

const NOW_MS = 1_700_000_000_000
const charter = foundCharter()
const token = issueToken(charter, NOW_MS)
const MODULE = { cid: cidOf('raw', Uint8Array.of(1)), bytes: 1 }

const codeOf = (action: () => unknown): string => {
  try {
    action()
    return 'nothing'
  } catch (thrown) {
    return thrown instanceof Refusal ? thrown.code : String(thrown)
  }
}

const seal = (plan: ReturnType<typeof planOfModule>) =>
  sealJob(
    plan,
    {
      token,
      files: { module: MODULE, stdin: null, inputs: [] },
      program: null,
      profile: 'p/0',
      verifiers: 3,
      createdAtMs: NOW_MS,
      nonce: new Uint8Array(16),
    },
    alice,
  )

test('a job of a module has the defaults of the house, and a hold of its whole amount', () => {
  const { manifest, hold } = seal(planOfModule('a.wasm', { description: 'x' }))
  const { body } = manifest
  assert.deepEqual([body.amount, body.fuelMax, body.priceMax], [100, 100_000_000_000, 100])
  assert.deepEqual([body.memoryPagesMax * 64, body.coresMin], [512 * 1024, 2])
  assert.deepEqual([body.deadlineMs, body.attemptsMax, body.replicas], [600_000, 3, 1])
  assert.deepEqual([body.scope, body.resourceType, body.priority], ['default', 'compute', 'medium'])
  assert.deepEqual(body.trust, { verification: 'replay', threshold: 0, reputationMin: 0 })
  assert.deepEqual([hold.body.amount, hold.body.untilMs], [100, NOW_MS + 600_000])
  assert.deepEqual([body.chooser, body.rule], ['submitter', null])
})

test('options become fields, and storage runs on the default amount of fuel', () => {
  const { body } = seal(
    planOfModule('a.wasm', {
      description: 'x',
      resourceAmount: 5,
      resourceType: 'storage',
      minMemory: 64,
      minCpu: 2,
      deadline: 30,
      maxBid: 3,
      priority: 'high',
      auto: true,
      arg: ['a', '--b'],
      env: ['K=V=W'],
    }),
  ).manifest
  assert.deepEqual([body.fuelMax, body.amount, body.priceMax], [100_000_000_000, 5, 3])
  assert.deepEqual([body.memoryPagesMax, body.coresMin, body.deadlineMs], [1024, 2, 30_000])
  assert.deepEqual([body.priority, body.chooser], ['high', 'home'])
  assert.deepEqual([body.args, body.env], [['a', '--b'], [['K', 'V=W']]])
})

test('more than 17,592 units of compute are more than a job may have', () => {
  const asking = (resourceAmount: number) => () =>
    seal(planOfModule('a.wasm', { description: 'x', resourceAmount }))
  assert.equal(codeOf(asking(17_593)), 'LIMIT_EXCEEDED')
  assert.equal(codeOf(asking(17_592)), 'nothing')
})

test('a program decides its own fields; its selection makes home choose, else she does', () => {
  const request: JobRequest = {
    wasm_cid: `${MODULE.cid}`,
    description: 'x',
    resource_type: 'compute',
    resource_amount: 7,
    priority: 'low',
    inputs: { 'b.csv': `${MODULE.cid}`, 'a.csv': `${MODULE.cid}` },
    federation_quorum: 500_000,
    required_validators: 1,
  }
  const plan = planOfRequest(request, { inputs: [], auto: false })
  assert.equal(plan.chooser, 'submitter')
  assert.equal(planOfRequest(request, { inputs: [], auto: true }).chooser, 'home')
  const rule = { price: 1_000_000, resources: 0, reputation: 0, timeliness: 0 }
  const chosen = planOfRequest({ ...request, selection: rule }, { inputs: [], auto: false })
  assert.deepEqual([chosen.chooser, chosen.rule], ['home', rule])
  // half of three verifiers is two
  assert.equal(seal(plan).manifest.body.trust.threshold, 2)
})

const purse = (over: Parameters<typeof issueToken>[2] = {}, free = 10_000, signer = undefined) => {
  const sealed = issueToken(charter, NOW_MS, over, signer)
  return { token: sealed, free, isLogged: true } satisfies Purse
}
const asked = (over: Partial<Asked> = {}): Asked => ({
  amount: 100,
  resourceType: 'compute',
  scope: null,
  named: null,
  holder: alice.did,
  nowMs: NOW_MS,
  ...over,
})

test('the token that fits with the most left pays', () => {
  const [small, large] = [purse({ amount: 200 }, 150), purse({ amount: 999 }, 900)]
  assert.equal(chooseToken([small, large], asked(), charter), large)
  assert.equal(chooseToken([small, large], asked({ named: small.token.cid }), charter), small)
})

test('a token that cannot pay is refused by what is wrong with it', () => {
  const no = (given: Purse, over: Partial<Asked> = {}) =>
    codeOf(() => chooseToken([given], asked(over), charter))
  assert.equal(no(purse({ holder: hans.did })), 'TOKEN_HOLDER_MISMATCH')
  assert.equal(no(purse({ resourceType: 'storage' })), 'TOKEN_TYPE_MISMATCH')
  assert.equal(no(purse(), { scope: 'lab' }), 'TOKEN_SCOPE_MISMATCH')
  assert.equal(no(purse({ expiresAtMs: NOW_MS })), 'TOKEN_EXPIRED')
  assert.equal(no(purse({ expiresAtMs: NOW_MS + 1 })), 'nothing')
  assert.equal(no(purse({}, 99)), 'TOKEN_EXHAUSTED')
  assert.equal(no(purse(), { named: MODULE.cid }), 'TOKEN_UNKNOWN')
  const forged = { ...purse(), token: issueToken(charter, NOW_MS, {}, hans) }
  assert.equal(no(forged), 'TOKEN_ISSUER_UNKNOWN')
  assert.equal(
    codeOf(() => chooseToken([], asked(), charter)),
    'TOKEN_UNKNOWN',
  )
})

test('of several that cannot pay, the nearest miss is told', () => {
  const purses = [purse({ resourceType: 'storage' }), purse({}, 5), purse({ holder: hans.did })]
  assert.equal(
    codeOf(() => chooseToken(purses, asked(), charter)),
    'TOKEN_EXHAUSTED',
  )
})

const view = (status: JobView['status'], over: Partial<JobView> = {}): JobView => ({
  job: '',
  manifest: null,
  status,
  phase: null,
  detail: null,
  waitingFor: null,
  ...over,
})

test('a leased job is Running only while its executor says so', () => {
  const leased = { state: 'leased', executor: alice.did, untilMs: NOW_MS, attempt: 1 } as const
  assert.equal(wordOf(view(leased)), 'Assigned')
  assert.equal(wordOf(view(leased, { phase: 'assigned' })), 'Assigned')
  assert.equal(wordOf(view(leased, { phase: 'running' })), 'Running')
  assert.equal(wordOf(view({ state: 'receipted', receipt: 'x' })), 'Completed')
  assert.equal(wordOf(view({ state: 'failed', reason: 'host-fault' })), 'Failed')
})

test('a job that lost its executor says that it waits for her, or for the ledger', () => {
  const lost = view({ state: 'bidding', bids: 1, attempt: 2 }, { waitingFor: 'you: accept-bid' })
  const nameOf = () => 'n'
  assert.equal(
    sentenceOf(lost, { nameOf, ledgerAway: false }),
    'attempt 2, 1 bid, waiting for you: accept-bid',
  )
  assert.match(sentenceOf(lost, { nameOf, ledgerAway: true }), /waiting for the ledger$/)
})

test('what a guest wrote loses its control bytes, and keeps its lines', () => {
  const bytes = new TextEncoder().encode('a\u001b[2Jb\tc\r\nd\u009be\u202ef\0')
  assert.equal(shown(bytes), 'a\\u{1b}[2Jb\tc\nd\\u{9b}e\\u{202e}f\\u{0}')
  // no text at all: what UTF-8 does not say is shown as the replacement character
  assert.doesNotMatch(shown(Uint8Array.of(0x1b, 0xff, 0x9b)), /\p{Cc}/u)
})

test('an id is shortened to its first 10 and last 6, and that names it again', () => {
  const cid = parseCid('bafyreibu3zn7vuji6nei5fsb7av7xwtrnd24spy5ieroub7vbunhp7vuvi')
  assert.equal(shortened(cid), 'bafyreibu3…p7vuvi')
  const others = [1, 2, 3].map((number) => cidOf('dag-cbor', Uint8Array.of(number)))
  assert.equal(findByBeginning('bafyreibu3…p7vuvi', [...others, cid], 'job'), cid)
  assert.equal(findByBeginning('bafyreibu3…aaaaaa', [...others, cid], 'job'), undefined)
})

test('progress says bytes, rate and remaining time, in a terminal alone', () => {
  assert.equal(progressText(12_500_000, 50_000_000, 500), '12.5 MB of 50.0 MB, 25.0 MB/s, 2 s left')
  assert.equal(progressText(999, null, 0), '999 B, 0 B/s')
  assert.deepEqual([sizeText(999_949), sizeText(999_950)], ['999.9 kB', '1.0 MB'])
  assert.deepEqual([0, 1, 61_000, 3_720_000].map(timeText), [
    '0 s',
    '1 s',
    '1 min 1 s',
    '1 h 2 min',
  ])
  const told = (isTTY: boolean) => {
    const lines: string[] = []
    let atMs = 0
    const world = { isTTY, nowMs: () => atMs, write: (text: string) => void lines.push(text) }
    const progress = openProgress('uploading', 100, world)
    for (atMs of [100, 150, 350]) progress.moved(atMs)
    progress.end()
    return lines
  }
  assert.equal(told(false).length, 0)
  // two lines a fifth of a second apart, and one that takes them away
  assert.equal(told(true).length, 3)
})

test('times of others never break a table, and a paragraph keeps to a hundred columns', () => {
  assert.equal(instantText(NOW_MS), '2023-11-14T22:13:20.000Z')
  assert.equal(instantText(LIMITS.amountMax), '9007199254740991 ms since 1970')
  const lines = wrapped('word '.repeat(100).trim()).trimEnd().split('\n')
  assert.ok(lines.length === 5 && lines.every((line) => line.length <= 100))
})

test('new ccl prints a program that compiles and submits the module with its inputs', async () => {
  const work = scratchFolder()
  const data = join(work, 'da"ta.csv')
  writeFileSync(data, 'a,b\n')
  const { status, stdout } = await runHere([
    ...['new', 'ccl', '--wasm', guest('echo'), '--input', data, '--input', `other=${data}`],
    ...['--description', 'a "quoted"\ntext\\', '--arg', '--n', '--resource-amount', '9'],
  ])
  assert.equal(status, 0)
  const checked = check(stdout, { file: 'new.ccl' })
  assert.ok(checked.ok)
  const cid = `${encodeFile(new Uint8Array(readFileSync(data))).cid}`
  assert.deepEqual(checked.requests, [
    {
      wasm_cid: `${encodeFile(new Uint8Array(readFileSync(guest('echo')))).cid}`,
      description: 'a "quoted"\ntext\\',
      resource_type: 'compute',
      resource_amount: 9,
      priority: 'medium',
      inputs: { 'da"ta.csv': cid, other: cid },
      args: ['--n'],
    },
  ])
  const out = join(work, 'new.ccl')
  assert.equal((await runHere(['new', 'ccl', '--wasm', guest('echo'), '-o', out])).status, 0)
  assert.equal((await runHere(['new', 'ccl', '--wasm', guest('echo'), '-o', out])).status, 2)
})
