/**
 * The fifth verb, *replay*: doing it again gives the same. The decision is decided again from its
 * record; the run is compared with a second run, if the reader made one or tried to.
 */
import { sameValue } from '../../records/block-value.ts'
import type { Charter } from '../../records/kinds/charter.ts'
import type { Result } from '../../records/kinds/receipt.ts'
import { replayDecision } from '../ledger/decide.ts'
import type { Policies } from '../policy/policies.ts'
import type { Chain } from './chain.ts'
import { type Finding, finding } from './finding.ts'

/** How a run ended before it began: a `Refusal`, or one that came over the wire. */
export type RunRefused = { readonly code: string; readonly detail: string }

/** `charter` is the version in force at the hold. */
export function checkDecision(
  { decision, hold, tokens }: Chain,
  charter: Charter,
  policies: Policies,
): Finding[] {
  const { body } = decision
  const asked =
    body.request.amount === hold.body.amount &&
    body.request.holder === hold.author &&
    body.effect === 'allow'
  if (asked && replayDecision(decision, charter, tokens, policies)) return []
  return [finding('DECISION_MISMATCH', decision.cid, 'deciding again gives another answer')]
}

/** Compares the deterministic part of a receipt with what running the job again gave. */
export function checkResult({ receipt }: Chain, again: Result): Finding[] {
  const claimed = receipt.body.result
  return (Object.keys(claimed) as (keyof Result)[])
    .filter((field) => !sameValue(claimed[field], again[field]))
    .map((field) =>
      finding(
        'OUTPUT_MISMATCH',
        receipt.cid,
        `${field}: it says ${show(claimed[field])}, running it again gave ${show(again[field])}`,
      ),
    )
}

/**
 * What a refusal to run it again proves: a module that no sandbox of its profile runs has no honest
 * receipt. What is missing or too much here convicts nobody.
 */
export function checkRefusal({ receipt }: Chain, { code, detail }: RunRefused): Finding[] {
  if (code !== 'MODULE_REFUSED' && code !== 'IMPORT_REFUSED') return []
  return [finding(code, receipt.cid, `running it again is refused: ${detail}`)]
}

function show(value: Result[keyof Result]): string {
  if (typeof value !== 'object') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, 8)).toString('hex')
  return 'cid' in value ? `${value.cid}` : JSON.stringify(value)
}
