/** The body of one generated function: statements and values picked by a seeded generator. */
import { EMPTY, F32, F64, FUNCREF, I32, I64, op, sleb, uleb, V128 } from './build.ts'
import type { Random } from './chance.ts'
import {
  ALL_WAYS,
  BINARY,
  constant,
  DIVIDE,
  LANE_LOADS,
  LANE_STORES,
  SCALARS,
  TYPES,
  UNARY,
  VECTOR_LOADS,
  VI,
  WAYS,
  type Way,
} from './generate-operators.ts'

export type Type = { params: number[]; results: number[] }

/** Locals that count rounds of loops; nothing else may set them. */
const COUNTERS = 4
/** Few enough bytes that a run has fuel for many. */
const BULK_BYTES_MASK = 0x7f

/** The first parameter of each function says how often it may still call itself. */
export class Body {
  readonly locals: readonly number[] = [
    ...new Array<number>(COUNTERS).fill(I32),
    ...[...SCALARS, ...SCALARS, V128, V128, VI, VI],
  ]
  readonly #random: Random
  readonly #seesNaN: boolean
  readonly #types: readonly Type[]
  readonly #own: Type
  readonly #index: number
  /** Locals by type: neither the first parameter nor a loop's counter. */
  readonly #settable: ReadonlyMap<number, number[]>
  #counters = 0
  #labels = 0

