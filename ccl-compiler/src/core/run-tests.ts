/** Runs the tests of a checked text, and says which rules they saw fire and stay quiet. */
import { boundsOf } from '../ir/cost.ts'
import { decide, type Outcome } from '../ir/interpret.ts'
import type { Program } from '../ir/ir.ts'
import type { CheckedCore } from './check-core.ts'
import type { Expected, ReadyCase } from './check-test.ts'

export type CaseReport = {
  test: string
  case: string | null
  passed: boolean
  /** What came out instead, one sentence for each expectation that failed. */
  failures: string[]
}

export type RuleCoverage = { unit: string; rule: string; fired: boolean; quiet: boolean }

export type TestReport = {
  cases: CaseReport[]
  passed: number
  failed: number
  /** Each rule of each unit: whether a test saw it fire, and whether one saw it stay quiet. */
  rules: RuleCoverage[]
}

export function runTests({ programs, tests }: CheckedCore): TestReport {
  const seen = new Map<string, RuleCoverage>()
  const rules: RuleCoverage[] = []
  for (const program of programs) {
    for (const { name, condition } of program.rules) {
      // a rule without a condition is never quiet, and no test need show it
      const always = condition.value.op === 'flag'
      const entry = { unit: program.name, rule: name, fired: false, quiet: always }
      rules.push(entry)
      seen.set(`${program.name} ${name}`, entry)
    }
  }
  const cases = tests.map((ready) => runCase(ready, seen))
  const passed = cases.filter((one) => one.passed).length
  return { cases, passed, failed: cases.length - passed, rules }
}

function runCase(ready: ReadyCase, seen: ReadonlyMap<string, RuleCoverage>): CaseReport {
  const { test, name, program, inputs, expects } = ready
  const found = program === null ? null : decide(program, inputs, boundsOf(program).total)
  found?.statuses.forEach((status, index) => {
    const entry = seen.get(`${program?.name} ${program?.rules[index]?.name}`)
    if (entry === undefined) return
    if (status === 'fired') entry.fired = true
    if (status === 'quiet') entry.quiet = true
  })
  const failures = expects.flatMap((expected) => failure(expected, program, found) ?? [])
  return { test, case: name, passed: failures.length === 0, failures }
}

function failure(
  expected: Expected,
  program: Program | null,
  found: Outcome | null,
): string | null {
  if (expected.is === 'holds') return expected.value ? null : 'what is expected does not hold'
  if (program === null || found === null) return 'there is no decision'
  const came = describeOutcome(program, found)
  if (expected.is === 'score') {
    return found.score === expected.value ? null : `expected the score ${expected.value}, ${came}`
  }
  if (expected.is === 'asks') {
    const asked = found.effects.map(({ action }) => program.actions[action]?.name)
    const right = expected.action === null ? asked.length === 0 : asked.includes(expected.action)
    const what = asked.length === 0 ? 'nothing' : asked.join(', ')
    return right ? null : `expected to ask ${expected.action ?? 'nothing'}, asked ${what}`
  }
  const by = found.rule === null ? null : program.rules[found.rule]?.name
  const right = found.effect === expected.effect && (expected.by === null || expected.by === by)
  const wanted = expected.by === null ? expected.effect : `${expected.effect} by ${expected.by}`
  return right ? null : `expected ${wanted}, ${came}`
}

/** `found deny by suspended (suspended by the assembly)`, for people. */
export function describeOutcome(program: Program, found: Outcome): string {
  const rule = found.rule === null ? undefined : program.rules[found.rule]
  const by = rule === undefined ? ' by default' : ` by ${rule.name}`
  const why = rule?.because == null ? '' : ` (${rule.because})`
  const error = found.error === null ? '' : `, which ended in ${found.error.replaceAll('_', ' ')}`
  if (program.kind === 'selection' && found.effect === 'allow') return `found score ${found.score}`
  return `found ${found.effect}${by}${error}${why}`
}
