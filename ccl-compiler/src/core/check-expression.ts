/**
 * Expressions: every name looked up, every type known. What comes out is IR; null means that
 * something was wrong and is reported. `want` is the type that the place asks for, if it does: it
 * gives texts in quotes, `[]` and `none` their types, and a wrong type its message.
 */
import { isDid, LIMITS, parseCid } from '@planetary-mesh/spec/bare'
import { Stop } from '../ir/arithmetic.ts'
import { partsOf, regionOf } from '../ir/cost.ts'
import { constantOf } from '../ir/interpret.ts'
import { type Expr, isNumber, isWord, sameType, type Type, typeName, type Value } from '../ir/ir.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import { byteLength, type Range } from '../source.ts'
import type * as A from './ast.ts'
import { BUILTINS } from './builtins.ts'
import { checkCall } from './check-call.ts'
import { checkMap } from './check-map.ts'
import { checkOperator } from './check-operator.ts'
import type { Declarations } from './declarations.ts'
import { asValue, literal } from './literal.ts'
import type { Scope } from './scope.ts'

export const BOOL: Type = { is: 'bool' }
export const INT: Type = { is: 'int' }

/** The expression, of the type `want` if one is wanted. */
export function checkExpr(
  node: A.Expr,
  want: Type | null,
  decls: Declarations,
  scope: Scope,
): Expr | null {
  const made = unchecked(node, want, decls, scope)
  if (made === null || want === null || sameType(made.type, want)) return made
  return mismatch(node, made, want, decls)
}

function mismatch(node: A.Expr, made: Expr, want: Type, decls: Declarations): null {
  const { problems } = decls
  const { type } = made
  if (type.is === 'option' && want.is !== 'option') {
    problems.add('CCL0419', node.range, typeName(type))
  } else if (isNumber(type) && isNumber(want)) {
    problems.add('CCL0416', node.range, typeName(want), typeName(type))
  } else {
    problems.add('CCL0414', node.range, named(want), describe(node, type), helpFor(want, type))
  }
  return null
}

/** A type in a sentence. */
export function named(type: Type): string {
  if (type.is === 'bool') return 'a condition, true or false'
  return `a value of type \`${typeName(type)}\``
}

function describe(node: A.Expr, type: Type): string {
  if (node.is === 'text') return `the text "${shown(node.text)}"`
  return `\`${typeName(type)}\``
}

function helpFor(want: Type, type: Type): string {
  if (want.is === 'bool') return 'compare it with something: `… == …`, `… <= …`, `… in …`'
  if (want.is === 'list') return `put it in brackets: \`[…]\``
  if (want.is === 'option' && sameType(want.of, type)) return 'write `some(…)`'
  if (isNumber(want) && type.is === 'text') return 'write the number without quotes'
  return `only \`${typeName(want)}\` fits here`
}

function unchecked(
  node: A.Expr,
  want: Type | null,
  decls: Declarations,
  scope: Scope,
): Expr | null {
  const { problems } = decls
  if (problems.full) return null
  switch (node.is) {
    case 'broken':
      return null
    case 'whole':
      if (node.value < 2n ** 63n) return { op: 'number', type: INT, value: node.value }
      problems.add('CCL0420', node.range, `\`${node.value}\``)
      return null
    case 'percent':
      return { op: 'number', type: { is: 'percent' }, value: node.ppm }
    case 'duration':
      return { op: 'number', type: { is: 'duration' }, value: node.ms }
    case 'flag':
      return { op: 'flag', type: BOOL, value: node.flag }
    case 'text':
      return word(node.text, node.range, want, decls)
    case 'none':
      if (want?.is === 'option') return { op: 'none', type: want }
      problems.add('CCL0425', node.range, '`none`')
      return null
    case 'name':
      return name(node.text, node.range, decls, scope)
    case 'field':
      return field(node, decls, scope)
    case 'list':
      return list(node.items, node.range, want, decls, scope)
    case 'map':
      return checkMap(node, want, decls, scope)
    case 'call':
      return folded(checkCall(node, want, decls, scope), node.range, decls)
    case 'for':
      return checkFold(node, 'list', null, decls, scope, want?.is === 'list' ? want.of : null)
    case 'unary':
    case 'binary':
      return folded(checkOperator(node, decls, scope, want), node.range, decls)
  }
}

