/**
 * A program as a WebAssembly module: one function for each rule with a condition, so that a trap
 * says its name, and `decide`, which asks them all. The ABI is written down in spec/ccl-abi.md.
 */
import { type CID, encodeBlock, LIMITS, verifyPolicyBytes } from '@planetary-mesh/spec'
import { boundsOf } from '../ir/cost.ts'
import type { Handler, Key, Program } from '../ir/ir.ts'
import * as W from '../wasm-bytes.ts'
import { type Body, GLOBAL, GLOBAL_TYPES, wasmType } from './body.ts'
import { decideBody } from './encode-decide.ts'
import { encodeLast } from './encode-expression.ts'
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
  const decide = parts.add(null, null)
  const rules = program.rules.map(({ name, condition: { value }, locals }) => {
    if (value.op === 'flag') return value.value
    const { body, slots } = parts.frame([], locals, TYPE.i32)
    encodeLast(value, { body, parts, slots })
    return parts.add(name, body)
  })
  const keys = [...(program.score === null ? [] : [program.score]), ...program.ties]
  const scores = keys.map((key, index) => ({
    fn: parts.add(index === 0 ? 'score' : `tie_break_${index}`, scoring(key, parts)),
    at: index === 0 ? AT.score : AT.ties + CELL * (index - 1),
    type: wasmType(key.region.value.type),
  }))
  const handler = (name: string, found: Handler | null) =>
    found === null ? null : parts.add(name, encodeHandler(found, parts))
  const onAllow = handler('on_allow', program.onAllow)
  const onDeny = handler('on_deny', program.onDeny)
  parts.fill(decide, decideBody(program, { rules, scores, onAllow, onDeny }, parts))
  const heap = parts.allocates ? LIMITS.cclCellsMax * CELL : 0
  const header = headerOf(program, source, stepsMax, parts.data.end, heap)
  const wasm = encodeModule(parts, header)
  // what others check when they get it, we check before they do
  verifyPolicyBytes(wasm)
  return { program, wasm, header }
}

function scoring({ region, locals }: Key, parts: ModuleParts): Body {
  const { body, slots } = parts.frame([], locals, wasmType(region.value.type))
  body.charge(region.cost)
  encodeLast(region.value, { body, parts, slots })
  return body
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
  const globalsUsed = Math.max(GLOBAL.request, ...bodies.flatMap(({ globals }) => [...globals]))
  const globals = GLOBAL_TYPES.slice(0, globalsUsed + 1).map((type) => [
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
