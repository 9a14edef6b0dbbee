/** Policies and selections: to a program, with the checks that take all their rules together. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Name } from '../ast.ts'
import { boundsOf, regionOf } from '../ir/cost.ts'
import {
  type AskedAction,
  type Expr,
  type Handler,
  isNumber,
  isWord,
  type Key,
  type Program,
  type Rule,
  type Type,
  typeName,
  type Value,
} from '../ir/ir.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import { isScope } from '../types.ts'
import { describedBytes } from '../wasm/header.ts'
import type * as A from './ast.ts'
import { BOOL, checkExpr } from './check-expression.ts'
import { checkHandler } from './check-function.ts'
import { Declarations } from './declarations.ts'
import { INPUTS_OF, SELECTION_INPUTS, UNIT_OF } from './inputs.ts'
import { Inputs, Scope } from './scope.ts'

/** What the header says about inputs must fit into a block, with room for the rules. */
const DESCRIBED_MAX = 262_144

const ORDERS = ['ascending', 'descending']

/** The program, or null when something in it was wrong and is reported. */
export function checkUnit(unit: A.Unit, outer: Declarations): Program | null {
  const { problems } = outer
  const decls = new Declarations(
    { decls: unit.consts, uses: [], broken: outer.broken, lost: outer.lost },
    problems,
    outer,
  )
  const inputs = inputsOf(unit, decls)
  if (inputs === null) return null
  const program =
    unit.is === 'policy' ? policy(unit, decls, inputs) : selection(unit, decls, inputs)
  decls.checkAll()
  // a call of a broken function has no bound; what is reported is mended first
  if (program === null || problems.hasErrors) return null
  decls.warnUnused()
  for (const { name } of unit.inputs) {
    const used = inputs.list.some(({ path }) => path === name.text)
    if (!used) problems.add('CCL0518', name.range, shown(name.text), 'input')
  }
  const described = describedBytes(program.inputs)
  if (described > DESCRIBED_MAX) {
    problems.add('CCL0522', unit.name.range, 'bytes of inputs and their types', DESCRIBED_MAX)
    return null
  }
  const { total } = boundsOf(program)
  if (total > LIMITS.cclStepsMax) {
    problems.add('CCL0514', unit.name.range, `\`${shown(unit.name.text)}\``, total)
    return null
  }
  return program
}

function inputsOf(unit: A.Unit, decls: Declarations): Inputs | null {
  const known = unit.is === 'policy' ? INPUTS_OF[unit.from] : SELECTION_INPUTS
  const declared = new Map<string, Type>()
  const amount = unit.is === 'policy' ? amountOf(unit, decls) : ({ is: 'cu' } as Type)
  let whole = amount !== null
  for (const { name, type } of unit.inputs) {
    const made = decls.type(type)
    const taken = declared.has(name.text) || decls.isConstant(name.text)
    if (taken || [...known.keys()].some((path) => path.split('.')[0] === name.text)) {
      decls.problems.add('CCL0318', name.range, shown(name.text), 'input')
      whole = false
    }
    if (made === null) whole = false
    else declared.set(name.text, made)
  }
  return whole && amount !== null ? new Inputs(known, amount, declared) : null
}

function amountOf({ resource, scope }: A.PolicyDecl, { problems }: Declarations): Type | null {
  if (scope !== null && !isScope(scope.text)) {
    problems.add('CCL0408', scope.range, 'scope', `the text "${shown(scope.text)}"`)
    return null
  }
  if (resource === null) return { is: 'cu' }
  const unit = UNIT_OF.get(resource.text)
  if (unit !== undefined) return unit
  const names = [...UNIT_OF.keys()]
  const found = `the text "${shown(resource.text)}"`
  problems.add('CCL0404', resource.range, 'token', found, nearest(resource.text, names), names)
  return null
}

function fresh(names: readonly Name[], what: string, decls: Declarations): void {
  const seen = new Map<string, Name>()
  for (const name of names) {
    const first = seen.get(name.text)
    if (first === undefined) seen.set(name.text, name)
    else {
      const other = { message: 'the first stands here', range: first.range }
      decls.problems.addWith('CCL0318', name.range, other, shown(name.text), what)
    }
  }
}

