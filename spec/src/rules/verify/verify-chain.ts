/**
 * Is this receipt true, as far as these blocks can show? Five verbs over pure leaves: open, link,
 * belong, account, replay. The reader trusts one thing, the genesis charter it pinned; whatever
 * is printed as a check mark is one of the two marks below, and each derives from here.
 * Source: decisions 8, 9 and 34.
 */
import type { Code } from '../../errors.ts'
import type { AnyRecord } from '../../records/any-record.ts'
import { type CID, textOf } from '../../records/cid.ts'
import type { Charter } from '../../records/kinds/charter.ts'
import type { Result } from '../../records/kinds/receipt.ts'
import type { Settle } from '../../records/kinds/settle.ts'
import { type Verify, verifySignature } from '../../records/signature.ts'
import { receiptByCid } from '../ledger/append-verdict.ts'
import { charterAt, panelOf } from '../ledger/charter-in-force.ts'
import type { LedgerState } from '../ledger/state.ts'
import type { Policies } from '../policy/policies.ts'
import { openReplica, plainReader, type Reader, type Replica, receive } from '../replica.ts'
import { type Tally, tally } from '../tally.ts'
import { checkPlace, checkUsage } from './account.ts'
import { anchorsBack } from './anchors-back.ts'
import { type ChartersAt, checkAuthors } from './belong.ts'
import { type Chain, type GetBlock, openChain } from './chain.ts'
import { checkFiles } from './files.ts'
import { distinct, type Finding, finding } from './finding.ts'
import { checkLinks } from './link.ts'
import { checkDecision, checkRefusal, checkResult, type RunRefused } from './replay.ts'

/** ✓ holds, ✗ does not (the code says why), … is not decided yet. */
export type Mark = { mark: '✓' | '✗' | '…'; code: string | null; detail: string }

export type ChainCheck = {
  findings: Finding[]
  anchored: Mark
  verified: Mark
  /** What was read on the way; absent where the blocks did not open. */
  facts: Facts | undefined
  chain: Chain | undefined
}

export type Facts = {
  charter: Charter
  anchor: CID | undefined
  logSize: number
  valid: string[]
  invalid: string[]
  threshold: number
  settle: Settle | undefined
}

/**
 * Verifies one receipt offline. `get` gives a block's bytes, unchecked; `head` is the newest anchor
 * the reader has; `again` is the reader's own run of the job, if it made one, or how that was
 * refused. `reader` may remember what it has proven.
 */
export function verifyChain(input: {
  receipt: CID
  head: CID
  genesis: CID
  get: GetBlock
  verify?: Verify
  reader?: Reader
  again?: Result | RunRefused
  /** For a log whose charter or whose jobs have rules in CCL. */
  policies?: Policies
}): ChainCheck {
  const { get, verify = input.reader?.verify ?? verifySignature } = input
  const known = new Map<string, AnyRecord>()
  const replica = openReplica(input.genesis, {
    keepsAll: true,
    ...(input.policies === undefined ? {} : { policies: input.policies }),
  })
  const log = readLog(
    replica,
    input.head,
    get,
    remembering(input.reader ?? plainReader(verify), known),
  )
  const opened = openChain(input.receipt, get, { verify, known })
  if ('findings' in opened) return failed([...opened.findings, ...log], undefined)
  const { chain } = opened
  const checks = checkChain(chain, replica.ledger, input.again)
  // where reading the log stopped, what comes later is not absent: the stop is the finding
  const shown = log.length === 0 ? checks : checks.filter(({ code }) => !ABSENT.includes(code))
  return withMarks(distinct([...log, ...checkFiles(chain, get), ...shown]), chain, replica)
}

const ABSENT: readonly Code[] = ['LEASE_UNKNOWN', 'RECEIPT_UNKNOWN']

/** All verbs after *open*, over a fold that the caller keeps: what a verifier runs to judge. */
export function checkChain(
  chain: Chain,
  ledger: LedgerState,
  again?: Result | RunRefused,
): Finding[] {
  const charters = chartersOf(chain, ledger)
  if ('finding' in charters) return [...checkLinks(chain), ...checkUsage(chain), charters.finding]
  return distinct([
    ...checkLinks(chain),
    ...checkAuthors(chain, charters, ledger),
    ...checkUsage(chain),
    ...checkPlace(chain, ledger),
    ...checkDecision(chain, charters.hold, ledger.policies),
    ...checkAgain(chain, again),
  ])
}

