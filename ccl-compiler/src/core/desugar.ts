/**
 * Governance and budgets as the policies that they are short for: a proposal passes as a policy
 * allows, and a share of a budget is a rule. What comes after does not know where it came from.
 */
import type { Name } from '../ast.ts'
import type { Type } from '../ir/ir.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import type { Range } from '../source.ts'
import type * as A from './ast.ts'
import type { Declarations } from './declarations.ts'
import { UNIT_OF } from './inputs.ts'
import { asValue } from './literal.ts'

const ONE = 1_000_000n
const PERCENT: Type = { is: 'percent' }
const DURATION: Type = { is: 'duration' }

// expressions that nobody wrote: they stand where their property does

const percent = (ppm: bigint, range: Range): A.Expr => ({ is: 'percent', ppm, range, depth: 1 })
const whole = (value: bigint, range: Range): A.Expr => ({ is: 'whole', value, range, depth: 1 })
const text = (words: string, range: Range): A.Expr => ({ is: 'text', text: words, range, depth: 1 })
const path = (root: string, field: string, range: Range): A.Expr => {
  const of: A.Expr = { is: 'name', text: root, range, depth: 1 }
  return { is: 'field', of, name: { text: field, range }, range, depth: 2 }
}
const binary = (left: A.Expr, op: A.BinaryOp, right: A.Expr): A.Expr => {
  const depth = Math.max(left.depth, right.depth) + 1
  return { is: 'binary', op, at: left.range, left, right, range: left.range, depth }
}
const call = (fn: string, range: Range, ...values: A.Expr[]): A.Expr => {
  const args = values.map((value) => ({ name: null, value }))
  return { is: 'call', fn: { text: fn, range }, args, range, depth: 4 }
}
const rule = (
  name: string,
  effect: 'allow' | 'deny',
  when: A.Expr,
  range: Range,
  because: string,
): A.RuleDecl => ({
  ...{ is: 'rule', name: { text: name, range }, effect, when, unless: null },
  ...{ because: { text: because, range }, cite: null },
})

/** The properties by name; unknown, double and missing ones are reported, and give null. */
function propertiesOf(
  found: readonly A.Property[],
  known: readonly string[],
  required: readonly string[],
  owner: Name,
  what: string,
  { problems, broken }: Declarations,
): Map<string, A.Property> | null {
  const byName = new Map<string, A.Property>()
  let right = true
  for (const property of found) {
    const { name } = property
    const where = `the ${what}`
    if (!known.includes(name.text)) {
      problems.add('CCL0302', name.range, shown(name.text), where, nearest(name.text, known), known)
      right = false
    } else if (byName.has(name.text)) {
      const range = byName.get(name.text)?.name.range ?? name.range
      const other = { message: 'the first stands here', range }
      problems.addWith('CCL0306', name.range, other, name.text, where)
    }
    byName.set(name.text, property)
  }
  const missing = required.filter((name) => !byName.has(name))
  // one that is misspelled is not missing as well
  if (missing.length > 0 && right && !broken) {
    problems.add('CCL0309', owner.range, `${what} ${shown(owner.text)}`, missing)
  }
  return right && missing.length === 0 ? byName : null
}

function amountIn(property: A.Property, type: Type, decls: Declarations): bigint | null {
  const made = decls.evaluate(property.value, type, `\`${property.name.text}\``)
  return made === null ? null : (asValue(made) as bigint)
}

/** A share from more than nothing to 100 %. */
function shareOf(property: A.Property, decls: Declarations): bigint | null {
  const ppm = amountIn(property, PERCENT, decls)
  if (ppm === null || (ppm > 0n && ppm <= ONE)) return ppm
  const found = `${Number(ppm) / 10_000}%`
  const expected = 'a share of more than 0% up to 100%'
  decls.problems.add('CCL0405', property.value.range, property.name.text, expected, found)
  return null
}

const PROPOSAL = ['quorum', 'threshold', 'voting_period', 'eligible']

export function proposalPolicies(decl: A.GovernanceDecl, decls: Declarations): A.PolicyDecl[] {
  const { problems } = decls
  const roles = new Map<string, Name>()
  for (const { name, properties } of decl.roles) {
    const first = roles.get(name.text)
    if (first !== undefined) {
      const other = { message: 'the first stands here', range: first.range }
      problems.addWith('CCL0318', name.range, other, shown(name.text), 'role')
    }
    roles.set(name.text, name)
    const known = propertiesOf(properties, ['can'], ['can'], name, 'role', decls)
    const can = known?.get('can')
    if (can) decls.evaluate(can.value, { is: 'list', of: { is: 'text' } }, '`can`')
  }
  return decl.proposals.flatMap(
    (proposal) => proposalPolicy(proposal, [...roles.keys()], decls) ?? [],
  )
}