function tooMany(names: readonly Name[], most: number, what: string, decls: Declarations): boolean {
  const excess = names[most]
  if (excess === undefined) return false
  decls.problems.add('CCL0522', excess.range, what, most)
  return true
}

function policy(unit: A.PolicyDecl, decls: Declarations, inputs: Inputs): Program | null {
  const names = unit.rules.map(({ name }) => name)
  fresh(names, 'rule', decls)
  if (tooMany(names, LIMITS.cclRulesMax, 'rules', decls)) return null
  const rules = unit.rules.map((rule) => {
    const scope = new Scope(inputs, unit.lost)
    const condition = conditionOf(rule, decls, scope)
    if (condition === null) return null
    return ruleOf(rule.name, rule.effect, condition, rule.because, rule.cite, scope)
  })
  const actions: AskedAction[] = []
  const on = handlers(unit, decls, inputs, actions)
  if (rules.includes(null) || on === null) return null
  compareRules(rules as Rule[], decls)
  if (!unit.rules.some(({ effect }) => effect === 'allow') && !unit.lost) {
    decls.problems.add('CCL0520', unit.name.range, shown(unit.name.text))
  }
  return {
    kind: 'policy',
    name: unit.name.text,
    resource: unit.resource?.text ?? null,
    scope: unit.scope?.text ?? null,
    inputs: inputs.list,
    fns: decls.fns,
    rules: rules as Rule[],
    onAllow: on.allow,
    onDeny: on.deny,
    actions,
    score: null,
    order: 'ascending',
    ties: [],
  }
}

function handlers(
  unit: A.PolicyDecl,
  decls: Declarations,
  inputs: Inputs,
  actions: AskedAction[],
): { allow: Handler | null; deny: Handler | null } | null {
  const found: { allow: Handler | null; deny: Handler | null } = { allow: null, deny: null }
  const seen = new Map<string, Name>()
  let whole = true
  for (const decl of unit.ons) {
    const { effect } = decl
    const first = seen.get(effect.text)
    if (first !== undefined) {
      const other = { message: 'the first stands here', range: first.range }
      const where = `\`${shown(unit.name.text)}\``
      decls.problems.addWith('CCL0307', effect.range, other, `on ${effect.text}`, where)
    }
    seen.set(effect.text, effect)
    const made = checkHandler(decl, decls, inputs, actions)
    if (made === null || first !== undefined) whole = false
    else found[effect.text === 'allow' ? 'allow' : 'deny'] = made
  }
  return whole ? found : null
}

/** `when a unless b` is `a and not b`; without both, true. */
function conditionOf(rule: A.RuleDecl, decls: Declarations, scope: Scope): Expr | null {
  const when = rule.when === null ? null : checkExpr(rule.when, BOOL, decls, scope)
  const unless = rule.unless === null ? null : checkExpr(rule.unless, BOOL, decls, scope)
  if (rule.when !== null && when === null) return null
  if (rule.unless !== null && unless === null) return null
  if (unless === null) return when ?? { op: 'flag', type: BOOL, value: true }
  const not: Expr = { op: 'not', type: BOOL, of: unless }
  return when === null ? not : { op: 'and', type: BOOL, left: when, region: regionOf(not) }
}

function ruleOf(
  name: Name,
  effect: 'allow' | 'deny',
  condition: Expr,
  because: Name | null,
  cite: Name | null,
  { locals }: Scope,
): Rule {
  return {
    name: name.text,
    effect,
    because: because?.text ?? null,
    cite: cite?.text ?? null,
    condition: regionOf(condition),
    locals,
    range: name.range,
  }
}

