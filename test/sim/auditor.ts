/**
 * The auditor reads the log as it goes by and states the invariants in the plainest way it can,
 * without using the fold: a bug in the fold must not be able to hide itself. Numbers are those of
 * architecture.md "Invariants".
 */
import {
  type AnyRecord,
  type Award,
  type Bid,
  type Charter,
  type Hold,
  type Lease,
  type Manifest,
  textOf,
} from '@planetary-mesh/spec'

export type Violation = { invariant: string; detail: string }

type Entry = { record: AnyRecord; atMs: number; index: number }

type Seen = {
  hold: Hold
  leases: { lease: Lease; executor: string; ended: boolean }[]
  receipts: { cid: string; lease: string; author: string; index: number }[]
  verdicts: { author: string; receipt: string; result: string }[]
  settles: string[]
}

export class Auditor {
  readonly violations: Violation[] = []
  /** How often each invariant was checked. */
  readonly checks = new Map<string, number>()
  readonly #charters: Charter[] = []
  readonly #jobs = new Map<string, Seen>()
  readonly #jobOfHold = new Map<string, string>()
  readonly #jobOfLease = new Map<string, string>()
  readonly #jobOfReceipt = new Map<string, string>()
  readonly #decisions = new Map<string, number>()
  readonly #granted = new Map<string, number>()
  readonly #used = new Map<string, number>()
  #lastAtMs = 0

  check(invariant: string, holds: boolean, detail: () => string): void {
    this.checks.set(invariant, (this.checks.get(invariant) ?? 0) + 1)
    if (!holds) this.violations.push({ invariant, detail: detail() })
  }

  /** One entry of the log, in its order; `find` gives manifests, awards and bids by CID. */
  read(entry: Entry, find: (cid: string) => AnyRecord | undefined): void {
    const { record, atMs } = entry
    this.check('time does not go back', atMs >= this.#lastAtMs, () => `${atMs}`)
    this.#lastAtMs = atMs
    switch (record.kind) {
      case 'charter':
        this.#charters.push(record)
        return
      case 'token':
        this.#granted.set(textOf(record.cid), record.body.amount)
        return
      case 'decision': {
        const hold = textOf(record.body.hold)
        const count = (this.#decisions.get(hold) ?? 0) + 1
        this.#decisions.set(hold, count)
        this.check('a hold is decided once', count === 1, () => `${hold}: ${count} decisions`)
        return
      }
      case 'hold':
        return this.#hold(record)
      case 'lease':
        return this.#lease(record, atMs, find)
      case 'decline': {
        const lease = this.#leaseOf(textOf(record.body.lease))
        if (lease !== undefined) lease.ended = true
        return
      }
      case 'receipt':
        return this.#receipt(entry)
      case 'verdict': {
        const job = this.#jobs.get(this.#jobOfReceipt.get(textOf(record.body.receipt)) ?? '')
        const { author, body } = record
        job?.verdicts.push({ author, receipt: textOf(body.receipt), result: body.result })
        return
      }
      case 'settle':
        return this.#settle(entry)
    }
  }

  #hold(hold: Hold): void {
    const job = textOf(hold.body.manifest)
    const token = textOf(hold.body.token)
    this.check('one hold a job (5)', !this.#jobs.has(job), () => `${job} has two holds`)
    this.#jobs.set(job, { hold, leases: [], receipts: [], verdicts: [], settles: [] })
    this.#jobOfHold.set(textOf(hold.cid), job)
    const used = (this.#used.get(token) ?? 0) + hold.body.amount
    this.#used.set(token, used)
    const granted = this.#granted.get(token) ?? 0
    this.check('held ≤ granted (4)', used <= granted, () => `${token}: ${used} of ${granted}`)
    const decided = this.#decisions.get(textOf(hold.cid)) ?? 0
    this.check('a hold is decided once', decided === 1, () => `${job}: ${decided} decisions`)
  }

  #lease(lease: Lease, atMs: number, find: (cid: string) => AnyRecord | undefined): void {
    const job = this.#jobOfHold.get(textOf(lease.body.hold)) ?? ''
    const seen = this.#jobs.get(job)
    this.check('a lease follows its hold (3)', seen !== undefined, () => `${lease.cid}`)
    if (seen === undefined) return
    const last = seen.leases.at(-1)
    const lastReceipt = seen.receipts.some(
      ({ lease: of, author }) => of === last?.lease.cid.toString() && author === last.executor,
    )
    const over =
      last === undefined || last.ended || (atMs > last.lease.body.untilMs && !lastReceipt)
    this.check('one live lease a job (3)', over && seen.settles.length === 0, () => `job ${job}`)
    const epoch = (last?.lease.body.epoch ?? 0) + 1
    this.check('epochs grow by one (3)', lease.body.epoch === epoch, () => `${lease.body.epoch}`)
    this.#awardOf(lease, find)
    const executor = lease.body.executor
    seen.leases.push({ lease, executor, ended: false })
    this.#jobOfLease.set(textOf(lease.cid), job)
  }

  #awardOf(lease: Lease, find: (cid: string) => AnyRecord | undefined): void {
    const award = find(textOf(lease.body.award)) as Award | undefined
    const winner = award && (find(textOf(award.body.winner)) as Bid | undefined)
    const manifest = award && (find(textOf(award.body.manifest)) as Manifest | undefined)
    this.check(
      'a lease names its winner’s bid (5)',
      winner?.author === lease.body.executor && manifest !== undefined,
      () => `${lease.cid}`,
    )
  }

  #receipt({ record, index }: Entry): void {
    if (record.kind !== 'receipt') return
    const lease = textOf(record.body.lease)
    const job = this.#jobOfLease.get(lease) ?? ''
    const seen = this.#jobs.get(job)
    this.check('a receipt follows its lease (3)', seen !== undefined, () => `${record.cid}`)
    const live = seen?.leases.at(-1)
    const isLive = live?.lease.cid.toString() === lease && !live.ended
    this.check('no receipt for an ended lease (3)', isLive, () => `${record.cid}`)
    const cid = textOf(record.cid)
    seen?.receipts.push({ cid, lease, author: record.author, index })
    this.#jobOfReceipt.set(cid, job)
  }

