/**
 * The five verbs of a verification, and which of them a finding's code belongs to: open (canonical,
 * signed, whole), link (each names the one it answers), belong (roles in the charter), account
 * (token, hold, lease, settle), replay (doing it again gives the same).
 */
import type { Code, Finding } from '@planetary-mesh/spec'

export const VERBS = ['open', 'link', 'belong', 'account', 'replay'] as const
export type Verb = (typeof VERBS)[number]

const OPEN = /^(BLOCK|CID|FILE|DID|KEY|SIGNATURE|RECORD_(MALFORMED|KIND)|CHECKPOINT|TREE)/
const BELONG = /^(CHARTER|ROLE|AUTHOR|TOKEN_ISSUER|AWARD|VERDICT_CONFLICT)/
const REPLAY = /^(OUTPUT|DECISION|MODULE|IMPORT|PROFILE)/

export function verbOf(code: Code): Verb {
  if (OPEN.test(code)) return 'open'
  if (code === 'LINK_MISMATCH') return 'link'
  if (BELONG.test(code)) return 'belong'
  return REPLAY.test(code) ? 'replay' : 'account'
}

/** The findings under their verbs; a verb without findings holds. */
export function byVerb(findings: readonly Finding[]): Record<Verb, Finding[]> {
  const of = (verb: Verb) => findings.filter(({ code }) => verbOf(code) === verb)
  return {
    open: of('open'),
    link: of('link'),
    belong: of('belong'),
    account: of('account'),
    replay: of('replay'),
  }
}
