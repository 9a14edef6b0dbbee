/**
 * Jobs as they go: submitted, leased, run, judged, settled, each step on a log. With `changes`, one
 * record of the story is replaced by another, and the writer logs it whatever the fold says.
 */
import {
  type AnyRecord,
  type Award,
  type Bid,
  DEFAULT_RULE,
  Decision,
  decideHold,
  dueSettle,
  type Hold,
  type Job,
  Lease,
  leaseOf,
  type Manifest,
  manifestOfHold,
  NEWCOMER,
  type Receipt,
  Refusal,
  Settle,
  type Signer,
  type Standing,
  seal,
  select,
  standingOf,
  type Token,
  type Verdict,
} from '@planetary-mesh/spec'
import { Log } from './log.ts'
import {
  type BodyOf,
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  fatou,
  makeAward,
  makeBid,
  makeDecision,
  makeHold,
  makeLease,
  makeManifest,
  makeReceipt,
  makeSettle,
  makeToken,
  makeVerdict,
} from './world.ts'

/** A log with the charter and one token of alice: entries 0 and 1. */
export function openLog(token: Token = makeToken()): { log: Log; token: Token } {
  const log = new Log()
  log.append(token)
  return { log, token }
}

/** Decision and hold, as the writer appends them. Throws what it would refuse. */
export function appendHold(log: Log, hold: Hold, manifest: Manifest): Decision {
  log.know(manifest)
  manifestOfHold(log.ledger, hold, log.linked, log.atMs)
  const { body, authorisation } = decideHold(log.ledger, hold, manifest, log.atMs)
  const denial = authorisation.rulings.find(({ effect }) => effect === 'deny')
  if (denial !== undefined) throw new Refusal(denial.code ?? 'NOT_PERMITTED', denial.detail)
  const decision = seal(Decision, body, dora)
  log.append(decision)
  log.append(hold)
  return decision
}

export type Submitted = { manifest: Manifest; hold: Hold; decision: Decision; job: Job }

/** A job of alice's on `token`: entries for its decision and its hold. */
export function submit(
  log: Log,
  token: Token,
  over: Partial<BodyOf<typeof Manifest>> = {},
  holdOver: Partial<BodyOf<typeof Hold>> = {},
): Submitted {
  const manifest = makeManifest(token, { createdAtMs: log.atMs, ...over })
  const hold = makeHold(manifest, holdOver)
  const decision = appendHold(log, hold, manifest)
  return { manifest, hold, decision, job: jobOf(log, manifest) }
}

export function jobOf(log: Log, manifest: Manifest): Job {
  const job = log.ledger.jobs.get(manifest.cid.toString())
  if (job === undefined) throw new Error('the job is in the log')
  return job
}

/** The award that home makes on these bids now. */
export function awardOn(
  log: Log,
  manifest: Manifest,
  bids: readonly Bid[],
  over: Partial<BodyOf<typeof Award>> = {},
  signer = bruno,
): Award {
  for (const bid of bids) log.know(bid)
  const { scope, rule } = manifest.body
  const ranked = select(manifest, bids, rule ?? DEFAULT_RULE, (executor) =>
    standingOf(log.ledger.past, { scope, executor }),
  ).map(({ bid }) => bid)
  const listed = { bids: bids.map(({ cid }) => cid), logSize: log.size }
  return log.know(makeAward(manifest, ranked, { ...listed, ...over }, signer))
}

/** The writer's answer to an award: the lease, appended. Throws what a fold refuses. */
export function leaseOn(log: Log, award: Award): Lease {
  log.know(award)
  const lease = seal(Lease, leaseOf(log.ledger, award, log.atMs, log.linked).body, dora)
  log.append(lease)
  return lease
}

/** A lease of `executor` for the job, through its only bid. */
export function leaseTo(
  log: Log,
  { manifest }: { manifest: Manifest },
  executor: Signer = bruno,
  bid: Partial<BodyOf<typeof Bid>> = {},
): Lease {
  return leaseOn(log, awardOn(log, manifest, [makeBid(manifest, bid, executor)]))
}

/** The settle that is due, appended; undefined if none is. */
export function settleDue(log: Log, job: Job): Settle | undefined {
  const body = dueSettle(log.ledger, job, log.atMs)
  if (body === undefined) return undefined
  const settle = seal(Settle, body, dora)
  log.append(settle)
  return settle
}

/** A job with its lease of bruno. */
export function leased(over: Partial<BodyOf<typeof Manifest>> = {}) {
  const { log, token } = openLog()
  const submitted = submit(log, token, over)
  return { log, token, ...submitted, lease: leaseTo(log, submitted) }
}