  constructor(random: Random, seesNaN: boolean, types: readonly Type[], index: number) {
    this.#random = random
    this.#seesNaN = seesNaN
    this.#types = types
    this.#index = index
    this.#own = types[index] as Type
    const { params } = this.#own
    const all = [...params, ...this.locals].map((type, local) => ({ type, local }))
    const free = all.filter(
      ({ local }) => local > 0 && (local < params.length || local >= params.length + COUNTERS),
    )
    this.#settable = new Map(
      TYPES.map((type) => [
        type,
        free.filter((each) => each.type === type).map(({ local }) => local),
      ]),
    )
  }

  code(): number[] {
    const statements = Array.from({ length: 1 + this.#random(4) }, () => this.#statement(3))
    return [...statements.flat(), ...this.#own.results.flatMap((type) => this.#value(type, 3))]
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random(items.length)] as T
  }

  /** A local that may be set. */
  #local(type: number): number {
    return this.#pick(this.#settable.get(type) as number[])
  }

  #statement(depth: number): number[] {
    const pick = this.#random(depth > 0 ? 16 : 6)
    if (pick < 2) {
      const type = this.#pick(TYPES)
      return [...this.#value(type, depth), op.set, ...uleb(this.#local(type))]
    }
    if (pick === 2) return this.#store(depth)
    if (pick === 3) return this.#global(depth)
    if (pick === 4) return this.#bulk()
    if (pick === 5) return this.#table()
    if (pick < 8) return this.#nested(depth)
    if (pick < 10) return this.#if(depth)
    if (pick === 10) return this.#loop(depth)
    if (pick === 11) return this.#pairs(depth)
    if (pick === 12) return this.#switch(depth)
    if (pick < 15) return [...this.#call(depth), ...this.#leaveEarly(depth)]
    return [...this.#value(I32, 1), op.i32, 3, 0x71, op.memoryGrow, 0, op.drop]
  }

  #statements(depth: number): number[] {
    return Array.from({ length: 1 + this.#random(3) }, () => this.#statement(depth - 1)).flat()
  }

  #global(depth: number): number[] {
    const index = this.#random(SCALARS.length + 1)
    const value = this.#value(SCALARS[index] ?? VI, depth)
    return [...value, op.globalSet, index]
  }

  #nested(depth: number): number[] {
    this.#labels++
    const inside = this.#statements(depth)
    const out = [...this.#value(I32, 1), op.brIf, ...uleb(this.#random(this.#labels))]
    const more = this.#statements(depth)
    this.#labels--
    return [op.block, EMPTY, ...inside, ...out, ...more, op.end]
  }

  #if(depth: number): number[] {
    const condition = this.#value(I32, depth)
    this.#labels++
    const then = this.#statements(depth)
    const or = this.#random(2) ? [op.else, ...this.#statements(depth)] : []
    this.#labels--
    return [...condition, op.if, EMPTY, ...then, ...or, op.end]
  }

  /** Statements among which no branch leaves what stands around them. */
  #closed(depth: number): number[] {
    const labels = this.#labels
    this.#labels = 0
    const body = this.#statements(depth)
    this.#labels = labels
    return body
  }

  /** A loop that runs at most a few times, however its body goes on. */
  #loop(depth: number): number[] {
    if (this.#counters === COUNTERS) return [op.nop]
    const counter = this.#own.params.length + this.#counters++
    const body = this.#closed(depth)
    const next = [op.get, ...uleb(counter), op.i32, 1, op.sub, op.tee, ...uleb(counter)]
    const start = [op.i32, 1 + this.#random(5), op.set, ...uleb(counter)]
    return [...start, op.loop, EMPTY, ...body, ...next, op.brIf, 0, op.end]
  }

  /** A block that takes two values and gives two, left by a branch or by its end. */
  #pairs(depth: number): number[] {
    const type = uleb(2 * this.#types.length + 1)
    const given = [...this.#value(I32, depth), ...this.#value(I64, depth)]
    const inside = [op.set, ...uleb(this.#local(I64)), op.set, ...uleb(this.#local(I32))]
    const results = [...this.#value(I64, 1), ...this.#value(I32, 1)]
    const out = [...this.#value(I32, 1), this.#random(2) ? op.brIf : op.drop]
    const label = out.at(-1) === op.brIf ? [0] : []
    const taken = [op.set, ...uleb(this.#local(I32)), op.set, ...uleb(this.#local(I64))]
    const body = [...inside, ...this.#closed(depth), ...results, ...out, ...label]
    return [...given, op.block, ...type, ...body, op.end, ...taken]
  }

  /** A table of labels, some of them outside. */
  #switch(depth: number): number[] {
    this.#labels += 3
    const labels = Array.from({ length: this.#random(5) + 1 }, () => this.#random(this.#labels))
    const table = [...uleb(labels.length - 1), ...labels.flatMap(uleb)]
    const jump = [...this.#value(I32, 1), op.i32, 7, 0x71, 0x0e, ...table]
    const arms = Array.from({ length: 3 }, () => {
      this.#labels--
      return [op.end, ...this.#statements(depth)]
    })
    return [...new Array<number[]>(3).fill([op.block, EMPTY]).flat(), ...jump, ...arms.flat()]
  }

  #leaveEarly(depth: number): number[] {
    if (this.#random(3) > 0) return []
    const values = this.#own.results.flatMap((type) => this.#value(type, depth - 1))
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

  #address(): number[] {
    return [...this.#value(I32, 1), op.i32, ...sleb(0x1ff8), 0x71]
  }

  #store(depth: number): number[] {
    const place = [0, ...uleb(this.#random(64))]
    const pick = this.#random(4)
    if (pick === 0) {
      const { sub, count } = this.#pick(LANE_STORES)
      const code = [0xfd, ...uleb(sub), ...place, this.#random(count)]
      return [...this.#address(), ...this.#value(VI, depth), ...code]
    }
    if (pick === 1) return [...this.#address(), ...this.#value(VI, depth), 0xfd, 11, ...place]
    const type = this.#pick(this.#seesNaN ? SCALARS : [I32, I64])
    const code = { [I32]: 0x36, [I64]: 0x37, [F32]: 0x38, [F64]: 0x39 }[type] as number
    return [...this.#address(), ...this.#value(type, depth), code, ...place]
  }

  /** Works on many bytes at once; rarely beyond the end. */
  #bulk(): number[] {
    const length = [...this.#value(I32, 1), op.i32, ...sleb(BULK_BYTES_MASK), 0x71]
    const pick = this.#random(64)
    if (pick === 0) return [0xfc, 9, 1]
    if (pick === 1) return [...this.#value(I32, 1), op.i32, 0, ...length, 0xfc, 11, 0]
    if (pick < 16) return [...this.#address(), op.i32, 0, op.i32, this.#random(9), 0xfc, 8, 1, 0]
    if (pick < 40) return [...this.#address(), ...this.#address(), ...length, 0xfc, 10, 0, 0]
    return [...this.#address(), ...this.#value(I32, 1), ...length, 0xfc, 11, 0]
  }

  /** Works on the second and third table; the first is for indirect calls. */
  #table(): number[] {
    const index = [...this.#value(I32, 1), op.i32, this.#random(64) ? 1 : 31, 0x71]
    const place = [op.i32, this.#random(3)]
    const local = uleb(this.#local(I32))
    switch (this.#random(8)) {
      case 0:
        return [...index, op.i32, 0, 0x25, 0, 0x26, 1]
      case 1:
        return [...place, ...place, op.i32, this.#random(3), 0xfc, 14, 1, 0]
      case 2:
        return [...place, op.i32, 0, op.i32, this.#random(3), 0xfc, 12, 1, 1]
      case 3:
        return [...place, 0xd0, FUNCREF, op.i32, this.#random(3), 0xfc, 17, 1]
      case 4:
        return [0xd0, FUNCREF, op.i32, this.#random(4), 0xfc, 15, 1, op.set, ...local]
      case 5:
        return [0xfc, 16, this.#random(3), op.set, ...local]
      case 6:
        return [...index, 0x25, 1, 0xd1, op.set, ...local]
      default:
        return this.#random(16) ? [0xd2, 1, 0xd1, op.set, ...local] : [0xfc, 13, 1]
    }
  }

  #value(type: number, depth: number): number[] {
    const isVector = type === V128 || type === VI
    const pick = this.#random(depth > 0 ? 11 : 3)
    if (pick === 0) return constant(type, this.#random)
    if (pick === 1 && type !== V128) {
      const index = SCALARS.indexOf(type)
      return [op.globalGet, index < 0 ? SCALARS.length : index]
    }
    if (pick <= 2) return [op.get, ...uleb(this.#local(type))]
    const one = (of: number) => this.#value(of, depth - 1)
    if (pick < 6) {
      const code = this.#pick(BINARY[type] as number[][])
      // Most divisors are made odd, or few runs would get far.
      const odd = this.#random(64) > 0 ? (DIVIDE[code[0] as number] ?? []) : []
      return [...one(type), ...one(type), ...odd, ...code]
    }
    if (pick === 6) return [...one(type), ...this.#pick(UNARY[type] as number[][])]
    if (pick === 7) return [...one(type), op.tee, ...uleb(this.#local(type))]
    if (pick === 8 && !isVector)
      return [...one(I32), op.if, type, ...one(type), op.else, ...one(type), op.end]
    if (pick === 9) return this.#loaded(type, one)
    const [from, , code] = this.#pick((this.#seesNaN ? ALL_WAYS : WAYS).get(type) as Way[])
    return [...from.flatMap(one), ...code]
  }

  /** Chosen by a condition, loaded from memory, or shuffled, as fits the type. */
  #loaded(type: number, one: (of: number) => number[]): number[] {
    const place = [0, ...uleb(this.#random(64))]
    if (type === VI) {
      const lane = () => this.#random(32)
      const pick = this.#random(3)
      if (pick === 0) return [...one(VI), ...one(VI), 0xfd, 13, ...Array.from({ length: 16 }, lane)]
      if (pick === 1) return [...this.#address(), ...this.#pick(VECTOR_LOADS), ...place]
      const { sub, count } = this.#pick(LANE_LOADS)
      return [...this.#address(), ...one(VI), 0xfd, ...uleb(sub), ...place, this.#random(count)]
    }
    if (type === I32) return [...this.#address(), 0x28 + 4 * this.#random(2), ...place]
    if (type === I64) return [...this.#address(), 0x29, ...place]
    return [...one(type), ...one(type), ...one(I32), 0x1b]
  }
}
