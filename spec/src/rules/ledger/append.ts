/**
 * One log entry: accepted only if the fold so far allows it. All checks of an entry come before
 * its first change, so a refusal leaves the state as it was.
 */
import { admit } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { AnyRecord } from '../../records/any-record.ts'
import { type CID, textOf } from '../../records/cid.ts'
import { actCid } from '../../records/record.ts'
import { appendCharter } from './append-charter.ts'
import { appendDecision, appendHold } from './append-hold.ts'
import { appendDecline, appendLease } from './append-lease.ts'
import { appendReceipt } from './append-receipt.ts'
import { appendCancel, appendSettle } from './append-settle.ts'
import { appendToken } from './append-token.ts'
import { appendVerdict } from './append-verdict.ts'
import type { LedgerState, Logged } from './state.ts'

/** Opened records that entries link to without being in the log themselves. */
export type Linked = (cid: CID) => AnyRecord | undefined

/**
 * Appends one opened record at time `atMs`. Refuses with the code of what is wrong;
 * RECORD_DUPLICATE for an act that is there already, ENTRY_INVALID for what no log may hold.
 */
export function append(
  ledger: LedgerState,
  record: AnyRecord,
  atMs: number,
  linked: Linked,
): Logged<AnyRecord> {
  admit(ledger.size < LIMITS.logEntriesMax, 'LIMIT_EXCEEDED', 'the log is full')
  admit(
    atMs >= ledger.lastAtMs,
    'ENTRY_INVALID',
    () => `time goes back from ${ledger.lastAtMs} to ${atMs}`,
  )
  const act = textOf(actCid(record))
  // a decision is nothing without the hold behind it, and that counts once
  const before = record.kind === 'decision' ? undefined : ledger.acts.get(act)
  admit(
    before === undefined,
    'RECORD_DUPLICATE',
    () => `${record.kind} ${record.cid} is entry ${before}`,
  )
  const logged = { record, index: ledger.size, atMs }
  admitKind(ledger, logged, linked)
  ledger.acts.set(act, logged.index)
  ledger.size += 1
  ledger.lastAtMs = atMs
  return logged
}

function admitKind(ledger: LedgerState, logged: Logged<AnyRecord>, linked: Linked): void {
  const { record, index, atMs } = logged
  switch (record.kind) {
    case 'charter':
      return appendCharter(ledger, { record, index, atMs })
    case 'token':
      return appendToken(ledger, { record, index, atMs })
    case 'decision':
      return appendDecision(ledger, { record, index, atMs })
    case 'hold':
      return appendHold(ledger, { record, index, atMs }, linked)
    case 'lease':
      return appendLease(ledger, { record, index, atMs }, linked)
    case 'decline':
      return appendDecline(ledger, { record, index, atMs })
    case 'receipt':
      return appendReceipt(ledger, { record, index, atMs })
    case 'verdict':
      return appendVerdict(ledger, { record, index, atMs })
    case 'settle':
      return appendSettle(ledger, { record, index, atMs })
    case 'cancel':
      return appendCancel(ledger, { record, index, atMs })
    case 'manifest':
    case 'bid':
    case 'award':
      return admit(false, 'ENTRY_INVALID', () => `a ${record.kind} is no log entry`)
  }
}
