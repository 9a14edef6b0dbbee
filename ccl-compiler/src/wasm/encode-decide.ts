/**
 * `decide`: asks every rule of a program, in the order of the text, and puts the answer together.
 * The ABI is written down in spec/ccl-abi.md.
 */
import type { Program } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import { Body, GLOBAL, type WasmType } from './body.ts'
import { AT } from './layout.ts'
import type { ModuleParts } from './module.ts'

const { OP, TYPE } = W
const { i32 } = TYPE
/** The parameters of `decide`: the request has its global, so that its local is free after that. */
const [REQUEST, HEAP, ANSWER] = [0, 1, 0]
/** Where the number of a rule stands in an answer, and what its lowest bit says. */
const RULE_BITS = 8
const RULE = 2 ** RULE_BITS
const ALLOWED = 1
/** A status of 1 is a rule that fired; of more, one that ended in an error. */
const FIRED = 1
/** With twice its status this is the answer of a deny: its rule, and twice its error. */
const codeOf = (rule: number) => RULE * (rule + 1) - 2 * FIRED

/** What `decide` calls; a rule that is true or false for every request is no function. */
export type Asked = {
  readonly rules: readonly (number | boolean)[]
  readonly scores: readonly { readonly fn: number; readonly at: number; readonly type: WasmType }[]
  readonly onAllow: number | null
  readonly onDeny: number | null
}

export function decideBody(program: Program, asked: Asked, parts: ModuleParts): Body {
  const body = new Body([i32, i32], i32)
  body.get(REQUEST).setGlobal(GLOBAL.request)
  if (parts.allocates) body.get(HEAP).setGlobal(GLOBAL.heapStart)
  parts.begin(body)
  const steps = askAll(program, asked.rules, body, parts)
  if (program.kind === 'selection') return scored(asked, steps, body, parts)
  const { onAllow, onDeny } = asked
  if (onAllow === null && onDeny === null) return steps.keep()
  steps.pay()
  body.set(ANSWER).i32(AT.effects).i32(0).store(i32)
  body.get(ANSWER).i32(ALLOWED).op(OP.i32And, OP.if, TYPE.empty)
  if (onAllow !== null) handled(onAllow, body)
  body.op(OP.else)
  if (onDeny !== null) handled(onDeny, body)
  body.op(OP.end)
  return steps.keep().get(ANSWER)
}

/**
 * Leaves the deny that decided, else the allow, else the error of an allow, else 0: denied by
 * default.
 */
function askAll(program: Program, asked: Asked['rules'], body: Body, parts: ModuleParts): Steps {
  const rules = program.rules.map(({ effect, condition }, index) => {
    return { index, effect, cost: condition.cost, fn: asked[index] as number | boolean }
  })
  const denies = rules.some(({ effect }) => effect === 'deny')
  const allows = rules.filter(({ effect }) => effect === 'allow')
  const isOpen = allows.every(({ fn }) => fn === true)
  const deny = denies ? parts.add(null, noteDeny(parts)) : 0
  // without errors one note does for both
  const isShared = denies && !parts.sets(GLOBAL.error)
  const allow = isOpen || isShared ? deny : parts.add(null, noteAllow(parts))
  const allowed = isOpen ? 0 : body.local(i32)
  const steps = new Steps(body, parts)
  if (denies) body.i32(0)
  for (const { index, effect, cost, fn } of rules) {
    steps.owe(cost)
    if (typeof fn === 'number' && parts.functions[fn]?.body?.asksForFuel) steps.pay()
    if (effect === 'allow' && isOpen) keepStatus(body.i32(index).i32(FIRED))
    else {
      if (effect === 'allow') body.get(allowed)
      body.i32(effect === 'deny' ? codeOf(index) : codeOf(index) + ALLOWED)
      if (typeof fn === 'number') body.call(fn)
      else body.i32(fn ? FIRED : 0)
      if (effect === 'deny') body.call(deny)
      else body.call(allow).set(allowed)
    }
  }
  const [first] = allows
  if (first === undefined) {
    if (!denies) body.i32(0)
    return steps
  }
  if (denies) body.tee(ANSWER)
  if (isOpen) body.i32(RULE * (first.index + 1) + ALLOWED)
  else body.get(allowed)
  if (denies) body.get(ANSWER).op(OP.select)
  return steps
}

