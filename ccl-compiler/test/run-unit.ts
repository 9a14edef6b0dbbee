/** A compiled policy on the engine of this process, as a host runs it (spec/ccl-abi.md). */

import assert from 'node:assert/strict'
import type { Outcome, Status } from '../src/ir/interpret.ts'
import { ERRORS, isNumber, isWord, type Program, type Type, type Value } from '../src/ir/ir.ts'
import type { Unit } from '../src/wasm/encode-program.ts'
import { AT, CELL, requestBytes } from '../src/wasm/layout.ts'
import { type Memory, WebAssembly } from './engine.ts'

export type Instance = {
  readonly unit: Unit
  readonly memory: Memory
  readonly decide: (request: number, heap: number) => number
}

export function instantiate(unit: Unit, wasm = unit.wasm): Instance {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {})
  const { memory, decide } = exports as unknown as Omit<Instance, 'unit'>
  return { unit, memory, decide }
}

/** The outcome in the interpreter's words. */
export function decideIn(instance: Instance, values: readonly Value[]): Outcome {
  const { program, header } = instance.unit
  const { memory, decide } = instance
  const bytes = requestBytes(program.inputs, values, header.request)
  const end = header.request + bytes.length
  const missing = Math.ceil((end + header.heap - memory.buffer.byteLength) / 65_536)
  if (missing > 0) memory.grow(missing)
  new Uint8Array(memory.buffer).set(bytes, header.request)
  const answer = decide(header.request, end)
  const view = new DataView(memory.buffer)
  const statuses = program.rules.map((_, index): Status => {
    const status = view.getUint8(AT.statuses + index)
    if (status < 2) return status === 1 ? 'fired' : 'quiet'
    return ERRORS[status - 1] as Status
  })
  const rule = (answer >> 8) - 1
  const error = (answer >> 1) & 0x7f
  const allowed = (answer & 1) === 1
  const scored = allowed && program.kind === 'selection'
  return {
    effect: allowed ? 'allow' : 'deny',
    rule: rule < 0 ? null : rule,
    error: error === 0 ? null : (ERRORS[error] as Outcome['error']),
    statuses,
    score: scored ? view.getBigInt64(AT.score, true) : null,
    ties: scored
      ? program.ties.map(({ region }, index) =>
          valueAt(view, region.value.type, AT.ties + CELL * index),
        )
      : [],
    effects: effectsIn(view, program),
    steps: Number(view.getBigInt64(AT.steps, true)),
  }
}

function effectsIn(view: DataView, { actions }: Program): Outcome['effects'] {
  if (actions.length === 0) return []
  return Array.from({ length: view.getUint32(AT.effects, true) }, (_, index) => {
    const at = view.getUint32(AT.effects + CELL * (index + 1), true)
    const action = view.getUint32(at, true)
    const args = (actions[action]?.args ?? []).map(({ type }, arg) =>
      valueAt(view, type, at + CELL * (arg + 1)),
    )
    return { action, args }
  })
}

/** The value of a cell: a number or a word; nothing else leaves a module. */
function valueAt(view: DataView, type: Type, at: number): Value {
  if (isNumber(type)) return view.getBigInt64(at, true)
  assert.ok(isWord(type))
  const word = view.getUint32(at, true)
  const length = view.getUint32(word, true)
  return new TextDecoder().decode(new Uint8Array(view.buffer, word + CELL, length))
}