/** The same with bruno's receipt, which may differ from the honest one. */
export function receipted(
  over: Partial<BodyOf<typeof Manifest>> = {},
  changed: Parameters<typeof makeReceipt>[1] = {},
) {
  const story = leased(over)
  const receipt = makeReceipt(story, changed)
  story.log.append(receipt)
  return { ...story, receipt }
}

/** Appends a verdict on a receipt. */
export function judge(
  log: Log,
  receipt: Receipt,
  who = dora,
  result: BodyOf<typeof Verdict>['result'] = 'valid',
): void {
  log.append(makeVerdict(receipt, { result }, who))
}

export const trust = (verification: 'none' | 'self' | 'replay', threshold = 2) => ({
  verification,
  threshold,
  reputationMin: 0,
})

/** What is left, held and spent of the only token of a log. */
export function account(log: Log): (number | undefined)[] {
  const [token] = log.ledger.tokens.values()
  return [token?.free, token?.held, token?.spent]
}

/** What the log remembers of its executors: the standing of each, by `scope|executor`. */
export function past(log: Log): Record<string, Standing> {
  return Object.fromEntries(
    [...log.ledger.past].map(([of, standings]) => {
      const { all, valid, onTime } = standings.at(-1) ?? NEWCOMER
      return [of, { all, valid, onTime }]
    }),
  )
}

/** The past where Bruno has one receipt behind him. */
export function oneReceipt(given: { valid: boolean; onTime: boolean }): Record<string, Standing> {
  const { valid, onTime } = given
  return { [`default|${bruno.did}`]: { all: 1, valid: Number(valid), onTime: Number(onTime) } }
}

export type Records = {
  token: Token
  manifest: Manifest
  hold: Hold
  decision: Decision
  bid: Bid
  otherBid: Bid
  award: Award
  lease: Lease
  receipt: Receipt
  verdicts: Verdict[]
  settle: Settle
}

/** Replaces honest records of a story; the records after it link to what stands there. */
export type Changes = {
  [K in Exclude<keyof Records, 'verdicts'>]?: (
    honest: Records[K],
    so: Partial<Records>,
  ) => Records[K]
} & { verdicts?: (honest: Verdict[], receipt: Receipt) => Verdict[] }

/**
 * A whole job of alice's, run by bruno, on a log that has the charter alone: entries 1 to 9, the
 * first anchor up to the receipt. The fold is asked but not obeyed, and computes no record.
 */
export function tellJob(log: Log, changes: Changes = {}): Records {
  const so: Partial<Records> = {}
  const change = <K extends Exclude<keyof Records, 'verdicts'>>(key: K, honest: Records[K]) => {
    const changed = changes[key] as
      | ((honest: Records[K], so: Partial<Records>) => Records[K])
      | undefined
    const record = changed?.(honest, so) ?? honest
    so[key] = record as never
    return record
  }
  const { atMs } = log
  const token = log.write(change('token', makeToken()))
  const manifest = log.know(change('manifest', makeManifest(token)))
  const hold = change('hold', makeHold(manifest))
  const decision = log.write(change('decision', makeDecision({ hold, manifest, token }, atMs)))
  log.write(hold)
  const bid = log.know(change('bid', makeBid(manifest)))
  const otherBid = log.know(change('otherBid', makeBid(manifest, { price: 55 }, chiara)))
  const award = log.know(change('award', makeAward(manifest, [bid, otherBid])))
  const parts = { hold, decision, award, winner: bid, atMs }
  const lease = log.write(change('lease', makeLease(parts)))
  const receipt = log.write(change('receipt', makeReceipt({ lease, manifest })))
  log.anchor()
  const honest = [dora, emil, fatou].map((judge) => makeVerdict(receipt, {}, judge))
  const verdicts = changes.verdicts?.(honest, receipt) ?? honest
  for (const verdict of verdicts) log.write(verdict)
  const counted = verdicts.slice(0, 3)
  const settle = log.write(
    change('settle', makeSettle({ hold, lease, receipt, verdicts: counted })),
  )
  return {
    token,
    manifest,
    hold,
    decision,
    bid,
    otherBid,
    award,
    lease,
    receipt,
    verdicts,
    settle,
  }
}

/** Everything a reader must have for the story, in the order of the log and what it names. */
export function recordsOf(told: Records): AnyRecord[] {
  const { verdicts, ...others } = told
  return [CHARTER, ...Object.values(others), ...verdicts]
}