/**
 * The steps of a decision. What a condition takes is known: it is counted together with others, and
 * where nothing else takes any, their sum is a number.
 */
class Steps {
  readonly #body: Body
  readonly #isNumber: boolean
  #due = 0

  constructor(body: Body, parts: ModuleParts) {
    this.#body = body
    this.#isNumber = !parts.sets(GLOBAL.steps)
    if (!this.#isNumber) body.i64(0n).setGlobal(GLOBAL.steps)
  }

  owe(steps: number): void {
    this.#due += steps
  }

  /** Before something asks how many there were. */
  pay(): void {
    if (this.#isNumber) return
    this.#body.charge(this.#due)
    this.#due = 0
  }

  /** Writes them down for the host. */
  keep(): Body {
    this.pay()
    this.#body.i32(AT.steps)
    if (this.#isNumber) this.#body.i64(BigInt(this.#due))
    else this.#body.global(GLOBAL.steps)
    return this.#body.store(TYPE.i64)
  }
}

/** A handler that ends in an error asks for nothing, and denies. */
function handled(handler: number, body: Body): void {
  body.call(handler).global(GLOBAL.error).op(OP.if, TYPE.empty)
  body.i32(AT.effects).i32(0).store(i32)
  errorBits(body.global(GLOBAL.error)).set(ANSWER).op(OP.end)
}

/** A status of more than 1, on the stack, becomes the error's bits of an answer. */
const errorBits = (body: Body) => body.i32(FIRED).op(OP.i32Sub).i32(1).op(OP.i32Shl)

/** All are computed, and the first error decides, as in the interpreter. */
function scored({ scores }: Asked, steps: Steps, body: Body, parts: ModuleParts): Body {
  steps.pay()
  body.tee(ANSWER).op(OP.if, TYPE.empty)
  steps.keep().get(ANSWER).op(OP.return, OP.end)
  const mayErr = parts.sets(GLOBAL.error)
  for (const { fn, at, type } of scores) {
    body.i32(at).call(fn).store(type)
    if (mayErr) body.get(ANSWER).global(GLOBAL.error).get(ANSWER).op(OP.select).set(ANSWER)
    parts.begin(body)
  }
  steps.keep()
  if (!mayErr) return body.i32(ALLOWED)
  return errorBits(body.get(ANSWER)).i32(ALLOWED).get(ANSWER).op(OP.select)
}

/** With a rule and its status on the stack. */
const keepStatus = (body: Body) => body.op(OP.i32Store8, 0, ...W.unsigned(AT.statuses))

/** (before, code, fired): a note keeps the status of a rule, and gives what is decided with it. */
const [BEFORE, CODE, FIRES] = [0, 1, 2]

function note(parts: ModuleParts): Body {
  const body = new Body([i32, i32, i32], i32)
  body.get(CODE).i32(RULE_BITS).op(OP.i32ShrU)
  if (!parts.sets(GLOBAL.error)) return parts.begin(keepStatus(body.get(FIRES)))
  // what a rule gives that ended in an error says nothing
  body.global(GLOBAL.error).get(FIRES).global(GLOBAL.error).op(OP.select).tee(FIRES)
  return parts.begin(keepStatus(body))
}

/** The first that fired or erred decides. */
function noteDeny(parts: ModuleParts): Body {
  const body = note(parts)
  body.get(CODE).get(FIRES).op(OP.i32Add).get(FIRES).op(OP.i32Add).get(BEFORE)
  // a status is less than any answer of a rule, and more than none
  return body.get(FIRES).get(BEFORE).op(OP.i32GtU, OP.select)
}

/** The first that fired decides; the first error is kept for when none did. */
function noteAllow(parts: ModuleParts): Body {
  if (!parts.sets(GLOBAL.error)) return noteDeny(parts)
  const body = note(parts)
  body.get(FIRES).i32(FIRED).op(OP.i32Eq, OP.if, i32)
  body
    .get(CODE)
    .i32(2 * FIRED)
    .op(OP.i32Add)
    .get(BEFORE)
  body.i32(RULE).get(BEFORE).op(OP.i32GtU, OP.select, OP.else)
  body.get(BEFORE)
  errorBits(body.get(FIRES))
  return body.get(BEFORE).get(FIRES).op(OP.i32Eqz, OP.i32Or, OP.select, OP.end)
}
