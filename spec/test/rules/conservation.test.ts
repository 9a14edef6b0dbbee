/** S1-15 whatever happens: no unit appears or disappears, and a refusal changes nothing. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import {
  balances,
  Cancel,
  conservationProblems,
  Decline,
  isLive,
  type Job,
  type LedgerState,
  lastLease,
  Refusal,
  type Settle,
  seal,
  type Token,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import type { Log } from './log.ts'
import { leaseTo, openLog, settleDue, submit } from './story.ts'
import {
  alice,
  bruno,
  chiara,
  dora,
  emil,
  fatou,
  gita,
  hourMs,
  ines,
  makeReceipt,
  makeSettle,
  makeToken,
  makeVerdict,
  mallory,
  membersWith,
  nextCharter,
  nonce,
} from './world.ts'

const EXECUTORS = [bruno, chiara, gita, mallory]
const JUDGES = [dora, emil, fatou, dora, emil, mallory, bruno]
const RESULTS = ['valid', 'valid', 'valid', 'valid', 'invalid', 'cannot-replay'] as const
const MODES = ['replay', 'replay', 'self', 'none'] as const

/** A step of a random history: what to do, and three numbers to choose with. */
const often = ['lease', 'receipt', 'verdict', 'verdict', 'verdict', 'settle'] as const
const seldom = ['token', 'delegate', 'decline', 'cancel', 'charter', 'wait', 'lie'] as const
const step = fc.record({
  act: fc.constantFrom('hold', ...often, ...often, ...often, ...seldom),
  /** Which token or job: a few, so that the history of one job grows long. */
  a: fc.noBias(fc.nat(1)),
  b: fc.noBias(fc.nat(150)),
  c: fc.noBias(fc.nat(6)),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Everything in a state, as text: records by their CIDs. */
function snapshot(ledger: LedgerState): string {
  return JSON.stringify(ledger, (_, value) => {
    if (value instanceof Map) return [...value]
    return value?.bytes instanceof Uint8Array && 'kind' in value ? String(value.cid) : value
  })
}

class History {
  readonly log: Log
  readonly tokens: Token[]
  readonly jobs: Job[] = []
  readonly settles: Settle[] = []
  accepted = 0
  refused = 0

  constructor() {
    const { log, token } = openLog(makeToken({ amount: 500 }))
    this.log = log
    this.tokens = [token]
  }

  /** Tries one step; a refusal must leave the whole state as it was. */
  take(one: Step): void {
    const before = snapshot(this.log.ledger)
    const size = this.log.ledger.size
    try {
      this.#act(one)
      this.accepted += 1
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.refused += 1
      // a hold that follows its decision may be refused after the decision was logged: not here
      assert.equal(this.log.ledger.size, size)
      assert.equal(snapshot(this.log.ledger), before)
    }
  }

  #act({ act, a, b, c }: Step): void {
    const { log } = this
    const token = this.tokens[a % this.tokens.length] as Token
    const job = this.jobs.at(-1 - (a % Math.max(1, this.jobs.length)))
    const executor = EXECUTORS[c % EXECUTORS.length] as typeof bruno
    switch (act) {
      case 'token':
        return this.#token(makeToken({ amount: b + this.tokens.length }, c === 0 ? mallory : ines))
      case 'delegate': {
        const narrowed = { parent: token.cid, amount: b, expiresAtMs: token.body.expiresAtMs }
        return this.#token(makeToken({ ...narrowed, holder: alice.did }, c === 0 ? mallory : alice))
      }
      case 'hold': {
        const verification = MODES[c % MODES.length] as (typeof MODES)[number]
        const trust = { verification, threshold: 2, reputationMin: 0 }
        const amount = { amount: b, priceMax: b, fuelMax: Math.max(1, b) * 1_000_000_000 }
        const count = nonce(this.jobs.length)
        this.jobs.push(submit(log, token, { ...amount, trust, nonce: count }).job)
        return
      }
      case 'charter': {
        const last = log.ledger.charters.at(-1)?.record
        const roles = c % 2 === 0 ? ['witness'] : ['witness', 'verifier']
        if (last !== undefined) {
          log.append(nextCharter(last, { members: membersWith(last, fatou, roles) }))
        }
        return
      }
      case 'wait':
        log.atMs += b > 140 ? hourMs : b * b
        return
      default:
        if (job !== undefined) this.#actOn(job, act, executor, { act, a, b, c })
    }
  }

  #actOn(job: Job, act: Step['act'], executor: typeof bruno, { b, c }: Step): void {
    const { log } = this
    const lease = lastLease(job)?.record
    const receipts = lastLease(job)?.receipts ?? []
    const receipt = receipts[b % Math.max(1, receipts.length)]?.record
    switch (act) {
      case 'lease':
        leaseTo(log, job, executor, {
          price: Math.min(b, job.hold.record.body.amount),
          expectedMs: 1 + b,
        })
        return
      case 'decline':
        if (lease === undefined) return
        log.append(seal(Decline, { lease: lease.cid, reason: 'host-fault' }, executor))
        return
      case 'receipt': {
        if (lease === undefined || (receipts.length > 0 && c < 5)) return
        const own = EXECUTORS.find(({ did }) => did === lease.body.executor)
        const fuel = b * 1_000_000_000
        const outcome = c === 5 ? { outcome: { type: 'cancelled' as const, atFuel: fuel } } : {}
        const parts = { lease, manifest: job.manifest }
        const author = c > 3 ? executor : (own ?? executor)
        log.append(makeReceipt(parts, { changed: { fuel, ...outcome } }, author))
        return
      }
      case 'verdict': {
        if (receipt === undefined) return
        const result = RESULTS[b % RESULTS.length] as (typeof RESULTS)[number]
        const index = lastLease(job)?.receipts.find(({ record }) => record === receipt)?.index ?? 0
        const charter = log.ledger.charters.findLast((one) => one.index < index)?.record
        const under = charter === undefined ? {} : { charter: charter.cid }
        log.append(makeVerdict(receipt, { result, ...under }, JUDGES[c % JUDGES.length]))
        return
      }
      case 'settle': {
        const settle = settleDue(log, job)
        if (settle !== undefined) this.settles.push(settle)
        return
      }
      case 'cancel':
        log.append(seal(Cancel, { manifest: job.manifest.cid }, c > 0 ? mallory : alice))
        return
      case 'lie': {
        if (lease === undefined || receipt === undefined) return
        const parts = { hold: job.hold.record, lease, receipt, verdicts: [] }
        const amount = job.hold.record.body.amount
        const reason = 'verified' as const
        log.append(makeSettle(parts, { post: b, release: Math.max(0, amount - b), reason }))
        this.settles.push({} as Settle)
        return
      }
    }
  }

  #token(token: Token): void {
    this.log.append(token)
    this.tokens.push(token)
  }

  /** The books, kept in the plainest way: what was promised less what was settled. */
  check(): void {
    const { ledger } = this.log
    assert.deepEqual(conservationProblems(ledger), [])
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    const roots = this.tokens.filter(({ body }) => body.parent === null)
    const posted = this.settles.map(({ body }) => body.post)
    const pending = this.jobs.filter(({ settle }) => settle === undefined)
    const held = pending.map(({ hold }) => hold.record.body.amount)
    const issued = sum(roots.map(({ body }) => body.amount))
    const [asset] = balances(ledger)
    assert.deepEqual(
      { issued: asset?.issued, held: asset?.held, spent: asset?.spent, earned: asset?.earned },
      { issued, held: sum(held), spent: sum(posted), earned: sum(posted) },
    )
    assert.equal((asset?.free ?? 0) + (asset?.returned ?? 0), issued - sum(held) - sum(posted))
    const used = ledger.accounts.get(`default|compute|${alice.did}`)?.total ?? 0
    assert.equal(used, sum(held) + sum(posted))
    for (const job of this.jobs) {
      const live = job.leases.filter((lease) => isLive(job, lease, this.log.atMs))
      assert.ok(live.length <= 1, 'one live lease a job')
      assert.deepEqual(
        job.leases.map(({ record }) => record.body.epoch),
        job.leases.map((_, index) => index + 1),
      )
    }
  }
}

describe('any history', () => {
  const totals = new Map<string, number>()
  const count = (key: string, by = 1) => totals.set(key, (totals.get(key) ?? 0) + by)

  test('conserves every unit, and a refused step leaves the state as it was', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 160, size: 'max' }), (steps) => {
        const history = new History()
        for (const one of steps) {
          history.take(one)
          history.check()
        }
        count('accepted', history.accepted)
        count('refused', history.refused)
        for (const { body } of history.settles) count(body.reason)
      }),
      { numRuns: 70, seed: 20_261_121 },
    )
  })
  after(() => {
    // the histories are worth something: they settle, refuse, and end in different ways
    for (const key of ['accepted', 'refused', 'verified', 'receipted', 'refuted', 'cancelled']) {
      assert.ok((totals.get(key) ?? 0) >= 3, `${key}: ${JSON.stringify([...totals])}`)
    }
  })
})

test('a hold that is not settled expires in the end: nothing is locked for ever', () => {
  const { log, token } = openLog()
  const { job } = submit(log, token)
  log.atMs += 26 * hourMs
  assert.equal(settleDue(log, job)?.body.reason, 'expired')
  assert.equal(balances(log.ledger)[0]?.free, 1000)
})
