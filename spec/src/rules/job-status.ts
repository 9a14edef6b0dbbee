/**
 * A job's status is a fold over the records seen so far: the same records give the same status, in
 * any order, with any duplicates, on every node. Source: protocol.md "Job states", decisions 24.
 */
import type { AnyRecord } from '../records/any-record.ts'
import { type CID, textOf } from '../records/cid.ts'
import type { Charter } from '../records/kinds/charter.ts'
import type { Lease } from '../records/kinds/lease.ts'
import type { Settle } from '../records/kinds/settle.ts'
import { hasRole } from './ledger/charter-in-force.ts'

export type FailReason = 'host-fault' | 'refused' | 'refuted'

export type JobStatus =
  | { state: 'unknown' }
  | { state: 'submitted' }
  | { state: 'bidding'; bids: number; attempt: number }
  | { state: 'leased'; executor: string; untilMs: number; attempt: number }
  | { state: 'receipted'; receipt: CID }
  | { state: 'anchored'; receipt: CID; valid: number; invalid: number }
  | { state: 'verified'; receipt: CID; post: number }
  | { state: 'disputed'; receipt: CID }
  | { state: 'failed'; reason: FailReason }
  | { state: 'expired' }
  | { state: 'cancelled'; receipt: CID | null }

/**
 * The status of `job` (its manifest's CID) at `nowMs`. `records` are opened, so each is signed;
 * those of other jobs, or by whoever may not say so, are passed over. `anchored` says which records
 * an anchor holds. `charters` are the versions that the caller trusts: without them, what ledger,
 * executors and verifiers say must come from the caller's own fold, which judged their authors.
 */
export function jobStatus(
  job: CID,
  records: readonly AnyRecord[],
  nowMs: number,
  anchored: (cid: CID) => boolean,
  charters?: readonly Charter[],
): JobStatus {
  const trusted = records.filter((record) => isByItsRole(record, charters))
  const of = <K extends AnyRecord['kind']>(kind: K) =>
    distinctByCid(trusted.filter((record) => record.kind === kind)) as Extract<
      AnyRecord,
      { kind: K }
    >[]
  const manifest = of('manifest').find(({ cid }) => cid.equals(job))
  if (manifest === undefined) return { state: 'unknown' }
  const hold = of('hold').find(
    ({ author, body }) => author === manifest.author && body.manifest.equals(job),
  )
  if (hold === undefined) return { state: 'submitted' }
  const leases = of('lease')
    .filter(({ body }) => body.hold.equals(hold.cid))
    .sort((a, b) => a.body.epoch - b.body.epoch)
  const lease = leases.at(-1)
  const receipt = of('receipt').find(
    ({ body, author }) => lease?.body.executor === author && body.lease.equals(lease.cid),
  )
  const settle = of('settle').find(({ body }) => body.hold.equals(hold.cid))
  if (settle !== undefined) {
    const ends = of('decline').filter(({ body }) =>
      leases.some(({ cid }) => cid.equals(body.lease)),
    )
    const refused = ends.length > 0 && ends.every(({ body }) => body.reason === 'refused')
    return settled(settle, refused ? 'refused' : 'host-fault')
  }
  if (receipt !== undefined) {
    if (!anchored(receipt.cid)) return { state: 'receipted', receipt: receipt.cid }
    const verdicts = of('verdict').filter(
      ({ author, body }) =>
        body.receipt.equals(receipt.cid) && author !== manifest.author && author !== receipt.author,
    )
    const count = (result: string) =>
      new Set(verdicts.filter(({ body }) => body.result === result).map(({ author }) => author))
        .size
    const [valid, invalid] = [count('valid'), count('invalid')]
    return { state: 'anchored', receipt: receipt.cid, valid, invalid }
  }
  const declined = of('decline').some(
    ({ author, body }) => author === lease?.body.executor && lease.cid.equals(body.lease),
  )
  if (lease !== undefined && !declined && nowMs <= lease.body.untilMs) return leased(lease)
  const bids = of('bid').filter(({ body }) => body.manifest.equals(job))
  const bidders = new Set(bids.map(({ author }) => author)).size
  return { state: 'bidding', bids: bidders, attempt: leases.length + 1 }
}

/** Whether any of the charters gives the author the role for such a record. */
function isByItsRole(
  { kind, author }: AnyRecord,
  charters: readonly Charter[] | undefined,
): boolean {
  const anyHas = (has: (charter: Charter) => boolean) =>
    charters === undefined || charters.some(has)
  switch (kind) {
    case 'lease':
    case 'settle':
      return anyHas(({ body }) => body.writer === author)
    case 'verdict':
      return anyHas((charter) => hasRole(charter, author, 'verifier'))
    case 'bid':
      return anyHas((charter) => hasRole(charter, author, 'executor'))
    default:
      return true
  }
}

function leased({ body }: Lease): JobStatus {
  return {
    state: 'leased',
    executor: body.executor,
    untilMs: body.untilMs,
    attempt: body.epoch,
  }
}

function settled({ body }: Settle, failure: FailReason): JobStatus {
  const { reason, receipt, post } = body
  switch (reason) {
    case 'verified':
    case 'receipted':
      return receipt === null ? { state: 'unknown' } : { state: 'verified', receipt, post }
    case 'disputed':
      return receipt === null ? { state: 'unknown' } : { state: 'disputed', receipt }
    case 'refuted':
      return { state: 'failed', reason: 'refuted' }
    case 'failed':
      return { state: 'failed', reason: failure }
    case 'expired':
      return { state: 'expired' }
    case 'cancelled':
      return { state: 'cancelled', receipt }
  }
}

function distinctByCid<R extends AnyRecord>(records: readonly R[]): R[] {
  const byCid = new Map(records.map((record) => [textOf(record.cid), record]))
  return [...byCid.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record)
}
