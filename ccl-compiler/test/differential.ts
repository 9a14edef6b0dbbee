/** Interpreter against module over generated programs: the test runs a few, the script many. */
import assert from 'node:assert/strict'
import { compile } from '@planetary-mesh/ccl-compiler'
import { partsOf, regionsOf } from '../src/ir/cost.ts'
import { decide, type Outcome } from '../src/ir/interpret.ts'
import { type Block, type Expr, isNumber, isWord, type Program, type Value } from '../src/ir/ir.ts'
import { policyModule } from '../src/wasm/encode-program.ts'
import { Generator } from './generate.ts'
import { decideIn, instantiate } from './run-unit.ts'

export type Tally = {
  programs: number
  refused: number
  pairs: number
  allowed: number
  erred: number
  /** How often each operator, type, statement and status was in a program or an outcome. */
  readonly seen: Map<string, number>
}

const count = ({ seen }: Tally, key: string) => seen.set(key, (seen.get(key) ?? 0) + 1)

/** Optional: what else the module is made into, such as an optimised one. */
export type Variant = (wasm: Uint8Array) => Uint8Array

/** Compares until `pairs` decisions were compared; throws on the first that differs. */
export function compareMany(pairs: number, seed: number, variant?: Variant): Tally {
  const tally: Tally = { programs: 0, refused: 0, pairs: 0, allowed: 0, erred: 0, seen: new Map() }
  for (let at = seed; tally.pairs < pairs; at++) compareOne(at, tally, variant)
  return tally
}

const REQUESTS = 20

function compareOne(seed: number, tally: Tally, variant?: Variant): void {
  const generator = new Generator(seed)
  const text = generator.program()
  const built = compile(text)
  tally.programs++
  if (!built.ok) {
    tally.refused++
    for (const { code } of built.diagnostics) count(tally, `refused ${code}`)
    return
  }
  let unit = built.units[0]
  assert.ok(unit !== undefined)
  // now and then too little fuel for a whole decision
  const short = generator.below(10) === 0
  const stepsMax = short ? 20 + generator.below(60) : unit.header.costMax
  if (short) unit = policyModule(unit.program, unit.header.source, stepsMax)
  countProgram(unit.program, tally)
  const instance = instantiate(unit)
  const other = variant === undefined ? undefined : instantiate(unit, variant(unit.wasm))
  for (let index = 0; index < REQUESTS; index++) {
    const values: Value[] = unit.program.inputs.map(({ type }) => generator.value(type))
    const wanted = decide(unit.program, values, stepsMax)
    const where = (): string =>
      `seed ${seed}, request ${index}: ${show(values)}\n${text}\nwanted ${show(wanted)}`
    same(decideIn(instance, values), wanted, where)
    if (other !== undefined) same(decideIn(other, values), wanted, where)
    assert.ok(wanted.steps <= unit.header.costMax || short, `${where()}: over the bound`)
    tally.pairs++
    if (wanted.effect === 'allow') tally.allowed++
    if (wanted.error !== null) tally.erred++
    if (wanted.effects.length > 0) count(tally, 'effects')
    for (const status of wanted.statuses) count(tally, `status ${status}`)
  }
}

const show = (value: unknown) =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))

function same(found: Outcome, wanted: Outcome, where: () => string): void {
  if (show(found) !== show(wanted)) assert.fail(`${where()}\nfound  ${show(found)}`)
}

function countProgram(program: Program, tally: Tally): void {
  count(tally, program.kind)
  for (const { condition } of program.rules) countExpr(condition.value, tally)
  for (const key of [program.score, ...program.ties]) {
    if (key !== null) countExpr(key.region.value, tally)
  }
  for (const { body } of program.fns) countBlock(body, tally)
  for (const handler of [program.onAllow, program.onDeny]) {
    if (handler !== null) countBlock(handler.body, tally)
  }
}

function countExpr(expr: Expr, tally: Tally): void {
  const how = 'how' in expr ? ` ${expr.how}` : ''
  const { type } = expr
  const left = expr.op === 'compare' || expr.op === 'in' ? expr.left.type : null
  const of = left === null ? '' : isNumber(left) ? ' numbers' : isWord(left) ? ' words' : ' flags'
  count(tally, `${expr.op}${how}${of}`)
  count(tally, `type ${type.is}`)
  for (const part of partsOf(expr)) countExpr(part, tally)
  for (const { value } of regionsOf(expr)) countExpr(value, tally)
}

function countBlock(block: Block, tally: Tally): void {
  for (const statement of block.statements) {
    count(tally, `statement ${statement.op}`)
    if (statement.op === 'if') {
      countExpr(statement.condition, tally)
      countBlock(statement.yes, tally)
      countBlock(statement.no, tally)
    } else if (statement.op === 'for') {
      countExpr(statement.source, tally)
      countBlock(statement.body, tally)
    } else if (statement.op === 'ask') {
      for (const arg of statement.args) countExpr(arg, tally)
    } else countExpr(statement.value, tally)
  }
}
