/**
 * `execution` with conditions, variables and functions, run once when it is compiled: everything it
 * can ask about stands in the document, so which actions it asks for is known before anybody votes.
 * `check_resource_authorization` is true as long as `resources` grants that much; what stands under
 * a condition that is false is not asked for.
 */
import type { Argument, Call, Name, Value } from '../ast.ts'
import type { Problems } from '../diagnostic.ts'
import { shown } from '../messages.ts'
import type { Range } from '../source.ts'
import type { DocArgument, Node, Term } from './ast.ts'

/** What `resources` grants, by name of the resource in small letters. */
export type Granted = ReadonlyMap<string, bigint>

type Plain = bigint | boolean | string
type Known = Plain | Value
type Fn = Extract<Node, { is: 'function' }>

const DEPTH_MAX = 32
const CALLS_MAX = 4096
const CHECK = 'check_resource_authorization'

/** Thrown after a mistake was reported. */
class Stop extends Error {}

type Machine = {
  readonly problems: Problems
  readonly granted: Granted
  readonly fns: ReadonlyMap<string, Fn>
  readonly calls: Call[]
  /** Functions that were called. */
  readonly called: Set<string>
  depth: number
  steps: number
}

/** The calls of actions in the order in which they are asked for. */
export function execute(
  body: readonly Node[],
  functions: readonly Fn[],
  granted: Granted,
  problems: Problems,
  called: Set<string>,
): Call[] {
  const fns = new Map(functions.map((fn) => [fn.name.text, fn]))
  const machine: Machine = { problems, granted, fns, called, calls: [], depth: 0, steps: 0 }
  try {
    run(body, new Map(), machine)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
  }
  return machine.calls
}

type Scope = Map<string, Known>

/** The value of a `return` that was reached, in an object; undefined if there was none. */
function run(
  nodes: readonly Node[],
  scope: Scope,
  machine: Machine,
): { value: Known | null } | undefined {
  for (const node of nodes) {
    if (++machine.steps > CALLS_MAX) return stop('CCL0530', node.range, 'execution', machine)
    switch (node.is) {
      case 'let':
        scope.set(node.name.text, value(node.value, scope, machine))
        break
      case 'return':
        return { value: node.value === null ? null : value(node.value, scope, machine) }
      case 'if': {
        const holds = value(node.condition, scope, machine)
        if (typeof holds !== 'boolean') return undecided(node.condition.range, machine)
        const ended = run(holds ? node.yes : node.no, new Map(scope), machine)
        if (ended !== undefined) return ended
        break
      }
      case 'call':
        ask(node.action, node.args, node.range, scope, machine)
        break
      case 'block': {
        // `anchor_data { … }` says the same as a call with named arguments
        const args = node.items.flatMap((item): DocArgument[] =>
          item.is === 'pair' ? [{ name: item.key, value: item.value }] : [],
        )
        ask(node.kind, args, node.range, scope, machine)
        break
      }
      case 'function':
        break
      case 'pair':
      case 'on':
        machine.problems.add('CCL0208', node.range, 'this', 'a call or a condition')
        throw new Stop()
    }
  }
  return undefined
}

function ask(
  name: Name,
  args: readonly DocArgument[],
  range: Range,
  scope: Scope,
  machine: Machine,
): void {
  const fn = machine.fns.get(name.text)
  if (fn !== undefined) return void callFn(fn, args, range, scope, machine)
  const given = args.map(({ name, value: term }): Argument => {
    return { name, value: asValue(value(term, scope, machine), term.range) }
  })
  machine.calls.push({ is: 'call', action: name, args: given, doc: null })
}

function callFn(
  fn: Fn,
  args: readonly DocArgument[],
  range: Range,
  scope: Scope,
  machine: Machine,
): Known | null {
  if (machine.depth >= DEPTH_MAX) return stop('CCL0530', range, fn.name.text, machine)
  machine.called.add(fn.name.text)
  const inner: Scope = new Map()
  fn.params.forEach((param, index) => {
    const given = args.find(({ name }) => name?.text === param.text) ?? args[index]
    if (given === undefined) return
    inner.set(param.text, value(given.value, scope, machine))
  })
  machine.depth++
  const ended = run(fn.items, inner, machine)
  machine.depth--
  return ended?.value ?? null
}

