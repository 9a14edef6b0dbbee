/**
 * Makes valid modules from a seed: nested blocks, loops that end, calls direct, indirect, recursive
 * and imported, memory, globals, tables, all number types. With `seesNaN` the bits of numbers are
 * looked at; without, a NaN only ever counts as a NaN, so that the engine's own choice of bits in a
 * module as it came cannot show.
 */
import {
  build,
  EMPTY,
  F32,
  F64,
  FUNCREF,
  type Func,
  I32,
  I64,
  op,
  sleb,
  uleb,
  V128,
} from './build.ts'

type Random = (below: number) => number

/** A small seeded generator (xorshift), enough to pick instructions. */
export function randomFrom(seed: number): Random {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

const SCALARS = [I32, I64, F32, F64]
/** Per type: operators of two operands and of one, and a constant. */
const BINARY: Record<number, number[][]> = {
  [I32]: [0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x70, 0x71, 0x72, 0x73, 0x74, 0x76, 0x77].map((o) => [o]),
  [I64]: [0x7c, 0x7d, 0x7e, 0x80, 0x83, 0x85, 0x86, 0x88, 0x8a].map((o) => [o]),
  [F32]: [0x92, 0x93, 0x94, 0x95, 0x96, 0x97].map((o) => [o]),
  [F64]: [0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5].map((o) => [o]),
  [V128]: [228, 229, 230, 231, 240, 241, 242, 243, 174, 80].map((sub) => [0xfd, ...uleb(sub)]),
}
/** What makes the divisor of a division odd. */
const DIVIDE: Record<number, number[]> = {
  109: [op.i32, 1, 0x72],
  110: [op.i32, 1, 0x72],
  112: [op.i32, 1, 0x72],
  128: [op.i64, 1, 0x84],
  131: [op.i64, 1, 0x84],
}
const UNARY: Record<number, number[][]> = {
  [I32]: [[0x45], [0x67], [0x69], [0xc0]],
  [I64]: [[0x79], [0x7b], [0xc4]],
  [F32]: [[0x8d], [0x90], [0x91]],
  [F64]: [[0x9b], [0x9d], [0x9f]],
  [V128]: [
    [0xfd, 77],
    [0xfd, ...uleb(227)],
    [0xfd, ...uleb(239)],
  ],
}
/** Conversions between types that hide the bits of a NaN, as [from, to, code]. */
const CONVERT: [number, number, number[]][] = [
  [I32, I64, [0xac]],
  [I64, I32, [0xa7]],
  [I32, F64, [0xb7]],
  [I64, F32, [0xb4]],
  [F64, F32, [0xb6]],
  [F32, F64, [0xbb]],
  [F64, I64, [0xfc, 6]],
  [F32, I32, [0xfc, 0]],
]
/** Those that show them. */
const SHOW: [number, number, number[]][] = [
  [F64, I64, [0xbd]],
  [F32, I32, [0xbc]],
  [V128, I64, [0xfd, 29, 0]],
]

export function generate(seed: number, seesNaN = false): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed)
  const count = 2 + random(4)
  const types = Array.from({ length: count }, () => ({
    params: [I32, ...Array.from({ length: random(4) }, () => SCALARS[random(4)] as number)],
    results: random(3) === 0 ? [I32, I64] : [SCALARS[random(4)] as number],
  }))
  const functions = types.map((type, index): Func => {
    const body = new Body(random, seesNaN, types, index)
    return { ...type, locals: body.locals, code: body.code() }
  })
  // What the test calls: functions without parameters, for JavaScript has no single number type.
  const callers = types.map(({ params, results }, index): Func => {
    const args = params.slice(1).flatMap((type) => zero(type))
    const code = [op.i32, 3, ...args, op.call, ...uleb(index + 1)]
    return { results, code, export: `f${index}` }
  })
  const slot = [...uleb(count)]
  return build({
    imports: [{ module: 'host', name: 'see', params: [I32], results: [I32] }],
    functions: [...functions, ...callers],
    tables: [[FUNCREF, 0, ...slot]],
    memory: [1, 1, 4],
    globals: SCALARS.map((type) => [type, 1, ...zero(type), op.end]),
    exports: [[1, 0x6d, 2, 0]],
    elements: [[0, op.i32, 0, op.end, ...slot, ...types.flatMap((_, index) => uleb(index + 1))]],
    data: [[0, op.i32, 16, op.end, 5, 1, 2, 3, 4, 5]],
  })
}