/** A text in quotes is what the place wants: a text, a DID or a CID. */
function word(text: string, range: Range, want: Type | null, decls: Declarations): Expr | null {
  const { problems } = decls
  const is = want?.is === 'did' || want?.is === 'cid' ? want.is : 'text'
  const bytes = byteLength(text)
  if (bytes > LIMITS.textBytesMax) {
    problems.add('CCL0407', range, 'this text', bytes, LIMITS.textBytesMax)
    return null
  }
  if (is === 'did' && !isDid(text)) {
    problems.add('CCL0403', range, 'this text', `\`${shown(text)}\` is not a key`)
    return null
  }
  if (is === 'cid' && !isCid(text)) {
    problems.add('CCL0402', range, 'this text', `\`${shown(text)}\` is none`, 'copy the whole CID')
    return null
  }
  return { op: 'word', type: { is }, value: text }
}

function isCid(text: string): boolean {
  try {
    return parseCid(text).toString() === text
  } catch {
    return false
  }
}

function name(text: string, range: Range, decls: Declarations, scope: Scope): Expr | null {
  const local = scope.find(text)
  if (local !== undefined) {
    local.used = true
    return { op: 'local', type: local.type, slot: local.slot }
  }
  const input = inputAt(text, range, decls, scope)
  if (input !== undefined) return input
  if (decls.isConstant(text)) return decls.constant(text, true)
  if (decls.lost || scope.lenient || scope.broken.has(text)) return null
  const roots = [...(scope.inputs?.roots() ?? []), ...(scope.inputs?.declared.keys() ?? [])]
  const known = [...scope.names(), ...decls.values(), ...roots]
  if (scope.inputs?.isRoot(text)) {
    const paths = [...(scope.inputs.known.keys() ?? [])].filter((path) => path.startsWith(text))
    decls.problems.add('CCL0315', range, shown(text), paths[0] ?? `${text}.NAME`)
  } else decls.problems.add('CCL0315', range, shown(text), nearest(text, known))
  // once is enough
  scope.broken.add(text)
  return null
}

/** An input; null for one that may not stand here, undefined for what is none. */
function inputAt(path: string, range: Range, decls: Declarations, scope: Scope) {
  if (scope.inputs !== null) {
    const type = scope.inputs.typeOf(path)
    if (type === undefined) return undefined
    return { op: 'input', type, index: scope.inputs.place(path, type) } as Expr
  }
  if (decls.isConstant(path) || !FORBIDDEN.has(path.split('.')[0] as string)) return undefined
  decls.problems.add('CCL0321', range, shown(path))
  return null
}

const FORBIDDEN = new Set('caller now request usage roles bid job votes proposal budget'.split(' '))

function field(
  node: Extract<A.Expr, { is: 'field' }>,
  decls: Declarations,
  scope: Scope,
): Expr | null {
  const root = node.of
  const whole = root.is === 'name' ? `${root.text}.${node.name.text}` : ''
  if (decls.isConstant(whole)) return decls.constant(whole, true)
  if (root.is === 'name' && scope.find(root.text) === undefined && !decls.isConstant(root.text)) {
    const path = `${root.text}.${node.name.text}`
    const input = inputAt(path, node.range, decls, scope)
    if (input !== undefined) return input
    if (scope.inputs?.isRoot(root.text) && scope.inputs.typeOf(root.text) === undefined) {
      const known = [...scope.inputs.known.keys()]
        .filter((path) => path.startsWith(`${root.text}.`))
        .map((path) => path.slice(root.text.length + 1))
      unknownField(node, `\`${root.text}\``, known, decls)
      return null
    }
  }
  const of = checkExpr(root, null, decls, scope)
  if (of === null) return null
  if (of.type.is === 'option') {
    decls.problems.add('CCL0419', root.range, typeName(of.type))
    return null
  }
  const fields = of.type.is === 'record' ? of.type.fields : []
  const index = fields.findIndex(({ name }) => name === node.name.text)
  const found = fields[index]
  if (found !== undefined) {
    const value = asValue(of)
    if (value !== undefined) return literal(found.type, (value as Value[])[index] as Value)
    return { op: 'field', type: found.type, of, index }
  }
  const known = fields.map(({ name }) => name)
  unknownField(node, `\`${typeName(of.type)}\``, known, decls)
  return null
}

function unknownField(
  { name }: Extract<A.Expr, { is: 'field' }>,
  of: string,
  known: readonly string[],
  { problems }: Declarations,
): void {
  problems.add('CCL0317', name.range, shown(name.text), of, nearest(name.text, known), known)
}

