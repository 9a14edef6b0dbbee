/** What the body of one function of compiled CCL does: which it calls, and where it loops. */
import { refuse, type WasmCursor } from './wasm-cursor.ts'

export type BodyFacts = {
  readonly calls: ReadonlySet<number>
  /** Loops that must take fuel; those bounded by the length of one word or list are none. */
  readonly loops: number
  /** Of the loops that take fuel: at which step each stops. */
  readonly fuel: readonly number[]
  /** Whether it sets the count of steps back to 0. */
  readonly begins: boolean
}

type Instruction = { readonly op: number; readonly value: number }

const OP = {
  ...{ block: 0x02, loop: 0x03, if: 0x04, end: 0x0b, br: 0x0c, brIf: 0x0d, call: 0x10 },
  ...{ localGet: 0x20, globalGet: 0x23, globalSet: 0x24, return: 0x0f, i32Eq: 0x46 },
  ...{ i32Const: 0x41, i64Const: 0x42, i64Load: 0x29, i64GtS: 0x55, i64Add: 0x7c },
} as const
const NOTHING = [0x00, 0x05, 0x0b, 0x0f, 0x1a, 0x1b]
/** Loads and stores of whole integers, and the store of one byte. */
const MEMORY = [0x28, 0x29, 0x36, 0x37, 0x3a]
const BLOCK_TYPES = [0x40, 0x7f, 0x7e]
/** Comparisons and arithmetic of integers, and what makes one of the other. */
const isInteger = (op: number) =>
  (op >= 0x45 && op <= 0x5a) || (op >= 0x67 && op <= 0x8a) || [0xa7, 0xac, 0xad].includes(op)

/** What may lead elsewhere. */
const BRANCHES: readonly number[] = [
  OP.block,
  OP.loop,
  OP.if,
  0x05,
  OP.end,
  OP.br,
  OP.brIf,
  OP.return,
]
const STEPS = 0
const LOCALS_MAX = 50_000

/**
 * The functions that modules bring along whose loops go through one word or one list, cell by cell:
 * equality of words, membership of words and of numbers, lookup in a table. Their bodies, to the
 * byte; a call is of any function.
 */
const CALL = '10(?:[89a-f].)*[0-7].'
const COUNTED = [
  '01017f2000200146044041010f0b2000290300200129030052044041000f0b2000200028020041076a4178716a21' +
    '0203402000200246044041010f0b20002903082001290308510440200041086a2100200141086a21010c010b0b' +
    '41000b',
  '01017f200120012802004103746a2102034020012002470440200141086a22012802002000CALL044041010f0b0c' +
    '010b0b41000b',
  '01017f200120012802004103746a2102034020012002470440200141086a220129030020005104404101' +
    '0f0b0c010b0b41000b',
  '02017e037f2000290300210320002204200028020041076a4178716a2105034020042005470440200320042903' +
    '08854295f8a9fa97b7de9b9e7f7e22032003422088852103200441086a21040c010b0b2003a721040340200120' +
    '042002714102746a280200220645044041000f0b20062000CALL044041010f0b200441016a21040c000b000b',
].map((body) => new RegExp(`^${body.replace('CALL', CALL)}$`))

/** `functions` and `globals`: how many the module has. Refuses with MODULE_REFUSED. */
export function readBody(
  body: WasmCursor,
  module: { readonly functions: number; readonly globals: number },
): BodyFacts {
  const isCounted = COUNTED.some((known) => known.test(Buffer.from(body.bytes).toString('hex')))
  const runs = body.vector((cursor) => ({ count: cursor.unsigned(), type: cursor.byte() }))
  const count = runs.reduce((sum, run) => sum + run.count, 0)
  if (count > LOCALS_MAX) throw refuse(`a function has ${count} locals`)
  if (runs.some(({ type }) => type !== 0x7f && type !== 0x7e)) throw refuse('a local is no integer')
  const code: Instruction[] = []
  while (!body.isAtEnd) code.push(readInstruction(body))
  const calls = new Set<number>()
  const fuel: number[] = []
  let loops = 0
  let begins = false
  code.forEach(({ op, value }, at) => {
    if (op === OP.call) {
      if (value >= module.functions) throw refuse('it calls a function that is not there')
      calls.add(value)
    } else if (op === OP.globalGet || op === OP.globalSet) {
      if (value >= module.globals) throw refuse('it uses a global that is not there')
      if (op === OP.globalSet && value === STEPS) {
        if (isZero(code, at - 1)) begins = true
        else if (!addsTo(code, at)) throw refuse('it counts its steps in another way')
      }
    } else if (op === OP.loop && !isCounted) {
      loops++
      const max = fuelAfter(code, at + 1)
      if (max !== undefined) fuel.push(max)
    }
  })
  return { calls, loops, fuel, begins }
}

