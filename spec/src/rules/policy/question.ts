/**
 * What a compiled policy asks, answered from what the `decision` record holds and the charter in
 * force: nothing is counted or looked up elsewhere, so whoever has both asks the same.
 */
import { admit } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { type Charter, ROLES } from '../../records/kinds/charter.ts'
import type { AuthorisationRequest, AuthorisationValues } from '../../records/kinds/decision.ts'
import type { PolicyHeader } from '../../wire/policy-header.ts'
import type { PolicyValue } from './policies.ts'

export type Question = {
  charter: Charter
  request: AuthorisationRequest
  values: Omit<AuthorisationValues, 'usedInPeriods'>
  /** For each period of `periodsOf`, in that order. */
  usedInPeriods: readonly number[]
}

type Input = { types: readonly string[]; value: (of: Question) => PolicyValue }

const AMOUNTS = ['cu', 'bytes']
const number = (types: readonly string[], of: (question: Question) => number): Input => ({
  types,
  value: (question) => BigInt(of(question)),
})
const word = (type: string, of: (question: Question) => string): Input => ({
  types: [type],
  value: of,
})

const INPUTS: ReadonlyMap<string, Input> = new Map([
  ['caller', word('did', ({ request }) => request.holder)],
  ['now', number(['time'], ({ request }) => request.atMs)],
  ['request.amount', number(AMOUNTS, ({ request }) => request.amount)],
  ['request.resource', word('text', ({ request }) => request.resourceType)],
  ['request.scope', word('text', ({ request }) => request.scope)],
  ['usage.total', number(AMOUNTS, ({ values }) => values.used)],
  ['usage.token_free', number(AMOUNTS, ({ values }) => values.tokenFree)],
])

const WITHIN = /^usage\.within\.([1-9]\d{0,15})$/
const ROLE = /^roles\.(.+)$/

/** The sliding periods that a policy counts in, in ms, in the order of its inputs. */
export function periodsAsked({ inputs }: PolicyHeader): number[] {
  return inputs.flatMap(([path]) => {
    const [, period] = WITHIN.exec(path) ?? []
    return period === undefined ? [] : [Number(period)]
  })
}

/** The values of a policy's inputs. The charter has been checked: see `ensureAnswerable`. */
export function policyValues({ inputs }: PolicyHeader, question: Question): PolicyValue[] {
  let periods = 0
  return inputs.map(([path]) => {
    if (WITHIN.test(path)) return BigInt(question.usedInPeriods[periods++] ?? LIMITS.amountMax)
    const [, role] = ROLE.exec(path) ?? []
    if (role !== undefined) return whoHas(role, question.charter) ?? []
    const input = INPUTS.get(path)
    admit(input !== undefined, 'POLICY_UNSUPPORTED', () => `nothing here knows \`${path}\``)
    return input.value(question)
  })
}

/** Refuses with POLICY_UNSUPPORTED a policy that asks what the ledger cannot answer. */
export function ensureAnswerable({ inputs, name }: PolicyHeader, charter: Charter): void {
  for (const [path, type] of inputs) {
    const [, role] = ROLE.exec(path) ?? []
    const known =
      role !== undefined
        ? type === 'list<did>' && whoHas(role, charter) !== undefined
        : WITHIN.test(path)
          ? AMOUNTS.includes(type)
          : INPUTS.get(path)?.types.includes(type) === true
    admit(
      known,
      'POLICY_UNSUPPORTED',
      () => `policy ${name} asks for \`${path}\` (${type}), which the charter does not give`,
    )
  }
}

/** Members in a role of the mesh, or in a circle; undefined if there is none of that name. */
function whoHas(role: string, { body }: Charter): readonly string[] | undefined {
  const circle = body.circles?.find(({ name }) => name === role)
  if (circle !== undefined) return circle.members
  if (!(ROLES as readonly string[]).includes(role)) return undefined
  return body.members.filter(({ roles }) => roles.some((one) => one === role)).map(({ did }) => did)
}

/** The numbers among what was asked, by their paths: what stands behind a refusal. */
export function numbersAsked(
  { inputs }: PolicyHeader,
  values: readonly PolicyValue[],
): Record<string, number> {
  const numbers = inputs.flatMap(([path], at): [string, number][] => {
    const value = values[at]
    return typeof value === 'bigint' ? [[path, Number(value)]] : []
  })
  return Object.fromEntries(numbers)
}