  #settle({ record }: Entry): void {
    if (record.kind !== 'settle') return
    const job = this.#jobOfHold.get(textOf(record.body.hold)) ?? ''
    const seen = this.#jobs.get(job)
    this.check('a settle follows its hold (4)', seen !== undefined, () => `${record.cid}`)
    if (seen === undefined) return
    seen.settles.push(textOf(record.cid))
    this.check('one settle a job (4)', seen.settles.length === 1, () => `job ${job}`)
    const { post, release, reason } = record.body
    const amount = seen.hold.body.amount
    const splits = post >= 0 && release >= 0 && post + release === amount
    this.check('post + release = held (4)', splits, () => `${post} + ${release} of ${amount}`)
    const token = textOf(seen.hold.body.token)
    this.#used.set(token, (this.#used.get(token) ?? 0) - release)
    const receipt = record.body.receipt?.toString()
    if (reason === 'verified') this.#verified(seen, receipt)
    if (post > 0) {
      const paid = seen.receipts.find(({ cid }) => cid === receipt)
      const lease = this.#leaseOf(paid?.lease ?? '')
      const own = lease !== undefined && lease.executor === paid?.author
      this.check('only the lease’s executor is paid (5)', own, () => `${record.cid}`)
    }
    if (reason === 'expired' || reason === 'failed') {
      const last = seen.leases.at(-1)
      const waiting = seen.receipts.some(
        ({ author, lease }) => author === last?.executor && lease === textOf(last.lease.cid),
      )
      const fine = !waiting || last?.ended === true
      this.check('a hold does not expire under a receipt', fine, () => `job ${job}`)
    }
  }

  #verified(seen: Seen, receipt: string | undefined): void {
    const charter = this.#charters.at(-1)
    const verifiers = charter?.body.members.filter(({ roles }) => roles.includes('verifier')) ?? []
    const valid = new Set(
      seen.verdicts
        .filter((verdict) => verdict.receipt === receipt && verdict.result === 'valid')
        .map(({ author }) => author)
        .filter((author) => verifiers.some(({ did }) => did === author)),
    )
    const threshold = charter?.body.threshold ?? Number.POSITIVE_INFINITY
    this.check('verified at the threshold of distinct members', valid.size >= threshold, () => {
      return `${valid.size} valid of ${threshold} for ${receipt}`
    })
  }

  #leaseOf(cid: string) {
    const seen = this.#jobs.get(this.#jobOfLease.get(cid) ?? '')
    return seen?.leases.find(({ lease }) => textOf(lease.cid) === cid)
  }

  /** The settle reasons so far, by job. */
  settled(): Map<string, number> {
    return new Map([...this.#jobs].map(([job, seen]) => [job, seen.settles.length]))
  }
}
