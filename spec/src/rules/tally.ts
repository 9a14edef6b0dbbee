/**
 * What the verdicts on a receipt come to. Source: protocol.md "Verification ladder": one `invalid`
 * stops the check mark until every verifier has spoken; a verifier speaks once.
 */
import type { Verdict } from '../records/kinds/verdict.ts'

export type Tally = {
  standing: 'pending' | 'verified' | 'refuted' | 'disputed'
  valid: Verdict[]
  invalid: Verdict[]
}

/**
 * Counts distinct authors among `verifiers` (the charter's, without executor and submitter); the
 * first verdict of an author counts, in the order given. Strangers never count.
 */
export function tally(
  verdicts: readonly Verdict[],
  verifiers: readonly string[],
  threshold: number,
): Tally {
  const first = new Map<string, Verdict>()
  for (const verdict of verdicts) {
    if (verifiers.includes(verdict.author) && !first.has(verdict.author)) {
      first.set(verdict.author, verdict)
    }
  }
  const counted = [...first.values()]
  const valid = counted.filter(({ body }) => body.result === 'valid')
  const invalid = counted.filter(({ body }) => body.result === 'invalid')
  const allSpoke = counted.length === verifiers.length
  return { standing: standing(), valid, invalid }

  function standing(): Tally['standing'] {
    if (invalid.length >= threshold) return 'refuted'
    if (valid.length >= threshold && (invalid.length === 0 || allSpoke)) return 'verified'
    return allSpoke ? 'disputed' : 'pending'
  }
}
