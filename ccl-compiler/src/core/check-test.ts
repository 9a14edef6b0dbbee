/**
 * Tests in the language, resolved: for each case the program, its inputs and what must come out.
 * Running them is in run-tests.ts.
 */
import type { Expr, Program, Type, Value } from '../ir/ir.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import type { Range } from '../source.ts'
import type * as A from './ast.ts'
import { BOOL } from './check-expression.ts'
import type { Declarations } from './declarations.ts'
import { INPUTS_OF, SELECTION_INPUTS } from './inputs.ts'
import { asValue } from './literal.ts'
import { Inputs } from './scope.ts'

export type Expected = { readonly range: Range } & (
  | { readonly is: 'effect'; readonly effect: 'allow' | 'deny'; readonly by: string | null }
  | { readonly is: 'score'; readonly value: bigint }
  /** null: nothing is asked for. */
  | { readonly is: 'asks'; readonly action: string | null }
  | { readonly is: 'holds'; readonly value: boolean }
)
export type ReadyCase = {
  readonly test: string
  readonly name: string | null
  readonly range: Range
  readonly program: Program | null
  readonly inputs: readonly Value[]
  readonly expects: readonly Expected[]
}

/** What tests are about: a checked unit and what it was made from. */
export type Subject = { readonly unit: A.Unit; readonly program: Program | null }

export function checkTests(
  decls: Declarations,
  subjects: ReadonlyMap<string, Subject>,
): ReadyCase[] {
  const seen = new Map<string, Range>()
  return decls.tests.flatMap((test) => {
    const first = seen.get(test.name.text)
    if (first !== undefined) {
      const other = { message: 'the first stands here', range: first }
      decls.problems.addWith('CCL0524', test.name.range, other, shown(test.name.text))
    }
    seen.set(test.name.text, test.name.range)
    return checkTest(test, decls, subjects)
  })
}

function checkTest(
  test: A.TestDecl,
  decls: Declarations,
  subjects: ReadonlyMap<string, Subject>,
): ReadyCase[] {
  const { problems } = decls
  const subject = test.subject === null ? undefined : subjects.get(test.subject.text)
  if (test.subject !== null && subject === undefined) {
    const { text, range } = test.subject
    const names = [...subjects.keys()]
    if (!decls.lost) {
      problems.add('CCL0320', range, shown(text), 'policy', nearest(text, names), names)
    }
    return []
  }
  const all = [test.expects, ...test.cases.map(({ expects }) => expects)]
  if (all.every((expects) => expects.length === 0) && !decls.broken) {
    problems.add('CCL0517', test.name.range, shown(test.name.text))
  }
  // a policy that is itself wrong is reported there
  if (subject !== undefined && subject.program === null) return []
  const cases: ReadyCase[] = []
  const add = (name: string | null, settings: A.Setting[], one: Omit<A.TestCase, 'settings'>) => {
    if (one.expects.length === 0) return
    const made = ready(test, name, settings, one, decls, subject)
    if (made !== null) cases.push(made)
  }
  add(null, [...test.settings], test)
  for (const one of test.cases) add(one.name.text, [...test.settings, ...one.settings], one)
  return cases
}

function ready(
  test: A.TestDecl,
  name: string | null,
  settings: readonly A.Setting[],
  one: { readonly name: A.TestCase['name']; readonly expects: readonly A.Expectation[] },
  decls: Declarations,
  subject: Subject | undefined,
): ReadyCase | null {
  const { problems } = decls
  const before = problems.errors
  const program = subject?.program ?? null
  const inputs = program === null ? [] : inputValues(settings, one, program, subject, decls)
  const expects: Expected[] = []
  for (const expect of one.expects) {
    const made = expected(expect, program, decls)
    if (made !== null) expects.push(made)
  }
  if (inputs === null || problems.errors > before) return null
  return { test: test.name.text, name, range: one.name.range, program, inputs, expects }
}

/** What the case gives, in the order of the program; later settings replace earlier ones. */
function inputValues(
  settings: readonly A.Setting[],
  one: { readonly name: A.TestCase['name'] },
  program: Program,
  subject: Subject | undefined,
  decls: Declarations,
): Value[] | null {
  const { problems } = decls
  const given = new Map<string, Value | null>()
  let strange = false
  const known = allInputs(program, subject, decls)
  for (const { path, value } of settings) {
    const key = path.text
    const type = known.typeOf(key)
    const used = program.inputs.some((input) => input.path === key)
    if (type === undefined && !used) {
      const paths = program.inputs.map((input) => input.path)
      const near = nearest(path.text, [...paths, ...known.known.keys()])
      strange = true
      problems.add('CCL0322', path.range, shown(path.text), program.name, near, paths)
      continue
    }
    const wanted = program.inputs.find((input) => input.path === key)?.type ?? (type as Type)
    const made = decls.evaluate(value, wanted, 'the value')
    given.set(key, made === null ? null : (asValue(made) as Value))
  }
  // a role that is not given is one that nobody has
  const missing = program.inputs.find(({ path }) => !given.has(path) && !path.startsWith('roles.'))
  if (missing === undefined)
    return program.inputs.map(({ path }) => (given.has(path) ? (given.get(path) as Value) : []))
  // what is misspelled is not missing as well
  if (!strange) {
    problems.add('CCL0521', one.name.range, missing.path, program.name)
  }
  return null
}

/** All that may be given, used or not. */
function allInputs(program: Program, subject: Subject | undefined, decls: Declarations): Inputs {
  const unit = subject?.unit
  const table = unit?.is === 'policy' ? INPUTS_OF[unit.from] : SELECTION_INPUTS
  const amount = program.inputs.find(({ path }) => path === 'request.amount')?.type
  const declared = new Map<string, Type>()
  for (const { name, type } of subject?.unit.inputs ?? []) {
    const made = decls.type(type)
    if (made !== null) declared.set(name.text, made)
  }
  return new Inputs(table, amount ?? { is: 'cu' }, declared)
}

function expected(
  node: A.Expectation,
  program: Program | null,
  decls: Declarations,
): Expected | null {
  const { problems } = decls
  if (node.is === 'holds') {
    const made = decls.evaluate(node.condition, BOOL, 'what is expected')
    return made === null ? null : { is: 'holds', value: asValue(made) === true, range: node.range }
  }
  if (program === null) {
    problems.add('CCL0323', node.range)
    return null
  }
  if (node.is === 'asks') {
    const { text, range } = node.action
    const names = program.actions.map(({ name }) => name)
    if (text === 'nothing') return { is: 'asks', action: null, range: node.range }
    if (names.includes(text)) return { is: 'asks', action: text, range: node.range }
    problems.add('CCL0320', range, shown(text), 'action asked for', nearest(text, names), names)
    return null
  }
  if (node.is === 'score') {
    const type = (program.score?.region.value as Expr | undefined)?.type
    if (type === undefined) {
      problems.add('CCL0519', node.range, program.name)
      return null
    }
    const made = decls.evaluate(node.value, type, 'the score')
    return made === null ? null : { is: 'score', value: asValue(made) as bigint, range: node.range }
  }
  const by = node.by
  if (by === null) return { is: 'effect', effect: node.effect, by: null, range: node.range }
  const names = program.rules.filter(({ effect }) => effect === node.effect).map(({ name }) => name)
  if (names.includes(by.text)) {
    return { is: 'effect', effect: node.effect, by: by.text, range: node.range }
  }
  const what = `${node.effect} rule`
  problems.add('CCL0320', by.range, shown(by.text), what, nearest(by.text, names), names)
  return null
}
