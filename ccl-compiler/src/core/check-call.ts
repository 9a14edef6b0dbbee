/** Calls: of the language's functions, of declared ones, and of records (`Member(did: …)`). */

import { regionOf } from '../ir/cost.ts'
import {
  type Expr,
  isNumber,
  mapParts,
  type Rounding,
  sameType,
  type Type,
  typeName,
} from '../ir/ir.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import type * as A from './ast.ts'
import { BUILTINS } from './builtins.ts'
import {
  BOOL,
  checkExpr,
  checkFold,
  foldType,
  functionNames,
  gathered,
} from './check-expression.ts'
import { MAP_FUNCTIONS, mapCall } from './check-map.ts'
import type { Declarations } from './declarations.ts'
import type { Scope } from './scope.ts'

type Call = Extract<A.Expr, { is: 'call' }>
type How = Extract<Expr, { op: 'fold' }>['how']

const ONE_OF_LIST = new Set(['sum', 'count', 'any', 'all', 'least', 'most', 'first'])
const USED_WITHIN_MAX = 16

export function checkCall(
  node: Call,
  want: Type | null,
  decls: Declarations,
  scope: Scope,
): Expr | null {
  const { text, range } = node.fn
  if (decls.hasFn(text)) return declared(node, decls, scope)
  if (decls.isRecord(text)) return record(node, decls, scope)
  if (!BUILTINS.has(text)) {
    if (!decls.lost) {
      decls.problems.add('CCL0319', range, shown(text), nearest(text, functionNames(decls)))
    }
    for (const { value } of node.args) checkExpr(value, null, decls, scope)
    return null
  }
  const stray = node.args.find(({ name }) => name !== null)?.name
  if (stray) return wrong(node, 'values without names', `\`${shown(stray.text)}:\``, decls)
  if (MAP_FUNCTIONS.has(text)) return onMap(node, want, decls, scope)
  if (ONE_OF_LIST.has(text)) return fold(node, text as How, decls, scope)
  const rounds = /^(div|part)_(down|up|even)$/.exec(text)
  if (rounds !== null) {
    const [, kind, how] = rounds as unknown as [string, string, Rounding]
    return kind === 'div' ? division(node, how, decls, scope) : share(node, how, decls, scope)
  }
  if (!counted(node, 1, decls)) return null
  const of = node.args[0]?.value as A.Expr
  if (text === 'some') {
    const value = checkExpr(of, want?.is === 'option' ? want.of : null, decls, scope)
    return value && { op: 'some', type: { is: 'option', of: value.type }, of: value }
  }
  if (text === 'used_within') return usedWithin(node, of, decls, scope)
  const value = checkExpr(of, null, decls, scope)
  if (value === null) return null
  if (text === 'has') {
    if (value.type.is === 'option') return { op: 'has', type: BOOL, of: value }
    return wrong(node, 'an option', `\`${typeName(value.type)}\``, decls)
  }
  // a conversion: the same number with another unit
  if (isNumber(value.type)) return { ...value, type: { is: text } as Type }
  if (value.type.is === 'option') {
    decls.problems.add('CCL0419', of.range, typeName(value.type))
    return null
  }
  return wrong(node, 'a number', `\`${typeName(value.type)}\``, decls)
}

/** What is asked of a map, when it is one. */
function onMap(node: Call, want: Type | null, decls: Declarations, scope: Scope): Expr | null {
  if (!counted(node, node.fn.text === 'get' ? 2 : 1, decls)) return null
  const [map, key] = node.args.map(({ value }) => value) as [A.Expr, A.Expr | undefined]
  const of = checkExpr(map, null, decls, scope)
  if (of === null) return null
  const parts = mapParts(of.type)
  if (parts === null) return wrong(node, 'a map', `\`${typeName(of.type)}\``, decls)
  if (key !== undefined && checkExpr(key, parts.key, decls, scope) === null) return null
  return checkExpr(mapCall(node, map, key ?? null), want, decls, scope)
}

function wrong(node: Call, expected: string, found: string, { problems }: Declarations): null {
  const form = BUILTINS.get(node.fn.text)?.form ?? ''
  problems.add(
    'CCL0423',
    node.args[0]?.value.range ?? node.range,
    node.fn.text,
    expected,
    found,
    form,
  )
  return null
}

function counted(node: Call, wanted: number, { problems }: Declarations): boolean {
  if (node.args.length === wanted) return true
  problems.add('CCL0418', node.fn.range, node.fn.text, wanted, node.args.length)
  return false
}

function declared(node: Call, decls: Declarations, scope: Scope): Expr | null {
  const { text } = node.fn
  const signature = decls.signature(text)
  const fn = decls.fn(text)
  if (signature === null) return null
  if (!counted(node, signature.params.length, decls)) return null
  const stray = node.args.find(({ name }) => name !== null)?.name
  if (stray) {
    const [what, found] = ['values without names', `\`${shown(stray.text)}:\``]
    decls.problems.add('CCL0423', stray.range, text, what, found, `${text}(…)`)
    return null
  }
  const args = node.args.map(({ value }, index) =>
    checkExpr(value, signature.params[index] as Type, decls, scope),
  )
  if (args.includes(null)) return null
  // of a function that is broken, and reported, the type is known all the same
  return { op: 'call', type: signature.result, fn: fn ?? -1, args: args as Expr[] }
}

