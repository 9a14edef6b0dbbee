/**
 * A program as a WebAssembly module: one function for each rule, so that a trap says its name, and
 * `decide`, which asks them all. The ABI is written down in spec/ccl-abi.md.
 */
import { type CID, encodeBlock, LIMITS, verifyPolicyBytes } from '@planetary-mesh/spec'
import { boundsOf } from '../ir/cost.ts'
import type { Handler, Key, Program } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import { Body, GLOBAL, GLOBAL_TYPES, type WasmType, wasmType } from './body.ts'
import { encodeRegion } from './encode-expression.ts'
import { encodeFn, encodeHandler } from './encode-function.ts'
import { headerOf, type PolicyHeader } from './header.ts'
import { AT, CELL } from './layout.ts'
import { ModuleParts } from './module.ts'

const { OP, TYPE } = W
const PAGE_BYTES = 65_536
const PAGES_MAX = 1024

export type Unit = { program: Program; wasm: Uint8Array; header: PolicyHeader }

/**
 * The module and header of a policy or selection; `source` is the CID of its text. `stepsMax` is
 * its fuel: the static bound, unless a test wants less.
 */
export function policyModule(
  program: Program,
  source: CID,
  stepsMax = boundsOf(program).total,
): Unit {
  const parts = new ModuleParts(program.fns, stepsMax, encodeFn)
  const decide = parts.add('decide', null)
  const rules = program.rules.map(({ name, condition, locals }) => {
    const { body, slots } = parts.frame([], locals, TYPE.i32)
    begin(body)
    encodeRegion(condition, { body, parts, slots })
    return parts.add(name, body)
  })
  const keys = [...(program.score === null ? [] : [program.score]), ...program.ties]
  const scores = keys.map((key, index) => ({
    fn: parts.add(index === 0 ? 'score' : `tie_break_${index}`, scoring(key, parts)),
    at: index === 0 ? AT.score : AT.ties + CELL * (index - 1),
    type: wasmType(key.region.value.type),
  }))
  const body =
    program.kind === 'policy'
      ? policyBody(program, rules, parts)
      : selectionBody(program, rules, scores, parts)
  parts.fill(decide, body)
  const heap = parts.allocates ? LIMITS.cclCellsMax * CELL : 0
  const header = headerOf(program, source, stepsMax, parts.data.end, heap)
  const wasm = encodeModule(parts, header)
  // what others check when they get it, we check before they do
  verifyPolicyBytes(wasm)
  return { program, wasm, header }
}

/** Each rule begins with free memory and no error. */
function begin(body: Body): Body {
  body.i32(0).setGlobal(GLOBAL.error)
  return body.global(GLOBAL.heapStart).setGlobal(GLOBAL.heap)
}

function scoring({ region, locals }: Key, parts: ModuleParts): Body {
  const { body, slots } = parts.frame([], locals, wasmType(region.value.type))
  begin(body)
  encodeRegion(region, { body, parts, slots })
  return body
}

/** decide(request, heap): asks every rule, in order. */
function askAll(program: Program, rules: readonly number[], parts: ModuleParts): Body {
  const body = new Body([TYPE.i32, TYPE.i32], TYPE.i32)
  body.get(0).setGlobal(GLOBAL.request).get(1).setGlobal(GLOBAL.heapStart)
  body.i64(0n).setGlobal(GLOBAL.steps).i32(0).setGlobal(GLOBAL.denied)
  const has = (effect: string) => program.rules.some((rule) => rule.effect === effect)
  const deny = has('deny') ? parts.add(null, noteDeny()) : 0
  const allow = has('allow') ? parts.add(null, noteAllow()) : 0
  if (has('allow')) body.i32(0).setGlobal(GLOBAL.allowed).i32(0).setGlobal(GLOBAL.erred)
  program.rules.forEach(({ effect }, index) => {
    body
      .i32(index)
      .call(rules[index] as number)
      .call(effect === 'deny' ? deny : allow)
  })
  return body
}

const keepSteps = (body: Body) => body.i32(AT.steps).global(GLOBAL.steps).store(TYPE.i64)

/** The deny that decided, else the allow, else the error of an allow, else 0: denied by default. */
function policyBody(program: Program, rules: readonly number[], parts: ModuleParts): Body {
  const { onAllow, onDeny } = program
  const body = askAll(program, rules, parts)
  if (onAllow === null && onDeny === null) return decided(keepSteps(body))
  const answer = body.local(TYPE.i32)
  body.i32(AT.effects).i32(0).store(TYPE.i32)
  decided(body).tee(answer).i32(1).op(OP.i32And, OP.if, TYPE.empty)
  if (onAllow !== null) handled(body, answer, 'on_allow', onAllow, parts)
  body.op(OP.else)
  if (onDeny !== null) handled(body, answer, 'on_deny', onDeny, parts)
  return keepSteps(body.op(OP.end)).get(answer)
}

const decided = (body: Body) => {
  body.global(GLOBAL.denied)
  body.global(GLOBAL.allowed).global(GLOBAL.erred).global(GLOBAL.allowed).op(OP.select)
  return body.global(GLOBAL.denied).op(OP.select)
}

/** A handler that ends in an error asks for nothing, and denies. */
function handled(
  body: Body,
  answer: number,
  name: string,
  handler: Handler,
  parts: ModuleParts,
): void {
  body.call(parts.add(name, encodeHandler(handler, parts)))
  body.global(GLOBAL.error).op(OP.if, TYPE.empty)
  body.i32(AT.effects).i32(0).store(TYPE.i32)
  body.global(GLOBAL.error).i32(1).op(OP.i32Shl).set(answer).op(OP.end)
}

