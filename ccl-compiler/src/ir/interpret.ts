/**
 * The meaning of the language: what a checked program decides. Readable before fast; the modules
 * that the encoder makes are compared with it, decision by decision, steps included.
 */
import { assert, LIMITS } from '@planetary-mesh/spec/bare'
import { divide, part, Stop, within } from './arithmetic.ts'
import type {
  Block,
  ErrorName,
  Expr,
  Handler,
  Key,
  Program,
  Region,
  Stmt,
  Type,
  Value,
} from './ir.ts'

/** What became of one rule. */
export type Status = 'quiet' | 'fired' | ErrorName

export type Outcome = {
  effect: 'allow' | 'deny'
  /** The rule that decided, by its place; null when none did. */
  rule: number | null
  /** Of the deciding rule, or of the first allow that erred when nothing allowed. */
  error: ErrorName | null
  statuses: Status[]
  /** Of a selection whose requirements hold. */
  score: bigint | null
  ties: Value[]
  /** What the policy asks for, in order; nothing if that ended in an error. */
  effects: Effect[]
  steps: number
}

/** `action` is its place in `Program.actions`. */
export type Effect = { action: number; args: Value[] }

/** Decides. `inputs` are in the order of the program; `stepsMax` is the fuel. */
export function decide(program: Program, inputs: readonly Value[], stepsMax: number): Outcome {
  assert(inputs.length === program.inputs.length, 'every input has a value')
  const run: Run = { program, inputs, stepsMax, steps: 0, cells: 0, effects: [] }
  const decided = judge(run)
  const handler = decided.effect === 'allow' ? program.onAllow : program.onDeny
  if (handler === null) return decided
  const stop = handle(run, handler)
  const { steps, effects } = run
  if (stop === null) return { ...decided, effects, steps }
  // what cannot be asked for is not allowed either
  return { ...outcome(run, 'deny', null, decided.statuses), error: stop.why }
}

function handle(run: Run, { body, locals }: Handler): Stop | null {
  run.cells = 0
  try {
    runBlock(run, body, new Array<Value>(locals.length).fill(null))
    return null
  } catch (stop) {
    if (stop instanceof Stop) return stop
    throw stop
  }
}

function judge(run: Run): Outcome {
  const { program } = run
  const statuses = program.rules.map(({ condition, locals }): Status => {
    const fired = attempt(run, condition, locals)
    return fired instanceof Stop ? fired.why : fired === true ? 'fired' : 'quiet'
  })
  const denies = statuses.findIndex(
    (status, index) => status !== 'quiet' && program.rules[index]?.effect === 'deny',
  )
  if (denies >= 0) return outcome(run, 'deny', denies, statuses)
  if (program.kind === 'policy') {
    const allows = statuses.findIndex(
      (status, index) => status === 'fired' && program.rules[index]?.effect === 'allow',
    )
    if (allows >= 0) return outcome(run, 'allow', allows, statuses)
    const erred = errorIn(statuses.find((status) => errorIn(status) !== null))
    return { ...outcome(run, 'deny', null, statuses), error: erred }
  }
  const keys = [program.score as Key, ...program.ties].map((key) =>
    attempt(run, key.region, key.locals),
  )
  const failed = keys.find((key) => key instanceof Stop)
  if (failed !== undefined) return { ...outcome(run, 'deny', null, statuses), error: failed.why }
  const [score, ...ties] = keys as Value[]
  return { ...outcome(run, 'allow', null, statuses), score: score as bigint, ties }
}

function outcome(
  { steps }: Run,
  effect: 'allow' | 'deny',
  rule: number | null,
  statuses: Status[],
): Outcome {
  const error = rule === null ? null : errorIn(statuses[rule])
  return { effect, rule, error, statuses, score: null, ties: [], effects: [], steps }
}

const errorIn = (status: Status | undefined): ErrorName | null =>
  status === undefined || status === 'quiet' || status === 'fired' ? null : status

type Run = {
  readonly program: Program
  readonly inputs: readonly Value[]
  readonly stepsMax: number
  steps: number
  /** Words of memory that lists, records and options made by this rule take. */
  cells: number
  readonly effects: Effect[]
}

/**
 * The value of an expression that needs no input, or the error it ends in, and the steps it took of
 * the `stepsMax` that are left for all constants of a text.
 */
export function constantOf(
  fns: Program['fns'],
  expr: Region,
  locals: readonly Type[],
  stepsMax: number,
): { made: Value | Stop; steps: number } {
  const program = { fns, inputs: [] } as unknown as Program
  const run = { program, inputs: [], stepsMax, steps: 0, cells: 0, effects: [] }
  return { made: attempt(run, expr, locals), steps: run.steps }
}

function attempt(run: Run, region: Region, locals: readonly Type[]): Value | Stop {
  run.cells = 0
  try {
    return enter(run, region, new Array<Value>(locals.length).fill(null))
  } catch (stop) {
    if (stop instanceof Stop) return stop
    throw stop
  }
}

function enter(run: Run, { cost, value }: Region, locals: Value[]): Value {
  run.steps += cost
  return evaluate(run, value, locals)
}

function fueled(run: Run): void {
  if (run.steps > run.stepsMax) throw new Stop('fuel')
}

function take(run: Run, cells: number): void {
  run.cells += cells
  if (run.cells > LIMITS.cclCellsMax) throw new Stop('memory')
}