function record(node: Call, decls: Declarations, scope: Scope): Expr | null {
  const type = decls.record(node.fn.text)
  if (type === null) return null
  const { problems } = decls
  const given = new Map<string, Expr | null>()
  for (const { name, value } of node.args) {
    if (name === null) {
      const next = type.fields.find((field) => !given.has(field.name))?.name ?? 'name'
      problems.add('CCL0310', value.range, type.name, next)
      return null
    }
    const field = type.fields.find((field) => field.name === name.text)
    const known = type.fields.map((field) => field.name)
    if (field === undefined) {
      const near = nearest(name.text, known)
      problems.add('CCL0317', name.range, shown(name.text), `\`${type.name}\``, near, known)
      return null
    }
    if (given.has(name.text)) {
      problems.add('CCL0308', name.range, name.text, `\`${type.name}\``)
      return null
    }
    given.set(name.text, checkExpr(value, field.type, decls, scope))
  }
  // an option that is left out is none
  const fields = type.fields.map((field) =>
    given.has(field.name) || field.type.is !== 'option'
      ? given.get(field.name)
      : ({ op: 'none', type: field.type } as Expr),
  )
  const missing = type.fields.filter((_, index) => fields[index] === undefined)
  if (missing.length > 0) {
    const names = missing.map((field) => field.name)
    problems.add('CCL0422', node.fn.range, type.name, names)
    return null
  }
  if (fields.includes(null)) return null
  return gathered({ op: 'record', type, fields: fields as Expr[] }, fields as Expr[])
}

/** `sum(for m in members: m.weight)`, or of a list as it is: `sum(weights)`. */
function fold(node: Call, how: How, decls: Declarations, scope: Scope): Expr | null {
  if (!counted(node, 1, decls)) return null
  const of = node.args[0]?.value as A.Expr
  const flags = how === 'any' || how === 'all'
  const numbers = how === 'sum' || how === 'least' || how === 'most'
  const needs = flags ? BOOL : numbers ? 'number' : null
  if (of.is === 'for') {
    const made = checkFold(of, how, needs, decls, scope)
    return made !== null && numbers ? untimed(node, how, made, decls) : made
  }
  const source = checkExpr(of, null, decls, scope)
  if (source === null) return null
  const item = source.type.is === 'list' ? source.type.of : null
  const fits = item !== null && (flags ? item.is === 'bool' : !numbers || isNumber(item))
  if (!fits) {
    const what = flags ? 'a list of conditions' : numbers ? 'a list of numbers' : 'a list'
    return wrong(node, what, `\`${typeName(source.type)}\``, decls)
  }
  const slot = scope.locals.push(item) - 1
  const body = regionOf({ op: 'local', type: item, slot })
  const type = foldType(how, item)
  const made: Expr = { op: 'fold', type, how, source, slot, limit: null, filter: null, body }
  return numbers ? untimed(node, how, made, decls) : made
}

/** Points in time have no sum. */
function untimed(node: Call, how: How, made: Expr, decls: Declarations): Expr | null {
  if (how !== 'sum' || made.type.is !== 'time') return made
  return wrong(node, 'numbers that can be added', '`time`', decls)
}

function pair(node: Call, decls: Declarations, scope: Scope): [Expr, Expr] | null {
  if (!counted(node, 2, decls)) return null
  const [a, b] = node.args.map(({ value }) => checkExpr(value, null, decls, scope))
  if (!a || !b) return null
  return countable(node, 0, a, decls) && countable(node, 1, b, decls) ? [a, b] : null
}

function countable(node: Call, index: 0 | 1, expr: Expr, { problems }: Declarations): boolean {
  if (isNumber(expr.type) && expr.type.is !== 'time') return true
  const range = node.args[index]?.value.range ?? node.range
  if (expr.type.is === 'option') problems.add('CCL0419', range, typeName(expr.type))
  else {
    const form = BUILTINS.get(node.fn.text)?.form ?? ''
    problems.add('CCL0423', range, node.fn.text, 'numbers', `\`${typeName(expr.type)}\``, form)
  }
  return false
}

/** unit ÷ int is the unit; unit ÷ the same unit is a whole number. */
function division(node: Call, how: Rounding, decls: Declarations, scope: Scope): Expr | null {
  const both = pair(node, decls, scope)
  if (both === null) return null
  const [left, right] = both
  const same = sameType(left.type, right.type)
  if (same || right.type.is === 'int') {
    const type: Type = same ? { is: 'int' } : left.type
    return { op: 'divide', type, how, left, right }
  }
  decls.problems.add('CCL0416', node.range, typeName(left.type), typeName(right.type))
  return null
}

function share(node: Call, how: Rounding, decls: Declarations, scope: Scope): Expr | null {
  const both = pair(node, decls, scope)
  if (both === null || how === 'even') return null
  const [left, right] = both
  if (right.type.is === 'percent') return { op: 'part', type: left.type, how, left, right }
  return wrong(node, 'an amount and a share such as `33%`', `\`${typeName(right.type)}\``, decls)
}

/** A counter that the host keeps: one input for each length of time that is asked for. */
function usedWithin(node: Call, of: A.Expr, decls: Declarations, scope: Scope): Expr | null {
  const { inputs } = scope
  if (inputs === null || !inputs.known.has('usage.total')) {
    decls.problems.add('CCL0321', node.range, 'used_within')
    return null
  }
  const period = checkExpr(of, { is: 'duration' }, decls, scope)
  if (period === null) return null
  if (period.op !== 'number') {
    decls.problems.add('CCL0424', of.range, 'this length of time')
    return null
  }
  if (period.value < 1n) {
    decls.problems.add('CCL0405', of.range, 'used_within', 'a duration of at least 1ms', 'less')
    return null
  }
  const type = inputs.amount
  const index = inputs.place(`usage.within.${period.value}`, type)
  const counters = inputs.list.filter(({ path }) => path.startsWith('usage.within.'))
  if (counters.length > USED_WITHIN_MAX) {
    decls.problems.add('CCL0522', of.range, 'lengths of time in one policy', USED_WITHIN_MAX)
    return null
  }
  return { op: 'input', type, index }
}
