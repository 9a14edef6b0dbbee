/**
 * What is wrong in a community's document whoever wrote it: words unknown where only known ones
 * may stand, shares above the whole, ranges upside down or over one another, the same thing said
 * twice. Nothing here is acted on: every part is listed with its path and place.
 */
import type { Name, Value } from '../ast.ts'
import type { Problems } from '../diagnostic.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import type { Listed } from '../resolve.ts'
import type { Range } from '../source.ts'
import { UNIT_MS } from '../units.ts'
import type { DocArgument, Node, Term } from './ast.ts'
import { checkRanges, checkSums } from './check-sums.ts'
import { FUNCTIONS, HANDLED, type Meant, meantBy } from './words.ts'

type Place = {
  readonly path: string
  readonly listed: Listed[]
  readonly problems: Problems
  /** Inside a handler or `actions`: what stands here are actions. */
  readonly asks: boolean
  /** Names of functions that the document itself declares. */
  readonly functions: ReadonlySet<string>
}

const within = (path: string, name: string) => (path === '' ? name : `${path}.${name}`)

export function checkDocument(
  nodes: readonly Node[],
  declared: readonly Extract<Node, { is: 'function' }>[],
  problems: Problems,
  listed: Listed[],
): void {
  const functions = new Set(declared.map(({ name }) => name.text))
  checkItems(nodes, { path: '', listed, problems, asks: false, functions })
}

function checkItems(nodes: readonly Node[], place: Place): void {
  const pairs = new Map<string, Name>()
  const blocks = new Map<string, Name>()
  for (const node of nodes) {
    if (place.problems.full) return
    if (node.is === 'pair') twice(node.key, node.key.text, pairs, 'CCL0306', place)
    if (node.is === 'block' && !place.asks) {
      const label = node.heads.map(textOf).join(' ')
      twice(node.kind, `${node.kind.text} ${label}`, blocks, 'CCL0307', place)
    }
    if (node.is === 'on') twice(node.event, `on ${node.event.text}`, blocks, 'CCL0307', place)
    checkNode(node, place)
  }
  checkSums(nodes, place.problems)
  checkRanges(nodes, place.problems)
}

function twice(
  name: Name,
  key: string,
  seen: Map<string, Name>,
  code: 'CCL0306' | 'CCL0307',
  { problems, path }: Place,
): void {
  const first = seen.get(key)
  if (first === undefined) return void seen.set(key, name)
  const other = { message: 'the first stands here', range: first.range }
  const where = path === '' ? 'the document' : `\`${shown(path)}\``
  problems.addWith(code, name.range, other, shown(name.text), where)
}

function checkNode(node: Node, place: Place): void {
  const { problems } = place
  switch (node.is) {
    case 'pair': {
      const path = within(place.path, node.key.text)
      checkTerm(node.value, { ...place, path })
      checkMeant(node.key, node.value, problems)
      return list(path, node.value, node.key.range, place)
    }
    case 'block':
      return checkBlock(node, place)
    case 'on': {
      if (!/^[a-z0-9][a-z0-9._:-]*$/i.test(node.event.text)) {
        problems.add('CCL0532', node.event.range, shown(node.event.text))
      }
      const path = within(place.path, `on(${node.event.text})`)
      return checkItems(node.items, { ...place, path, asks: true })
    }
    case 'if': {
      const path = within(place.path, 'if')
      checkTerm(node.condition, place)
      list(path, node.condition, node.range, place)
      checkItems(node.yes, { ...place, path })
      return checkItems(node.no, { ...place, path: within(place.path, 'else') })
    }
    case 'call': {
      checkAction(node.action, node.args, place)
      const path = within(place.path, node.action.text)
      for (const { name, value } of node.args) {
        checkTerm(value, place)
        list(name === null ? path : `${path}.${name.text}`, value, node.action.range, place)
      }
      return
    }
    case 'let':
      checkTerm(node.value, place)
      return list(within(place.path, node.name.text), node.value, node.name.range, place)
    case 'return':
      if (node.value !== null) checkTerm(node.value, place)
      return
    case 'function':
      return checkItems(node.items, { ...place, path: within(place.path, node.name.text) })
  }
}

function checkBlock(node: Extract<Node, { is: 'block' }>, place: Place): void {
  const { kind, heads, items } = node
  const label = heads.map(textOf).join(' ')
  const path = within(place.path, label === '' ? kind.text : `${kind.text}(${label})`)
  for (const head of heads) checkTerm(head, place)
  if (items.length === 0) {
    const nothing: Value = { is: 'object', entries: [], range: node.range }
    place.listed.push({ path, value: nothing, range: kind.range })
  }
  // a block of its own in `actions` is an action, what stands in an action is data
  if (place.asks) checkHandled(kind, items, place)
  const opens = !place.asks && kind.text === 'actions'
  checkItems(items, { ...place, path, asks: opens })
}

