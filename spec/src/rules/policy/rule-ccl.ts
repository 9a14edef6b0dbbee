/**
 * The ruling of a policy written in CCL: the rule that decided by its name, what it says, and the
 * numbers it saw. A rule that errs denies if it is a deny, and does not allow if it is an allow.
 */
import { fitText } from '../../records/fields.ts'
import type { Policy } from '../../records/kinds/charter.ts'
import { type PolicyHeader, readPolicyHeader } from '../../wire/policy-header.ts'
import type { Ruling } from '../authorise.ts'
import type { Policies, PolicyAnswer } from './policies.ts'
import { numbersAsked, policyValues, type Question } from './question.ts'

export type CclPolicy = Extract<Policy, { type: 'ccl' }>

/** A rule that fired, or that ended in an error. */
export type FiredRule = { name: string; effect: 'allow' | 'deny'; error?: string }

const NAME_BYTES_MAX = 128

export function ruleCcl(
  { module }: CclPolicy,
  question: Question,
  policies: Policies,
): Ruling & { effect: 'allow' | 'deny' } {
  const header = readPolicyHeader(module)
  const values = policyValues(header, question)
  const answer = policies.decide(module, values)
  const { amount } = question.request
  const allowed = answer.effect === 'allow'
  const numbers = numbersAsked(header, values)
  const decided = answer.rule === null ? undefined : header.rules[answer.rule]
  return {
    rule: nameOf(header, decided?.name),
    effect: answer.effect,
    code: allowed ? null : answer.error === null ? 'POLICY_DENIED' : 'POLICY_FAILED',
    detail: sentenceOf(header, answer, numbers),
    asked: amount,
    available: allowed ? amount : 0,
    limit: allowed ? amount : 0,
    numbers,
    fired: firedRules(header, answer),
    steps: answer.steps,
    log: answer.effects.flatMap(({ action, args }) =>
      action === 'log' ? [fitText(String(args[0] ?? ''), 1024)] : [],
    ),
  }
}

const nameOf = ({ name }: PolicyHeader, rule?: string) =>
  fitText(rule === undefined ? name : `${name}.${rule}`, NAME_BYTES_MAX)

function firedRules(header: PolicyHeader, { statuses, effect, error }: PolicyAnswer): FiredRule[] {
  const fired = header.rules.flatMap(({ name, effect }, at): FiredRule[] => {
    const status = statuses[at] ?? 'quiet'
    if (status === 'quiet') return []
    const rule = { name: nameOf(header, name), effect }
    return [status === 'fired' ? rule : { ...rule, error: status }]
  })
  const told = fired.some((rule) => rule.error === undefined && rule.effect === effect)
  if (told || fired.some((rule) => rule.error !== undefined && rule.effect === effect)) return fired
  // nothing allowed it, or the module itself broke off
  const whole = { name: nameOf(header), effect }
  return [...fired, error === null ? whole : { ...whole, error }]
}

function sentenceOf(
  header: PolicyHeader,
  answer: PolicyAnswer,
  numbers: Readonly<Record<string, number>>,
): string {
  const seen = Object.entries(numbers)
  const facts = seen.length === 0 ? '' : `; ${seen.map(([path, n]) => `${path} ${n}`).join(', ')}`
  return `${reasonOf(header, answer)}${facts}`
}

function reasonOf(header: PolicyHeader, answer: PolicyAnswer): string {
  const decided = answer.rule === null ? undefined : header.rules[answer.rule]
  const because = decided?.because === undefined ? '' : `: ${decided.because}`
  const cite = decided?.cite === undefined ? '' : ` (${decided.cite})`
  if (answer.error !== null) {
    const at = answer.statuses.indexOf(answer.error)
    const erred = decided ?? header.rules[at]
    const where = erred === undefined ? '' : `rule ${erred.name} of `
    return `${where}policy ${header.name} ended in the error ${spoken(answer.error)}, which denies`
  }
  if (decided !== undefined) return `rule ${decided.name} of policy ${header.name}${because}${cite}`
  const allows = header.rules.filter(({ effect }) => effect === 'allow')
  const missed = allows.slice(0, 8).map(({ name, because }) => {
    return because === undefined ? name : `${name} (${because})`
  })
  const rules = missed.length === 0 ? 'it has no rule that allows' : `${missed.join(', ')} did not`
  return `no rule of policy ${header.name} allows it: ${rules}`
}

const spoken = (error: string) => error.replaceAll('_', ' ')