function checkAgain(chain: Chain, again: Result | RunRefused | undefined): Finding[] {
  if (again === undefined) return []
  return 'outcome' in again ? checkResult(chain, again) : checkRefusal(chain, again)
}

/** The charters in force where the chain's records stand in the log. */
function chartersOf({ receipt }: Chain, ledger: LedgerState): ChartersAt | { finding: Finding } {
  const job = ledger.jobOf.get(textOf(receipt.body.lease))
  const lease = job?.leases.find(({ record }) => record.cid.equals(receipt.body.lease))
  if (job === undefined || lease === undefined) {
    const detail = `its lease ${receipt.body.lease} is not in the log`
    return { finding: finding('LEASE_UNKNOWN', receipt.cid, detail) }
  }
  const logged = lease.receipts.find(({ record }) => record.cid.equals(receipt.cid))
  return {
    hold: charterAt(ledger, job.hold.index),
    lease: charterAt(ledger, lease.index),
    receipt: charterAt(ledger, logged?.index ?? ledger.size),
  }
}

/** What the log's reading has proven need not be proven again for the chain. */
function remembering(reader: Reader, known: Map<string, AnyRecord>): Reader {
  const open: Reader['open'] = (bytes, cid) => {
    const record = known.get(textOf(cid)) ?? reader.open(bytes, cid)
    known.set(textOf(cid), record)
    return record
  }
  return { ...reader, open }
}

/** Folds the log up to `head`; the first thing that no log may hold is the finding. */
function readLog(replica: Replica, head: CID, get: GetBlock, reader: Reader): Finding[] {
  const back = anchorsBack(head, get)
  if ('finding' in back) return [back.finding]
  for (const anchor of back.anchors) {
    const received = receive(replica, { anchor, get }, reader)
    if (received.type === 'stopped') {
      const { code, cid, detail } = received.problem
      return [finding(code, cid, detail)]
    }
    if (received.type !== 'applied') {
      return [finding('CHECKPOINT_INVALID', anchor, 'it does not follow from the anchor it names')]
    }
  }
  return []
}

function withMarks(findings: Finding[], chain: Chain, replica: Replica): ChainCheck {
  const { ledger } = replica
  const anchor = replica.anchorOf.get(textOf(chain.receipt.cid))
  const known = knownReceipt(ledger, chain.receipt.cid)
  if (anchor === undefined || known === undefined) {
    const missing = finding('ANCHOR_MISSING', chain.receipt.cid, 'no verified anchor holds it')
    const named = findings.map((one) => (one.code === 'RECEIPT_UNKNOWN' ? missing : one))
    return failed(named.length > 0 ? named : [missing], chain)
  }
  const { job, lease, receipt } = known
  const panel = panelOf(ledger, job, lease, receipt)
  const verdicts = receipt.verdicts.map(({ record }) => record)
  const counted = tally(verdicts, panel.verifiers, panel.threshold)
  const settle = job.settle?.record
  return {
    findings,
    chain,
    facts: {
      charter: panel.charter,
      anchor,
      logSize: ledger.size,
      valid: counted.valid.map(({ author }) => author),
      invalid: counted.invalid.map(({ author }) => author),
      threshold: panel.threshold,
      settle,
    },
    anchored: { mark: '✓', code: null, detail: `in anchor ${anchor}` },
    verified: verifiedMark(findings, counted, panel.threshold),
  }
}

function verifiedMark(findings: readonly Finding[], counted: Tally, threshold: number): Mark {
  const [first] = findings
  if (first !== undefined) return { mark: '✗', code: first.code, detail: first.detail }
  const { valid, invalid } = counted
  const said = `${valid.length} valid, ${invalid.length} invalid verdicts`
  const detail = `${said}, threshold ${threshold}`
  switch (counted.standing) {
    case 'verified':
      return { mark: '✓', code: null, detail }
    case 'pending':
      return { mark: '…', code: null, detail }
    case 'refuted':
    case 'disputed':
      return { mark: '✗', code: 'THRESHOLD_MISSING', detail }
  }
}

function knownReceipt(ledger: LedgerState, cid: CID) {
  return ledger.jobOf.has(textOf(cid)) ? receiptByCid(ledger, cid) : undefined
}

function failed(all: Finding[], chain: Chain | undefined): ChainCheck {
  const findings = distinct(all)
  const [first] = findings
  const detail = first?.detail ?? 'nothing to verify'
  const mark: Mark = { mark: '✗', code: first?.code ?? 'RECEIPT_UNKNOWN', detail }
  return { findings, anchored: mark, verified: mark, facts: undefined, chain }
}