/** `mint_token { type "receipt"; … }`: a known action with known parts. */
function checkHandled(kind: Name, items: readonly Node[], { problems }: Place): void {
  const parts = HANDLED.get(kind.text)
  if (parts === undefined) {
    const near = nearest(kind.text, HANDLED.keys())
    problems.add('CCL0303', kind.range, shown(kind.text), near, [...HANDLED.keys()])
  }
  if (parts === undefined || parts === null) return
  for (const item of items) {
    const key = item.is === 'pair' ? item.key : item.is === 'block' ? item.kind : undefined
    if (key === undefined || parts.includes(key.text)) continue
    const near = nearest(key.text, parts)
    problems.add('CCL0304', key.range, shown(key.text), kind.text, near, parts)
  }
}

function checkAction(action: Name, args: readonly DocArgument[], place: Place): void {
  const { problems, functions } = place
  if (functions.has(action.text) || action.text === 'require') return
  const parts = HANDLED.get(action.text)
  if (parts === undefined) {
    const known = [...HANDLED.keys()]
    problems.add('CCL0303', action.range, shown(action.text), nearest(action.text, known), known)
  }
  for (const { name } of args) {
    if (name === null || parts === undefined || parts === null) continue
    if (parts.includes(name.text)) continue
    const near = nearest(name.text, parts)
    problems.add('CCL0304', name.range, shown(name.text), action.text, near, parts)
  }
}

function checkTerm(term: Term, place: Place): void {
  switch (term.is) {
    case 'value':
      return
    case 'call': {
      const { fn, args } = term
      if (!KNOWN.has(fn.text) && !place.functions.has(fn.text)) {
        const known = [...KNOWN, ...place.functions]
        const near = nearest(fn.text, known)
        place.problems.add('CCL0303', fn.range, shown(fn.text), near, known)
      }
      for (const { value } of args) checkTerm(value, place)
      return
    }
    case 'op':
      checkTerm(term.left, place)
      checkTerm(term.right, place)
      return checkComparison(term, place.problems)
    case 'not':
    case 'minus':
      return checkTerm(term.of, place)
    case 'list':
      for (const item of term.items) checkTerm(item, place)
      return
    case 'object':
      return checkItems(term.items, { ...place, listed: [], asks: false })
  }
}

const KNOWN: ReadonlySet<string> = new Set([...FUNCTIONS, 'check_resource_authorization'])

/** Texts are equal or not; there is no order among them that two readers would agree on. */
function checkComparison(term: Extract<Term, { is: 'op' }>, problems: Problems): void {
  const { left, right, op, range } = term
  const isText = (side: Term) => side.is === 'value' && side.value.is === 'string'
  if (['<', '<=', '>', '>='].includes(op) && (isText(left) || isText(right))) {
    problems.add('CCL0538', range, op)
  }
}

/** A number where the name of the property says which numbers make sense. */
function checkMeant({ text }: Name, term: Term, problems: Problems): void {
  const meant = meantBy(text)
  if (meant === undefined || term.is !== 'value') return
  const { value } = term
  if (isNegative(value)) {
    return problems.add(
      'CCL0405',
      value.range,
      shown(text),
      MEANT[meant],
      `\`${shown(digitsOf(value))}\``,
    )
  }
  if (meant === 'duration' && value.is === 'string') {
    const [, unit] = /^\d+([a-z]{1,3})$/.exec(value.text) ?? []
    if (unit !== undefined && !UNIT_MS.has(unit)) {
      problems.add('CCL0410', value.range, shown(text), `the text "${shown(value.text)}"`)
    }
  }
  if (meant !== 'share') return
  const whole = /percentage$/.test(text) && value.is === 'whole' ? 100 : 1
  const most = value.is === 'percent' ? 100 : whole
  const counted = value.is === 'whole' && !/(weight|tolerance|percentage)$/.test(text)
  const isNumber = value.is === 'whole' || value.is === 'decimal' || value.is === 'percent'
  if (isNumber && !counted && Number(value.digits) > most) {
    problems.add(
      'CCL0405',
      value.range,
      shown(text),
      `at most ${most}${value.is === 'percent' ? '%' : ''}`,
      `\`${shown(value.digits)}\``,
    )
  }
}

const isNegative = (value: Value) =>
  (value.is === 'whole' || value.is === 'decimal' || value.is === 'percent') &&
  value.digits.startsWith('-')

const digitsOf = (value: Value) => ('digits' in value ? value.digits : '')

const MEANT: Record<Meant, string> = {
  share: 'a share from 0 to 1',
  duration: 'a duration',
  count: 'a number from 0',
}

const textOf = (term: Term): string => {
  if (term.is !== 'value') return '…'
  const { value } = term
  if (value.is === 'string' || value.is === 'name') return value.text
  if (value.is === 'whole' || value.is === 'decimal') return value.digits
  if (value.is === 'percent') return `${value.digits}%`
  return value.is === 'duration' ? value.count + value.unit : '…'
}

/** As written: a listed part keeps its text, whatever it is made of. */
function list(path: string, { range }: Term, at: Range, { listed }: Place): void {
  listed.push({ path, value: { is: 'broken', range }, range: at })
}
