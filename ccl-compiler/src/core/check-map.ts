/**
 * Maps are lists of entries, each a record of `key` and `value`: what is asked of one is said with
 * the folds of lists, so a map costs and means what the same words over a list would.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Name } from '../ast.ts'
import { type Expr, entryOf, type MapType, mapOf, mapParts, type Type, typeName } from '../ir/ir.ts'
import { shown } from '../messages.ts'
import type { Range } from '../source.ts'
import type * as A from './ast.ts'
import { checkExpr, gathered } from './check-expression.ts'
import type { Declarations } from './declarations.ts'
import type { Scope } from './scope.ts'

/** `{ anna: cu(5), bruno: cu(3) }` */
export function checkMap(
  node: Extract<A.Expr, { is: 'map' }>,
  want: Type | null,
  decls: Declarations,
  scope: Scope,
): Expr | null {
  const { problems } = decls
  const { entries, range } = node
  if (entries.length > LIMITS.cclListMax) {
    problems.add('CCL0412', range, 'this map', entries.length, LIMITS.cclListMax)
    return null
  }
  const wanted = want === null ? null : mapParts(want)
  let key = wanted?.key ?? null
  let value = wanted?.value ?? null
  const seen = new Map<string, Range>()
  const pairs: [Expr, Expr][] = []
  let whole = true
  for (const entry of entries) {
    const k = checkExpr(entry.key, key, decls, scope)
    const v = checkExpr(entry.value, value, decls, scope)
    key ??= k?.type ?? null
    value ??= v?.type ?? null
    if (k === null || v === null) whole = false
    else pairs.push([k, v])
    if (k !== null && !once(k, entry.key.range, seen, decls)) whole = false
  }
  if (!whole) return null
  if (key === null || value === null) {
    problems.add('CCL0425', range, 'empty map')
    return null
  }
  const type = mapOf(key, value)
  if (type === null) {
    problems.add('CCL0541', entries[0]?.key.range ?? range, typeName(key))
    return null
  }
  const items = pairs.map((fields) =>
    gathered({ op: 'record', type: entryOf(type), fields }, fields),
  )
  return gathered({ op: 'list', type, items }, items)
}

/** A key that is written twice; what is computed may be equal, then the first entry counts. */
function once(key: Expr, range: Range, seen: Map<string, Range>, { problems }: Declarations) {
  if (key.op !== 'number' && key.op !== 'word' && key.op !== 'flag') return true
  const text = String(key.value)
  const first = seen.get(text)
  if (first === undefined) {
    seen.set(text, range)
    return true
  }
  problems.addWith(
    'CCL0540',
    range,
    { message: 'the first stands here', range: first },
    shown(text),
  )
  return false
}

export const MAP_FUNCTIONS: ReadonlySet<string> = new Set(['get', 'keys', 'values'])

/** `get(map, key)`, `keys(map)`, `values(map)` as the folds that they are short for. */
export function mapCall(
  node: Extract<A.Expr, { is: 'call' }>,
  map: A.Expr,
  key: A.Expr | null,
): A.Expr {
  const { fn } = node
  const entry = each(node.range)
  const body = part(entry, fn.text === 'keys' ? 'key' : 'value', node)
  const filter = key === null ? null : same(part(entry, 'key', node), key, node)
  const all = over(map, entry, filter, body, node)
  if (fn.text !== 'get') return all
  return { ...node, fn: { ...fn, text: 'first' }, args: [{ name: null, value: all }] }
}

/** `key in map`. */
export function inMap(node: Extract<A.Expr, { is: 'binary' }>): A.Expr {
  const entry = each(node.range)
  const equal = same(part(entry, 'key', node), node.left, node)
  const { range, depth } = node
  const args = [{ name: null, value: over(node.right, entry, null, equal, node) }]
  return { is: 'call', fn: { text: 'any', range: node.at }, args, range, depth }
}

type At = { readonly range: Range; readonly depth: number }

/** A name that nobody can write; one for each place, for a map inside of another's key. */
const each = (range: Range): Name => ({ text: `entry at ${range.start}`, range })

const part = (entry: Name, name: string, { range, depth }: At): A.Expr => ({
  is: 'field',
  of: { is: 'name', text: entry.text, range: entry.range, depth },
  name: { text: name, range },
  range,
  depth,
})

const same = (left: A.Expr, right: A.Expr, { range, depth }: At): A.Expr => ({
  is: 'binary',
  op: '==',
  at: range,
  left,
  right,
  range,
  depth,
})

const over = (
  source: A.Expr,
  variable: Name,
  filter: A.Expr | null,
  body: A.Expr,
  { range, depth }: At,
): A.Expr => ({ is: 'for', variable, source, limit: null, filter, body, range, depth })

export const isMap = (type: Type): type is MapType => mapParts(type) !== null