function evaluate(run: Run, expr: Expr, locals: Value[]): Value {
  const of = (inner: Expr) => evaluate(run, inner, locals)
  switch (expr.op) {
    case 'number':
    case 'flag':
    case 'word':
    case 'constant':
      return expr.value
    case 'none':
      return null
    case 'local':
      return locals[expr.slot] as Value
    case 'input':
      return run.inputs[expr.index] as Value
    case 'field':
      return (of(expr.of) as Value[])[expr.index] as Value
    case 'record': {
      take(run, expr.fields.length)
      return expr.fields.map(of)
    }
    case 'list': {
      take(run, expr.items.length + 1)
      return expr.items.map(of)
    }
    case 'some': {
      take(run, 1)
      return { some: of(expr.of) }
    }
    case 'has':
      return of(expr.of) !== null
    case 'otherwise': {
      const option = of(expr.of) as { some: Value } | null
      return option === null ? enter(run, expr.region, locals) : option.some
    }
    case 'not':
      return !of(expr.of)
    case 'negate':
      return within(-(of(expr.of) as bigint))
    case 'and':
      return of(expr.left) === true && enter(run, expr.region, locals)
    case 'or':
      return of(expr.left) === true || enter(run, expr.region, locals)
    case 'add':
      return within((of(expr.left) as bigint) + (of(expr.right) as bigint))
    case 'subtract':
      return within((of(expr.left) as bigint) - (of(expr.right) as bigint))
    case 'multiply':
      return within((of(expr.left) as bigint) * (of(expr.right) as bigint))
    case 'divide':
      return divide(of(expr.left) as bigint, of(expr.right) as bigint, expr.how)
    case 'part':
      return part(of(expr.left) as bigint, of(expr.right) as bigint, expr.how)
    case 'compare':
      return compare(expr.how, of(expr.left), of(expr.right))
    case 'in': {
      const item = of(expr.left)
      const list = of(expr.right) as Value[]
      if (expr.right.op !== 'constant') run.steps += list.length
      return list.includes(item)
    }
    case 'call':
      return call(run, expr.fn, expr.args.map(of))
    case 'fold':
      return fold(run, expr, locals)
  }
}

function compare(how: Extract<Expr, { op: 'compare' }>['how'], a: Value, b: Value): boolean {
  switch (how) {
    case 'eq':
      return a === b
    case 'ne':
      return a !== b
    case 'lt':
      return (a as bigint) < (b as bigint)
    case 'le':
      return (a as bigint) <= (b as bigint)
    case 'gt':
      return (a as bigint) > (b as bigint)
    case 'ge':
      return (a as bigint) >= (b as bigint)
  }
}

function fold(run: Run, expr: Extract<Expr, { op: 'fold' }>, locals: Value[]): Value {
  const source = evaluate(run, expr.source, locals) as Value[]
  if (expr.limit !== null && source.length > expr.limit) throw new Stop('limit')
  if (expr.how === 'list') take(run, source.length + 1)
  const list: Value[] = []
  let total = 0n
  let best: bigint | null = null
  for (const entry of source) {
    fueled(run)
    locals[expr.slot] = entry
    if (expr.filter !== null && enter(run, expr.filter, locals) !== true) continue
    const value = enter(run, expr.body, locals)
    switch (expr.how) {
      case 'sum':
        total = within(total + (value as bigint))
        break
      case 'count':
        total++
        break
      case 'any':
        if (value === true) return true
        break
      case 'all':
        if (value === false) return false
        break
      case 'least':
        if (best === null || (value as bigint) < best) best = value as bigint
        break
      case 'most':
        if (best === null || (value as bigint) > best) best = value as bigint
        break
      case 'first':
        take(run, 1)
        return { some: value }
      case 'list':
        list.push(value)
    }
  }
  switch (expr.how) {
    case 'sum':
    case 'count':
      return total
    case 'any':
      return false
    case 'all':
      return true
    case 'first':
      return null
    case 'list':
      return list
    default:
      if (best === null) return null
      take(run, 1)
      return { some: best }
  }
}

function call(run: Run, index: number, args: Value[]): Value {
  const fn = run.program.fns[index]
  assert(fn !== undefined, 'a function that is called is there')
  fueled(run)
  const locals = [...args, ...new Array<Value>(fn.locals.length - args.length).fill(null)]
  const returned = runBlock(run, fn.body, locals)
  assert(returned !== undefined, 'every way through a function returns')
  return returned
}

function ask(run: Run, { action, args }: Extract<Stmt, { op: 'ask' }>, locals: Value[]): void {
  if (run.effects.length >= LIMITS.cclEffectsMax) throw new Stop('limit')
  take(run, 1 + args.length)
  const values = args.map((arg) => evaluate(run, arg, locals))
  run.effects.push({ action, args: values })
}

/** The value returned, or undefined when the block ran to its end. */
function runBlock(run: Run, block: Block, locals: Value[]): Value | undefined {
  run.steps += block.cost
  for (const statement of block.statements) {
    switch (statement.op) {
      case 'return':
        return evaluate(run, statement.value, locals)
      case 'set':
        locals[statement.slot] = evaluate(run, statement.value, locals)
        break
      case 'ask':
        ask(run, statement, locals)
        break
      case 'if': {
        const holds = evaluate(run, statement.condition, locals)
        const branch = holds === true ? statement.yes : statement.no
        const returned = runBlock(run, branch, locals)
        if (returned !== undefined) return returned
        break
      }
      case 'for': {
        const source = evaluate(run, statement.source, locals) as Value[]
        if (source.length > statement.limit) throw new Stop('limit')
        for (const entry of source) {
          fueled(run)
          locals[statement.slot] = entry
          const returned = runBlock(run, statement.body, locals)
          if (returned !== undefined) return returned
        }
      }
    }
  }
  return undefined
}