function value(term: Term, scope: Scope, machine: Machine): Known {
  switch (term.is) {
    case 'value':
      return leaf(term.value, scope)
    case 'list': {
      const items = term.items.map((item) => asValue(value(item, scope, machine), item.range))
      return { is: 'list', items, range: term.range }
    }
    case 'object': {
      const entries = term.items.flatMap((item) =>
        item.is === 'pair'
          ? [{ key: item.key, value: asValue(value(item.value, scope, machine), item.range) }]
          : [],
      )
      return { is: 'object', entries, range: term.range }
    }
    case 'call': {
      const fn = machine.fns.get(term.fn.text)
      if (fn !== undefined) {
        const answer = callFn(fn, term.args, term.range, scope, machine)
        return answer ?? undecided(term.range, machine)
      }
      if (term.fn.text === CHECK) return isGranted(term.args, scope, machine)
      return stop('CCL0529', term.fn.range, term.fn.text, machine)
    }
    case 'not': {
      const of = value(term.of, scope, machine)
      return typeof of === 'boolean' ? !of : undecided(term.range, machine)
    }
    case 'minus': {
      const of = value(term.of, scope, machine)
      return typeof of === 'bigint' ? -of : undecided(term.range, machine)
    }
    case 'op':
      return operate(term, scope, machine)
  }
}

function leaf(written: Value, scope: Scope): Known {
  if (written.is === 'whole') return BigInt(written.digits)
  if (written.is === 'flag') return written.flag
  if (written.is === 'string') return written.text
  return (written.is === 'name' ? scope.get(written.text) : undefined) ?? written
}

function operate(term: Extract<Term, { is: 'op' }>, scope: Scope, machine: Machine): Known {
  const { op, range } = term
  const left = value(term.left, scope, machine)
  if (op === 'and' || op === 'or') {
    if (typeof left !== 'boolean') return undecided(term.left.range, machine)
    if (left === (op === 'or')) return left
    const right = value(term.right, scope, machine)
    return typeof right === 'boolean' ? right : undecided(term.right.range, machine)
  }
  const right = value(term.right, scope, machine)
  for (const [side, known] of [
    [term.left, left],
    [term.right, right],
  ] as const) {
    if (typeof known === 'object' && known.is === 'name') {
      return stop('CCL0529', side.range, known.text, machine)
    }
  }
  if (op === '==' || op === '!=') {
    if (typeof left !== typeof right || typeof left === 'object') {
      return unlike(term, left, right, machine)
    }
    return (left === right) === (op === '==')
  }
  if (typeof left !== 'bigint' || typeof right !== 'bigint') {
    return unlike(term, left, right, machine)
  }
  switch (op) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '+':
      return bounded(left + right, term, machine)
    case '-':
      return bounded(left - right, term, machine)
    case '*':
      return bounded(left * right, term, machine)
    default:
      return stop('CCL0539', range, op, machine)
  }
}

function bounded(
  result: bigint,
  { range, op }: Extract<Term, { is: 'op' }>,
  { problems }: Machine,
) {
  if (BigInt.asIntN(64, result) === result) return result
  problems.add('CCL0406', range, op)
  throw new Stop()
}

function unlike(
  { op, range }: Extract<Term, { is: 'op' }>,
  left: Known,
  right: Known,
  { problems }: Machine,
): never {
  problems.add('CCL0531', range, op, kindOf(left), kindOf(right))
  throw new Stop()
}

function kindOf(known: Known): string {
  if (typeof known === 'bigint') return 'a number'
  if (typeof known === 'boolean') return 'a condition'
  if (typeof known === 'string') return 'a text'
  return `a ${known.is}`
}

/** `check_resource_authorization(ResourceType.CPU, 50)`: whether the document grants that much. */
function isGranted(args: readonly DocArgument[], scope: Scope, machine: Machine): boolean {
  const [resource, amount] = args.map((arg) => value(arg.value, scope, machine))
  const [first, second] = args
  const name =
    typeof resource === 'string'
      ? resource
      : typeof resource === 'object' && resource.is === 'name'
        ? resource.text
        : undefined
  if (name === undefined || first === undefined) {
    machine.problems.add('CCL0529', first?.value.range ?? { start: 0, end: 0 }, CHECK)
    throw new Stop()
  }
  if (typeof amount !== 'bigint') return undecided((second ?? first).value.range, machine)
  const granted = machine.granted.get(name.replace(/^.*\./, '').toLowerCase())
  return granted !== undefined && amount <= granted
}

function asValue(known: Known, range: Range): Value {
  if (typeof known === 'bigint') return { is: 'whole', digits: String(known), range }
  if (typeof known === 'boolean') return { is: 'flag', flag: known, range }
  if (typeof known === 'string') return { is: 'string', text: known, range }
  return known
}

function undecided(range: Range, { problems }: Machine): never {
  problems.add('CCL0528', range, shown(problems.source.text.slice(range.start, range.end)))
  throw new Stop()
}

function stop(
  code: 'CCL0529' | 'CCL0530' | 'CCL0539',
  range: Range,
  name: string,
  { problems }: Machine,
): never {
  problems.add(code, range, shown(name))
  throw new Stop()
}