function readInstruction(cursor: WasmCursor): Instruction {
  const op = cursor.byte()
  if (op === OP.block || op === OP.loop || op === OP.if) {
    const type = cursor.byte()
    if (!BLOCK_TYPES.includes(type)) throw refuse('a block has another type')
    return { op, value: type }
  }
  if (op === OP.i32Const) return { op, value: cursor.signed(32) }
  if (op === OP.i64Const) return { op, value: cursor.signed(64) }
  if (op === OP.br || op === OP.brIf || op === OP.call) return { op, value: cursor.unsigned() }
  if (op >= OP.localGet && op <= OP.globalSet) return { op, value: cursor.unsigned() }
  if (MEMORY.includes(op)) {
    const align = cursor.unsigned()
    if (align > 3) throw refuse('an access of memory is aligned to more than a cell')
    return { op, value: cursor.unsigned() }
  }
  if (NOTHING.includes(op) || isInteger(op)) return { op, value: 0 }
  throw refuse(`it has an instruction 0x${op.toString(16)}`)
}

const matches = (code: readonly Instruction[], at: number, ops: readonly number[]) =>
  ops.every((op, index) => code[at + index]?.op === op)

/**
 * At the head of a loop, behind its own end if it has one there: beyond `max` steps the function
 * ends with an error. Then steps are added, before anything can lead back to the head.
 */
function fuelAfter(code: readonly Instruction[], at: number): number | undefined {
  const exit = [OP.localGet, OP.localGet, OP.i32Eq, OP.brIf]
  const exits = matches(code, at, exit) && (code[at + 3]?.value ?? 0) > 0
  const start = exits ? at + exit.length : at
  if (!matches(code, start, [OP.globalGet, OP.i64Const, OP.i64GtS, OP.if])) return undefined
  let next = start + 4
  if (!matches(code, next, [OP.i32Const, OP.globalSet])) return undefined
  next += 2
  if ([OP.i32Const, OP.i64Const].some((op) => op === code[next]?.op)) next++
  if (!matches(code, next, [OP.return, OP.end])) return undefined
  return code[start]?.value === STEPS && charges(code, next + 2)
    ? code[start + 1]?.value
    : undefined
}

/** Whether steps are added before the code branches. */
function charges(code: readonly Instruction[], from: number): boolean {
  for (let at = from; at < code.length && !BRANCHES.includes(code[at]?.op ?? OP.end); at++) {
    const isAdded = code[at]?.op === OP.globalSet && code[at]?.value === STEPS
    if (isAdded && addsTo(code, at) && (code[at - 2]?.value ?? 0) > 0) return true
  }
  return false
}

const isZero = (code: readonly Instruction[], at: number) =>
  code[at]?.op === OP.i64Const && code[at]?.value === 0

/** Steps grow by a number, or by the length of a list. */
function addsTo(code: readonly Instruction[], at: number): boolean {
  const grows = matches(code, at - 3, [OP.globalGet, OP.i64Const, OP.i64Add])
  if (grows) return code[at - 3]?.value === STEPS && (code[at - 2]?.value ?? -1) >= 0
  const byLength = matches(code, at - 4, [OP.globalGet, OP.localGet, OP.i64Load, OP.i64Add])
  return byLength && code[at - 4]?.value === STEPS
}