function zero(type: number): number[] {
  if (type === V128) return [0xfd, 12, ...new Array<number>(16).fill(0)]
  if (type === F32) return [0x43, 0, 0, 0, 0]
  if (type === F64) return [0x44, 0, 0, 0, 0, 0, 0, 0, 0]
  return [type === I32 ? op.i32 : op.i64, 0]
}

type Type = { params: number[]; results: number[] }

/** The first parameter of each function says how often it may still call itself. */
class Body {
  readonly locals: number[]
  readonly #random: Random
  readonly #seesNaN: boolean
  readonly #types: Type[]
  readonly #index: number
  readonly #all: number[]
  #counters = 0
  #labels = 0

  constructor(random: Random, seesNaN: boolean, types: Type[], index: number) {
    this.#random = random
    this.#seesNaN = seesNaN
    this.#types = types
    this.#index = index
    const own = types[index] as Type
    this.locals = [I32, I32, I32, I32, ...SCALARS, ...SCALARS, V128, V128]
    this.#all = [...own.params, ...this.locals]
  }

  code(): number[] {
    const statements = Array.from({ length: 2 + this.#random(6) }, () => this.#statement(3))
    const { results } = this.#types[this.#index] as Type
    return [...statements.flat(), ...results.flatMap((type) => this.#value(type, 3))]
  }

  /** A local that may be set: neither the first parameter nor a loop's counter. */
  #local(type: number): number | undefined {
    const { params } = this.#types[this.#index] as Type
    const own = this.#all.flatMap((local, index) =>
      local === type && index > 0 && (index < params.length || index >= params.length + 4)
        ? [index]
        : [],
    )
    return own[this.#random(own.length || 1)]
  }

  #type(): number {
    return this.#random(8) === 0 ? V128 : (SCALARS[this.#random(4)] as number)
  }

  #statement(depth: number): number[] {
    const type = this.#type()
    const pick = this.#random(depth > 0 ? 12 : 5)
    const local = this.#local(type)
    if (pick < 3 && local !== undefined)
      return [...this.#value(type, depth), op.set, ...uleb(local)]
    if (pick === 3) return this.#store(depth)
    if (pick === 4 && type !== V128)
      return [...this.#value(type, depth), op.globalSet, SCALARS.indexOf(type)]
    if (pick < 7) return this.#nested(depth, op.block)
    if (pick < 9) return this.#if(depth)
    if (pick === 9) return this.#loop(depth)
    if (pick === 10) return [...this.#call(depth), ...this.#leaveEarly(depth)]
    return [...this.#value(I32, 1), op.memoryGrow, 0, op.drop]
  }

  #statements(depth: number): number[] {
    return Array.from({ length: 1 + this.#random(3) }, () => this.#statement(depth - 1)).flat()
  }

  #nested(depth: number, kind: number): number[] {
    this.#labels++
    const inside = this.#statements(depth)
    const out = [...this.#value(I32, 1), op.brIf, ...uleb(this.#random(this.#labels))]
    const more = this.#statements(depth)
    this.#labels--
    return [kind, EMPTY, ...inside, ...out, ...more, op.end]
  }

  #if(depth: number): number[] {
    const condition = this.#value(I32, depth)
    this.#labels++
    const then = this.#statements(depth)
    const or = this.#random(2) ? [op.else, ...this.#statements(depth)] : []
    this.#labels--
    return [...condition, op.if, EMPTY, ...then, ...or, op.end]
  }

  /** A loop that runs at most a few times, however its body goes on. */
  #loop(depth: number): number[] {
    if (this.#counters === 4) return [op.nop]
    const { params } = this.#types[this.#index] as Type
    const counter = params.length + this.#counters++
    // Branches out of the body may leave this block, never continue the loop.
    const labels = this.#labels
    this.#labels = 0
    const body = this.#statements(depth)
    this.#labels = labels
    const next = [op.get, ...uleb(counter), op.i32, 1, op.sub, op.tee, ...uleb(counter)]
    const start = [op.i32, 1 + this.#random(5), op.set, ...uleb(counter)]
    return [...start, op.loop, EMPTY, ...body, ...next, op.brIf, 0, op.end]
  }

  #leaveEarly(depth: number): number[] {
    if (this.#random(3) > 0) return []
    const { results } = this.#types[this.#index] as Type
    const values = results.flatMap((type) => this.#value(type, depth - 1))
    const dead = this.#random(2) ? [op.i32, 1, op.drop] : []
    return [...this.#value(I32, 1), op.if, EMPTY, ...values, op.return, ...dead, op.end]
  }

  /** Calls a function after this one, or this one again while its first parameter allows. */
  #call(depth: number): number[] {
    const again = this.#random(4) === 0
    const target = again ? this.#index : this.#index + 1 + this.#random(this.#types.length)
    const type = this.#types[target]
    if (type === undefined) return [...this.#value(I32, 1), op.call, 0, op.drop]
    const left = again ? [op.get, 0, op.i32, 1, op.sub] : [op.i32, this.#random(3)]
    const args = [
      ...left,
      ...type.params.slice(1).flatMap((param) => this.#value(param, depth - 1)),
    ]
    const how =
      this.#random(3) === 0
        ? [op.i32, ...sleb(target), op.callIndirect, ...uleb(target + 1), 0]
        : [op.call, ...uleb(target + 1)]
    const call = [...args, ...how, ...type.results.map(() => op.drop)]
    return again ? [op.get, 0, op.i32, 0, 0x4a, op.if, EMPTY, ...call, op.end] : call
  }

  #store(depth: number): number[] {
    const address = [...this.#value(I32, 1), op.i32, ...sleb(0x1ff8), 0x71]
    const type = this.#seesNaN
      ? (SCALARS[this.#random(4)] as number)
      : ([I32, I64][this.#random(2)] as number)
    const code = { [I32]: 0x36, [I64]: 0x37, [F32]: 0x38, [F64]: 0x39 }[type] as number
    return [...address, ...this.#value(type, depth), code, 0, ...uleb(this.#random(64))]
  }

  #value(type: number, depth: number): number[] {
    const pick = this.#random(depth > 0 ? 10 : 3)
    if (pick === 0 || (type === V128 && pick === 1)) return this.#constant(type)
    if (pick === 1) return [op.globalGet, SCALARS.indexOf(type)]
    if (pick === 2) {
      const local = this.#local(type)
      return local === undefined ? this.#constant(type) : [op.get, ...uleb(local)]
    }
    const one = (of: number) => this.#value(of, depth - 1)
    if (pick < 6) {
      const codes = BINARY[type] as number[][]
      const code = codes[this.#random(codes.length)] as number[]
      // Most divisors are made odd, or few runs would get far.
      const odd = DIVIDE[code[0] as number] !== undefined && this.#random(16) > 0
      return [
        ...one(type),
        ...one(type),
        ...(odd ? (DIVIDE[code[0] as number] as number[]) : []),
        ...code,
      ]
    }
    if (pick === 6) {
      const codes = UNARY[type] as number[][]
      return [...one(type), ...(codes[this.#random(codes.length)] as number[])]
    }
    if (pick === 7) {
      const local = this.#local(type)
      return local === undefined ? one(type) : [...one(type), op.tee, ...uleb(local)]
    }
    if (pick === 8 && type !== V128)
      return [...one(I32), op.if, type, ...one(type), op.else, ...one(type), op.end]
    const ways = [...CONVERT, ...(this.#seesNaN ? SHOW : [])].filter(([, to]) => to === type)
    const way = ways[this.#random(ways.length || 1)]
    return way === undefined ? this.#constant(type) : [...one(way[0]), ...way[2]]
  }

  #constant(type: number): number[] {
    const bytes = (length: number) => Array.from({ length }, () => this.#random(256))
    if (type === I32) return [op.i32, ...sleb(this.#random(2000) - 1000)]
    if (type === I64) return [op.i64, ...sleb(this.#random(2 ** 31) - 2 ** 30)]
    // NaN constants have bits that show, so ordinary numbers by their exponents, or zero.
    if (type === F32) return [0x43, ...bytes(2), 0x80, 0x3f + this.#random(2)]
    if (type === F64) return [0x44, ...bytes(6), 0xf0, 0x3f]
    return [0xfd, 12, ...bytes(3), 0x3f, ...bytes(3), 0x40, ...bytes(3), 0xc0, ...bytes(3), 0x3f]
  }
}
