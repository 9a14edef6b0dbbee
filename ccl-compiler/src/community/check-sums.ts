/** What several items of one block say together: shares, totals, ranges, least and most. */
import type { Value } from '../ast.ts'
import type { Problems } from '../diagnostic.ts'
import { shown } from '../messages.ts'
import type { Range } from '../source.ts'
import { UNIT_MS } from '../units.ts'
import type { Node, Term } from './ast.ts'

const PPM = 1_000_000n

/** Exactly, in millionths; undefined for what is no number, or has more digits than that. */
function ppmOf(term: Term): bigint | undefined {
  if (term.is !== 'value') return undefined
  const { value } = term
  if (value.is !== 'whole' && value.is !== 'decimal') return undefined
  const [before = '', after = ''] = value.digits.split('.')
  if (after.length > 6 || before.length > 15) return undefined
  return BigInt(before + after.padEnd(6, '0'))
}

const isPair = (node: Node) => node.is === 'pair'
const isBlock = (node: Node) => node.is === 'block'

export function checkSums(nodes: readonly Node[], problems: Problems): void {
  parts(nodes, problems)
  weights(nodes, problems)
  totals(nodes, problems)
  leastAndMost(nodes, problems)
}

/** `category "a" { allocation 0.4; }` beside others: together at most the whole. */
function parts(nodes: readonly Node[], problems: Problems): void {
  for (const [key, whole] of [
    ['allocation', PPM],
    ['percentage', 100n * PPM],
  ] as const) {
    let sum = 0n
    for (const node of nodes.filter(isBlock)) {
      const pair = node.items.filter(isPair).find((item) => item.key.text === key)
      const share = pair === undefined ? undefined : ppmOf(pair.value)
      // an allocation above one is an amount, not a share
      if (pair === undefined || share === undefined || share > whole) continue
      sum += share
      if (sum <= whole) continue
      problems.add('CCL0534', pair.value.range, key, decimal(sum), decimal(whole))
      return
    }
  }
}

/** The four weights of a choice of bids, when all of them stand here. */
function weights(nodes: readonly Node[], problems: Problems): void {
  const found = ['price', 'resources', 'reputation', 'timeliness'].map((name) =>
    nodes.filter(isPair).find(({ key }) => key.text === `${name}_weight`),
  )
  const values = found.map((pair) => (pair === undefined ? undefined : ppmOf(pair.value)))
  const [first] = found
  if (first === undefined || values.includes(undefined)) return
  const sum = values.reduce<bigint>((total, one) => total + (one ?? 0n), 0n)
  if (sum !== PPM) problems.add('CCL0501', first.key.range, decimal(sum))
}

/** `total: 100; categories { a: 60; b: 50; }` */
function totals(nodes: readonly Node[], problems: Problems): void {
  const total = nodes.filter(isPair).find(({ key }) => key.text === 'total')
  const most = total === undefined ? undefined : ppmOf(total.value)
  const categories = nodes.filter(isBlock).find(({ kind }) => kind.text === 'categories')
  if (total === undefined || most === undefined || categories === undefined) return
  let sum = 0n
  for (const { value } of categories.items.filter(isPair)) {
    sum += ppmOf(value) ?? 0n
    if (sum <= most) continue
    problems.add('CCL0534', value.range, 'categories', decimal(sum), decimal(most))
    return
  }
}

/** `min_members: 10; max_members: 3;` */
function leastAndMost(nodes: readonly Node[], problems: Problems): void {
  const pairs = nodes.filter(isPair)
  const named = new Map(pairs.map((pair) => [pair.key.text, pair]))
  for (const { key, value } of pairs) {
    if (!key.text.startsWith('min_')) continue
    const name = `max_${key.text.slice(4)}`
    const other = named.get(name)
    const [least, most] = [magnitude(value), other && magnitude(other.value)]
    if (other === undefined || least === undefined || most === undefined || least <= most) continue
    const place = { message: 'the most stands here', range: other.key.range }
    problems.addWith('CCL0535', key.range, place, shown(key.text), shown(name))
  }
}

/** A number, or a duration in ms, also one written as a text. */
function magnitude(term: Term): bigint | undefined {
  if (term.is !== 'value') return undefined
  const { value } = term
  const written = durationOf(value)
  if (written === undefined) return ppmOf(term)
  const ms = UNIT_MS.get(written.unit)
  return ms === undefined ? undefined : BigInt(written.count) * BigInt(ms)
}

function durationOf(value: Value): { count: string; unit: string } | undefined {
  if (value.is === 'duration') return value
  const [, count, unit] = (value.is === 'string' && /^(\d{1,12})([a-z]+)$/.exec(value.text)) || []
  return count === undefined || unit === undefined ? undefined : { count, unit }
}

type Bounds = { low: bigint; high: bigint; range: Range }

/** `range 0 500 { … }`: upside down, or over one another in the same block. */
export function checkRanges(nodes: readonly Node[], problems: Problems): void {
  const ranges: Bounds[] = []
  for (const node of nodes.filter(isBlock)) {
    const bounds = boundsOf(node)
    if (bounds === undefined) continue
    const [low, high] = bounds
    const { range } = node.kind
    if (low > high) problems.add('CCL0536', range, decimal(low), decimal(high))
    else if (node.kind.text === 'range') ranges.push({ low, high, range })
  }
  let last: Bounds | undefined
  for (const next of ranges.toSorted((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0))) {
    if (last !== undefined && next.low <= last.high) {
      // the one further down in the text is the one too many
      const [first, second] = last.range.start < next.range.start ? [last, next] : [next, last]
      const other = { message: 'the other stands here', range: first.range }
      problems.addWith('CCL0537', second.range, other)
    }
    if (last === undefined || next.high > last.high) last = next
  }
}

/** Of `range 0 500` and of `member_age range 18 120`. */
function boundsOf(node: Extract<Node, { is: 'block' }>): [bigint, bigint] | undefined {
  const isWord = (term: Term | undefined) =>
    term?.is === 'value' && term.value.is === 'name' && term.value.text === 'range'
  const heads =
    node.kind.text === 'range' ? node.heads : isWord(node.heads[0]) ? node.heads.slice(1) : []
  const [low, high] = heads.map(ppmOf)
  return heads.length === 2 && low !== undefined && high !== undefined ? [low, high] : undefined
}

const decimal = (ppm: bigint) => {
  const sign = ppm < 0n ? '-' : ''
  const size = ppm < 0n ? -ppm : ppm
  const text = `${size / PPM}.${String(size % PPM).padStart(6, '0')}`
  return sign + text.replace(/\.?0+$/, '')
}