/** Rules that never fire, that repeat another, or that say the opposite of another. */
function compareRules(rules: readonly Rule[], { problems }: Declarations): void {
  const seen = new Map<string, Rule>()
  const constants = new Map<Value, number>()
  const always: Partial<Record<Rule['effect'], Rule>> = {}
  for (const rule of rules) {
    const { value } = rule.condition
    if (value.op === 'flag' && !value.value) {
      problems.add('CCL0508', rule.range, shown(rule.name))
      continue
    }
    const shape = shapeOf(value, constants)
    const first = seen.get(shape) ?? always[rule.effect]
    if (first === undefined) {
      seen.set(shape, rule)
      if (value.op === 'flag') always[rule.effect] = rule
      continue
    }
    // two of one name are one mistake
    if (first.name === rule.name) continue
    const code = first.effect === rule.effect ? 'CCL0509' : 'CCL0510'
    const other = { message: 'the other rule stands here', range: first.range }
    problems.addWith(code, rule.range, other, shown(rule.name), shown(first.name))
  }
}

const COMPARED_MAX = 64

/**
 * The condition as a text, equal for equal conditions. Long and nested constants count by their
 * identity: written out, a constant of constants could be longer than any memory.
 */
function shapeOf(value: Expr, constants: Map<Value, number>): string {
  return JSON.stringify(value, (key, part) => {
    if (typeof part === 'bigint') return `${part}n`
    if (key === 'type') return typeName(part)
    if (part?.op !== 'constant') return part
    const items = part.value as readonly Value[]
    const flat = Array.isArray(items) && items.every((item) => typeof item !== 'object')
    if (flat && items.length <= COMPARED_MAX) return items.map(String)
    if (!constants.has(items)) constants.set(items, constants.size)
    return `constant ${constants.get(items)}`
  })
}

function selection(unit: A.SelectionDecl, decls: Declarations, inputs: Inputs): Program | null {
  const { problems } = decls
  const names = unit.requires.map(({ name }) => name)
  fresh(names, 'requirement', decls)
  if (tooMany(names, LIMITS.cclRulesMax, 'requirements', decls)) return null
  if (unit.ties.length > LIMITS.cclTiesMax) {
    problems.add(
      'CCL0522',
      (unit.ties[LIMITS.cclTiesMax] as A.Expr).range,
      'ties',
      LIMITS.cclTiesMax,
    )
    return null
  }
  const rules = unit.requires.map((require) => {
    const scope = new Scope(inputs, unit.lost)
    const of = checkExpr(require.condition, BOOL, decls, scope)
    if (of === null) return null
    // a requirement denies when it does not hold
    const condition: Expr =
      of.op === 'flag' ? { ...of, value: !of.value } : { op: 'not', type: BOOL, of }
    return ruleOf(require.name, 'deny', condition, require.because, null, scope)
  })
  const order = unit.order?.text ?? 'ascending'
  if (unit.order !== null && !ORDERS.includes(order)) {
    const found = `the text "${shown(order)}"`
    problems.add('CCL0404', unit.order.range, 'order', found, nearest(order, ORDERS), ORDERS)
  }
  const score =
    unit.score === null ? null : key(unit.score, decls, new Scope(inputs, unit.lost), true)
  if (unit.score === null && !unit.lost) {
    problems.add('CCL0519', unit.name.range, shown(unit.name.text))
  }
  const ties = unit.ties.map((tie) => key(tie, decls, new Scope(inputs, unit.lost), false))
  if (rules.includes(null) || ties.includes(null) || score === null) return null
  return {
    kind: 'selection',
    name: unit.name.text,
    resource: null,
    scope: null,
    inputs: inputs.list,
    fns: decls.fns,
    rules: rules as Rule[],
    onAllow: null,
    onDeny: null,
    actions: [],
    score,
    order: order as Program['order'],
    ties: ties as Key[],
  }
}

function key(node: A.Expr, decls: Declarations, scope: Scope, numeric: boolean): Key | null {
  const value = checkExpr(node, null, decls, scope)
  if (value === null) return null
  if (isNumber(value.type) || (!numeric && isWord(value.type))) {
    return { region: regionOf(value), locals: scope.locals }
  }
  const expected = numeric ? 'a number' : 'a number or a word'
  if (value.type.is === 'option') {
    decls.problems.add('CCL0419', node.range, typeName(value.type))
  } else {
    const help = 'bids are put in order by it'
    decls.problems.add('CCL0414', node.range, expected, `\`${typeName(value.type)}\``, help)
  }
  return null
}
