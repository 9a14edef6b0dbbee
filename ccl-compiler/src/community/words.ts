/**
 * The words of community documents that mean something to the compiler: what may stand at the top,
 * which actions handlers ask for, and what kind of value a property has by its name. Everything
 * else in such a document is its author's own, and listed.
 */

/** At the top of a document; `named` also stands for a policy or budget named by a text. */
export const COMMUNITY: ReadonlySet<string> = new Set([
  'organization',
  'community',
  'cooperative',
  'federation',
  'charter',
  'constitution',
  'bylaws',
  'bylaws_def',
  'coop_bylaws',
  'cooperative_bylaws',
  'community_charter',
  'participation_rules',
  'participatory_budget',
  'restorative_justice',
  'budget_proposal',
  'resolution',
  'amendment',
  'election',
  'election_def',
  'process',
  'processes',
  'roles',
  'roles_def',
  'role',
  'vacancies',
  'voting',
  'membership',
  'membership_types',
  'onboarding',
  'proposal',
  'policy_def',
  'budget_def',
  'allocations',
  'allocate',
  'spending_rules',
  'treasury',
  'dispute_resolution',
  'access_control',
  'actions',
  'rules',
])

/** Kinds of job documents in which anything may stand. */
export const OPEN_KINDS: ReadonlySet<string> = new Set(['budget', 'accountability', 'reporting'])

/** What may be asked for in `on "…"` and `actions`; an action that takes anything has null. */
export const HANDLED: ReadonlyMap<string, readonly string[] | null> = new Map([
  [
    'mint_token',
    ['type', 'token_type', 'recipient', 'recipients', 'to', 'amount', 'data', 'metadata'],
  ],
  ['mint_tokens', ['type', 'recipient', 'recipients', 'to', 'amount', 'data', 'metadata']],
  ['anchor_data', ['path', 'key', 'data', 'value', 'cid', 'metadata']],
  ['perform_action', ['action', 'args', 'amount', 'resource_type', 'data']],
  ['perform_metered_action', ['action', 'args', 'amount', 'resource_type', 'data']],
  ['transfer', ['from', 'to', 'amount', 'resource_type', 'data']],
  ['transfer_resource', ['from', 'to', 'amount', 'resource_type', 'data']],
  ['grant', ['to', 'role', 'until', 'data']],
  ['adopt_policy', ['cid', 'policy', 'scope']],
  ['emit', ['event', 'subject', 'data']],
  ['log', ['message', 'level', 'data']],
  ['log_event', ['name', 'level', 'detail', 'context', 'data']],
  ['record_resource_usage', ['who', 'resource_type', 'amount']],
  ['notify', ['to', 'channel', 'channels', 'message', 'data']],
  ['update_policy', null],
])

/** Functions in values. */
export const FUNCTIONS: readonly string[] = ['timestamp', 'now', 'concat', 'sum', 'count', 'len']

export type Meant = 'share' | 'duration' | 'count'

/** What a property of this name holds when its value is a number; undefined if that is free. */
export function meantBy(key: string): Meant | undefined {
  if (/(^|_)(quorum|threshold|weight|tolerance|percentage)$/.test(key)) return 'share'
  if (/(^|_)(duration|period|delay|term_length|transition_period|timeout)$/.test(key))
    return 'duration'
  if (/(^|_)(seats|approvers|limit|members|signers|validators|required|length|amount)$/.test(key))
    return 'count'
  return undefined
}
