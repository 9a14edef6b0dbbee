/**
 * What a policy or a selection may ask about the world: a table of paths and types. The host gives
 * the values; nothing is read from a clock or counted here. `${amount}` stands for the unit of the
 * resource that the policy is for.
 */
import type { Type } from '../ir/ir.ts'

const int: Type = { is: 'int' }
const cu: Type = { is: 'cu' }
const did: Type = { is: 'did' }
const text: Type = { is: 'text' }
const time: Type = { is: 'time' }
const duration: Type = { is: 'duration' }
const percent: Type = { is: 'percent' }

/** The unit in which amounts of a resource count. */
export const UNIT_OF: ReadonlyMap<string, Type> = new Map<string, Type>([
  ['compute', cu],
  ['storage', { is: 'bytes' }],
  ['bandwidth', { is: 'bytes' }],
])

export type Known = { readonly type: Type | 'amount'; readonly about: string }
const known = (type: Type | 'amount', about: string): Known => ({ type, about })

export const POLICY_INPUTS: ReadonlyMap<string, Known> = new Map([
  ['caller', known(did, 'who asks')],
  ['now', known(time, 'when the ledger was asked')],
  ['request.amount', known('amount', 'how much is asked')],
  ['request.resource', known(text, 'the type of resource')],
  ['request.scope', known(text, 'the scope it is asked in')],
  ['usage.total', known('amount', 'what the caller has used and reserved so far')],
  ['usage.token_free', known('amount', 'what the token that pays has left')],
])

/** What a budget may ask on top: which share is charged, and how much of it is used. */
export const BUDGET_INPUTS: ReadonlyMap<string, Known> = new Map([
  ...POLICY_INPUTS,
  ['budget.share', known(text, 'the name of the share that is charged')],
  ['budget.used', known('amount', 'what the share has used in this period')],
  ['budget.unused', known('amount', 'what it left unused in the period before')],
])

export const PROPOSAL_INPUTS: ReadonlyMap<string, Known> = new Map([
  ['votes.yes', known(int, 'votes in favour')],
  ['votes.cast', known(int, 'all votes of those who may vote, each person once')],
  ['votes.eligible', known(int, 'how many may vote')],
  ['proposal.author', known(did, 'who proposed it')],
  ['proposal.title', known(text, 'what it is called')],
  ['proposal.policy_cid', known({ is: 'cid' }, 'the policy it would adopt')],
  ['proposal.to', known(did, 'who would receive something')],
  ['proposal.amount', known({ is: 'credits' }, 'how much that would be')],
  ['now', known(time, 'when the vote was counted')],
])

/** By what a policy was written as. */
export const INPUTS_OF = {
  policy: POLICY_INPUTS,
  budget: BUDGET_INPUTS,
  proposal: PROPOSAL_INPUTS,
} as const

export const SELECTION_INPUTS: ReadonlyMap<string, Known> = new Map([
  ['bid.price', known(cu, 'what the bidder asks')],
  ['bid.est_time', known(duration, 'how long it would take')],
  ['bid.reputation', known(int, '0 to 100')],
  ['bid.on_time', known(percent, 'the share of its receipts within their estimate')],
  ['bid.node', known(did, 'who bids')],
  ['bid.location', known(text, 'where the bidder says it is')],
  ['bid.free_slots', known(int, 'runs it could start now')],
  ['bid.free_memory', known(int, 'free pages of 64 KiB')],
  ['bid.cores', known(int, 'free cores')],
  ['job.amount', known(cu, 'what the job may use')],
  ['job.max_bid', known(cu, 'the most it may cost')],
  ['job.deadline', known(time, 'when it must be done')],
  ['job.submitter', known(did, 'whose job it is')],
  ['now', known(time, 'when the bids were ranked')],
])

/** `roles.NAME`: everybody who has that role, by its name in the charter. */
export const ROLES: Type = { is: 'list', of: did }