type Scored = { readonly fn: number; readonly at: number; readonly type: WasmType }

function selectionBody(
  program: Program,
  rules: readonly number[],
  scores: readonly Scored[],
  parts: ModuleParts,
): Body {
  const body = askAll(program, rules, parts)
  body.global(GLOBAL.denied).op(OP.if, TYPE.empty)
  keepSteps(body).global(GLOBAL.denied).op(OP.return, OP.end)
  // all are computed, and the first error decides, as in the interpreter
  body.i32(0).setGlobal(GLOBAL.erred)
  for (const { fn, at, type } of scores) {
    body.i32(at).call(fn).store(type)
    body.global(GLOBAL.erred).global(GLOBAL.error).global(GLOBAL.erred).op(OP.select)
    body.setGlobal(GLOBAL.erred)
  }
  keepSteps(body).global(GLOBAL.erred).i32(1).op(OP.i32Shl).i32(1)
  return body.global(GLOBAL.erred).op(OP.select)
}

/** (rule, fired): keeps the status of a rule: 0 quiet, 1 fired, 1 + error. */
function keepStatus(): { body: Body; status: number } {
  const body = new Body([TYPE.i32, TYPE.i32], null)
  const status = body.local(TYPE.i32)
  body.global(GLOBAL.error).i32(1).op(OP.i32Add).get(1).global(GLOBAL.error).op(OP.select)
  body
    .set(status)
    .get(0)
    .get(status)
    .op(OP.i32Store8, 0, ...W.unsigned(AT.statuses))
  return { body, status }
}

/** The first deny that fired or erred decides. */
function noteDeny(): Body {
  const { body, status } = keepStatus()
  body.get(status).op(OP.i32Eqz, OP.i32Eqz).global(GLOBAL.denied).op(OP.i32Eqz, OP.i32And)
  body.op(OP.if, TYPE.empty).get(0).i32(1).op(OP.i32Add).i32(8).op(OP.i32Shl)
  body.global(GLOBAL.error).i32(1).op(OP.i32Shl, OP.i32Or)
  return body.setGlobal(GLOBAL.denied).op(OP.end)
}

/** The first allow that fired decides; the first error is kept for when none did. */
function noteAllow(): Body {
  const { body, status } = keepStatus()
  body.get(status).i32(1).op(OP.i32Eq).global(GLOBAL.allowed).op(OP.i32Eqz, OP.i32And)
  body.op(OP.if, TYPE.empty).get(0).i32(1).op(OP.i32Add).i32(8).op(OP.i32Shl).i32(1)
  body.op(OP.i32Or).setGlobal(GLOBAL.allowed).op(OP.end)
  body.global(GLOBAL.erred).op(OP.i32Eqz, OP.if, TYPE.empty)
  return body.global(GLOBAL.error).i32(1).op(OP.i32Shl).setGlobal(GLOBAL.erred).op(OP.end)
}

function encodeModule(parts: ModuleParts, header: PolicyHeader): Uint8Array {
  const bodies = parts.bodies()
  const types: string[] = []
  const typeOf = ({ params, result }: Body) => {
    const results = result === null ? [] : [[result]]
    const type = W.join([[TYPE.func], W.vector(params.map((p) => [p])), W.vector(results)])
    const key = type.join()
    if (!types.includes(key)) types.push(key)
    return W.unsigned(types.indexOf(key))
  }
  const functions = bodies.map(typeOf)
  const bytes = header.request + PAGE_BYTES + header.heap
  const pages = [...W.unsigned(Math.ceil(bytes / PAGE_BYTES)), ...W.unsigned(PAGES_MAX)]
  const globals = GLOBAL_TYPES.map((type) => [
    ...[type, 1, type === TYPE.i64 ? OP.i64Const : OP.i32Const],
    ...[0, OP.end],
  ])
  const exported = [
    W.join([W.name('memory'), [W.KIND.memory, 0]]),
    W.join([W.name('decide'), [W.KIND.func, 0]]),
  ]
  const data = parts.data.bytes()
  const segment = W.join([[0, OP.i32Const, ...W.signed(AT.data), OP.end], W.sized(data)])
  return W.moduleOf([
    W.section(W.SECTION.type, W.vector(types.map((type) => type.split(',').map(Number)))),
    W.section(W.SECTION.function, W.vector(functions)),
    W.section(W.SECTION.memory, W.vector([[1, ...pages]])),
    W.section(W.SECTION.global, W.vector(globals)),
    W.section(W.SECTION.export, W.vector(exported)),
    W.section(W.SECTION.code, W.vector(bodies.map((body) => body.bytes()))),
    ...(data.length === 0 ? [] : [W.section(W.SECTION.data, W.vector([segment]))]),
    W.section(W.SECTION.custom, W.join([W.name('ccl'), encodeBlock(header).bytes])),
    W.section(W.SECTION.custom, nameSection(parts)),
  ])
}

function nameSection(parts: ModuleParts): Uint8Array {
  const names = parts.functions.flatMap(({ name }, index) =>
    name === null ? [] : [W.join([W.unsigned(index), W.name(name)])],
  )
  return W.join([W.name('name'), [1], W.sized(W.vector(names))])
}