function list(
  nodes: readonly A.Expr[],
  range: Range,
  want: Type | null,
  decls: Declarations,
  scope: Scope,
): Expr | null {
  if (nodes.length > LIMITS.cclListMax) {
    decls.problems.add('CCL0412', range, 'this list', nodes.length, LIMITS.cclListMax)
    return null
  }
  let of = want?.is === 'list' ? want.of : null
  const items: Expr[] = []
  let whole = true
  for (const node of nodes) {
    const item = checkExpr(node, of, decls, scope)
    if (item === null) whole = false
    else {
      items.push(item)
      of ??= item.type
    }
    if (item === null && of === null) return null
  }
  if (!whole) return null
  if (of === null) {
    decls.problems.add('CCL0425', range, 'empty list')
    return null
  }
  return gathered({ op: 'list', type: { is: 'list', of }, items }, items)
}

/** A list or record of constants is a constant. */
export function gathered(expr: Expr, parts: readonly Expr[]): Expr {
  const values = parts.map(asValue)
  if (values.includes(undefined)) return expr
  return { op: 'constant', type: expr.type, value: values as Value[] }
}

/** Arithmetic on constants is done here, and its errors are errors of the text. */
function folded(expr: Expr | null, range: Range, decls: Declarations): Expr | null {
  if (expr === null || !FOLDABLE.has(expr.op)) return expr
  if (!partsOf(expr).every((part) => asValue(part) !== undefined)) return expr
  const { made: value } = constantOf([], regionOf(expr), [], FOLD_STEPS_MAX)
  if (!(value instanceof Stop)) return literal(expr.type, value)
  if (value.why === 'overflow') decls.problems.add('CCL0420', range, 'the result')
  else decls.problems.add('CCL0421', range, value.why.replaceAll('_', ' '))
  return null
}

/** One operation: its own step, and what a look into a list takes. */
const FOLD_STEPS_MAX = 16

const FOLDABLE = new Set<Expr['op']>([
  'not',
  'negate',
  'some',
  'has',
  'add',
  'subtract',
  'multiply',
  'divide',
  'part',
  'compare',
  'in',
])

type Fold = Extract<Expr, { op: 'fold' }>

/**
 * `for x in list if …: …`, whole or inside a function such as `sum`. `needs` is the type that the
 * function takes, `number` for any number.
 */
export function checkFold(
  node: Extract<A.Expr, { is: 'for' }>,
  how: Fold['how'],
  needs: Type | 'number' | null,
  decls: Declarations,
  scope: Scope,
  item: Type | null = null,
): Expr | null {
  const source = checkExpr(node.source, null, decls, scope)
  if (source === null) return null
  if (source.type.is !== 'list') {
    const found = `\`${typeName(source.type)}\``
    const help = 'a `for` goes through a list'
    decls.problems.add('CCL0414', node.source.range, 'a list', found, help)
    return null
  }
  const limit = checkLimit(node.limit, decls)
  if (limit === undefined) return null
  scope.enter()
  const slot = scope.declare(node.variable, source.type.of, false, decls.problems)
  const filter = node.filter === null ? null : checkExpr(node.filter, BOOL, decls, scope)
  const want = needs === 'number' ? null : (needs ?? item)
  const body = checkExpr(node.body, want, decls, scope)
  scope.leave(decls.problems)
  if (body === null || (node.filter !== null && filter === null)) return null
  if (needs === 'number' && !isNumber(body.type)) {
    const found = `\`${typeName(body.type)}\``
    decls.problems.add('CCL0414', node.body.range, 'a number', found, 'name a field that is one')
    return null
  }
  const filtered = filter === null ? null : regionOf(filter)
  const type = foldType(how, body.type)
  return { op: 'fold', type, how, source, slot, limit, filter: filtered, body: regionOf(body) }
}

export function foldType(how: Fold['how'], of: Type): Type {
  if (how === 'sum') return of
  if (how === 'count') return INT
  if (how === 'any' || how === 'all') return BOOL
  return how === 'list' ? { is: 'list', of } : { is: 'option', of }
}

/** The number behind `limit`; null if there is none, undefined if it is wrong. */
export function checkLimit(
  limit: { text: string; range: Range } | null,
  { problems }: Declarations,
): number | null | undefined {
  if (limit === null) return null
  const most = Number(limit.text)
  if (most >= 1 && most <= LIMITS.cclListMax) return most
  problems.add('CCL0523', limit.range)
  return undefined
}

export const isComparable = (type: Type) => isNumber(type) || isWord(type) || type.is === 'bool'

/** All functions there are, for "did you mean". */
export const functionNames = (decls: Declarations) => [...BUILTINS.keys(), ...decls.callables()]