function proposalPolicy(
  { name, properties, ons, lost }: A.Proposal,
  roles: readonly string[],
  decls: Declarations,
): A.PolicyDecl | null {
  const found = propertiesOf(properties, PROPOSAL, PROPOSAL, name, 'proposal', decls)
  if (found === null) return null
  const [quorum, threshold, period, eligible] = PROPOSAL.map((key) => found.get(key))
  if (!quorum || !threshold || !period || !eligible) return null
  const shares = [shareOf(quorum, decls), shareOf(threshold, decls)]
  const ms = amountIn(period, DURATION, decls)
  if (ms !== null && ms < 1n) {
    const expected = 'a duration of at least 1ms'
    decls.problems.add('CCL0405', period.value.range, 'voting_period', expected, 'less')
  }
  checkRole(eligible.value, roles, decls)
  // what is wrong is reported, and the rest is checked with it as it might be
  const [least, most] = shares.map((share) => share ?? ONE) as [bigint, bigint]
  return {
    ...{ is: 'policy', from: 'proposal', name, resource: null, scope: null },
    ...{ consts: [], inputs: [], lost },
    rules: [
      rule(
        'passed',
        'allow',
        passes(most, threshold.value.range),
        threshold.value.range,
        'enough of the votes are in favour',
      ),
      rule(
        'quorum',
        'deny',
        tooFew(least, quorum.value.range),
        quorum.value.range,
        'fewer voted than the quorum asks for',
      ),
    ],
    ons: ons.map((on) => ({
      ...on,
      effect: { ...on.effect, text: on.effect.text === 'passed' ? 'allow' : 'deny' },
    })),
  }
}

/** `role.member`, one of the governance's own. */
function checkRole(value: A.Expr, roles: readonly string[], { problems }: Declarations): void {
  const of = value.is === 'field' && value.of.is === 'name' ? value.of.text : ''
  if (value.is !== 'field' || of !== 'role') {
    problems.add('CCL0216', value.range, 'a role, such as `role.member`', 'something else')
  } else if (!roles.includes(value.name.text)) {
    const { text, range } = value.name
    problems.add('CCL0320', range, shown(text), 'role', nearest(text, roles), roles)
  }
}

/** Shares are rounded up: two thirds of four votes are three. */
const passes = (threshold: bigint, range: Range) => {
  const needed = call('part_up', range, path('votes', 'cast', range), percent(threshold, range))
  return binary(path('votes', 'yes', range), '>=', needed)
}

const tooFew = (quorum: bigint, range: Range) => {
  const cast = path('votes', 'cast', range)
  const needed = call('part_up', range, path('votes', 'eligible', range), percent(quorum, range))
  // nobody's vote passes nothing, even where nobody may vote
  return binary(binary(cast, '<', needed), 'or', binary(cast, '<', whole(1n, range)))
}

const SHARE = ['part', 'cap', 'floor', 'carry_over']

/** One rule for each share: what was used, with the request, stays within its part. */
export function budgetPolicy(decl: A.BudgetDecl, decls: Declarations): A.PolicyDecl | null {
  const { problems } = decls
  const { name, resource, scope, lost } = decl
  const unit = UNIT_OF.get(resource?.text ?? 'compute') ?? ({ is: 'cu' } as Type)
  const top = propertiesOf(decl.properties, ['pool'], ['pool'], name, 'budget', decls)
  const pool = top?.get('pool')
  const total = pool === undefined ? null : amountIn(pool, unit, decls)
  const rules: A.RuleDecl[] = []
  let parts = 0n
  for (const share of decl.shares) {
    const found = propertiesOf(share.properties, SHARE, ['part'], share.name, 'share', decls)
    const [part, cap, floor, carry] = SHARE.map((key) => found?.get(key))
    if (part === undefined || total === null) continue
    const ppm = shareOf(part, decls)
    const most = cap === undefined ? total : amountIn(cap, unit, decls)
    const least = floor === undefined ? 0n : amountIn(floor, unit, decls)
    const carried = carry === undefined ? 0n : shareOf(carry, decls)
    if (ppm === null || most === null || least === null || carried === null) continue
    parts += ppm
    if (least > most) {
      const range = floor?.value.range ?? share.name.range
      problems.add('CCL0405', range, 'floor', `an amount up to the cap of ${most}`, `${least}`)
      continue
    }
    const own = clamp((total * ppm) / ONE, least, most)
    rules.push(shareRule(share.name, unit, own, (own * carried) / ONE))
  }
  if (parts > ONE) {
    const range = name.range
    problems.add('CCL0527', range, `${Number(parts) / 10_000}%`)
  }
  if (decl.shares.length === 0 && !lost) {
    problems.add('CCL0309', name.range, `budget ${shown(name.text)}`, ['share'])
  }
  if (rules.length < decl.shares.length || total === null) return null
  return {
    ...{ is: 'policy', from: 'budget', name, resource, scope },
    ...{ consts: [], inputs: [], lost, rules, ons: [] },
  }
}

const clamp = (value: bigint, least: bigint, most: bigint) =>
  value < least ? least : value > most ? most : value

/** used + asked ≤ own + the smaller of what is left over and what may be carried over. */
function shareRule({ text: name, range }: Name, unit: Type, own: bigint, carry: bigint) {
  const amount = (value: bigint) => call(unit.is, range, whole(value, range))
  const used = binary(path('budget', 'used', range), '+', path('request', 'amount', range))
  const isShare = binary(path('budget', 'share', range), '==', text(name, range))
  const most = binary(used, '<=', amount(own + carry))
  const unused = binary(amount(own), '+', path('budget', 'unused', range))
  const leftOver = binary(used, '<=', unused)
  const when = binary(binary(isShare, 'and', most), 'and', leftOver)
  return rule(name, 'allow', when, range, `inside the share of ${name}`)
}
