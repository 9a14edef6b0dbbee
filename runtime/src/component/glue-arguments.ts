/**
 * What a caller gives to an export of a component, held to the export's types. jco's glue takes a
 * list of bytes for an empty one when it comes as JSON, knows no list of 64-bit integers, cuts a
 * number or a tuple that does not fit, and passes over fields that it does not know; here the one
 * is passed on and the other refused. `glue-text.ts` has the glue ask.
 */
import { admit, Refusal } from '@planetary-mesh/spec/bare'
import { propertyOf } from './names.ts'

const large = { Uint64: unsigned(64), Int64: signed(64) }
const small = {
  Uint8: narrow(unsigned(8)),
  Int8: narrow(signed(8)),
  Uint16: narrow(unsigned(16)),
  Int16: narrow(signed(16)),
  Uint32: narrow(unsigned(32)),
  Int32: narrow(signed(32)),
}
type Put = (view: DataView, at: number, value: unknown) => void
const put: Readonly<Record<string, Put>> = {
  Uint8: (view, at, value) => view.setUint8(at, small.Uint8(value)),
  Int8: (view, at, value) => view.setInt8(at, small.Int8(value)),
  Uint16: (view, at, value) => view.setUint16(at, small.Uint16(value), true),
  Int16: (view, at, value) => view.setInt16(at, small.Int16(value), true),
  Uint32: (view, at, value) => view.setUint32(at, small.Uint32(value), true),
  Int32: (view, at, value) => view.setInt32(at, small.Int32(value), true),
  Uint64: (view, at, value) => view.setBigUint64(at, large.Uint64(value), true),
  Int64: (view, at, value) => view.setBigInt64(at, large.Int64(value), true),
  Float32: (view, at, value) => view.setFloat32(at, float(value), true),
  Float64: (view, at, value) => view.setFloat64(at, float(value), true),
}

export class GlueArguments {
  readonly large = large
  readonly small = small
  /** One element of a list, by its type. */
  readonly put = put
  readonly float = float
  readonly truth = truth
  readonly character = character
  readonly length = length
  #passed = false

  /**
   * Makes a call of the glue's. Refuses with MODULE_REFUSED when it finds the arguments to be of
   * other types before anything of the guest's ran with them.
   */
  during<T>(call: () => T): T {
    this.#passed = false
    try {
      return call()
    } catch (thrown) {
      if (this.#passed || !(thrown instanceof TypeError)) throw thrown
      throw new Refusal('MODULE_REFUSED', `an argument: ${thrown.message}`, { cause: thrown })
    }
  }

  /** The guest is entered: what comes from here on is its own doing, or our host's. */
  pass(): void {
    this.#passed = true
  }

  text(value: unknown): void {
    if (this.#passed) return
    ensure(typeof value === 'string' && value.isWellFormed(), 'a text', value)
  }

  /** Fields by their names, as in WIT or as in JavaScript; one that is left out is no value. */
  record(value: unknown, { source }: RegExp): unknown {
    return this.#passed ? value : named(value, namesIn(source, FIELD))
  }

  tuple(value: unknown, { source }: RegExp): unknown {
    const { length } = source.split(',')
    const isWhole = Array.isArray(value) && value.length === length
    if (!this.#passed) ensure(isWhole, `a list of ${length} values`, value)
    return value
  }

  /** Whether `value` is flags: each by its name, true where it is set. */
  flags(value: unknown, { source }: RegExp): boolean {
    if (this.#passed) return typeof value === 'object' && value !== null
    const given = named(value, namesIn(source, FLAG))
    for (const flag of Object.values(given)) truth(flag)
    Object.assign(value as object, given)
    return true
  }

  /** A case of a variant, a result, or an option in an option. */
  tagged(value: unknown): unknown {
    if (this.#passed) return value
    ensure(isObject(value) && 'tag' in value, 'a case by its "tag"', value)
    named(value, ['tag', 'val'])
    return value
  }
}

/** How the glue's text names fields and flags. */
const FIELD = /(\w+): v/g
const FLAG = /\.(\w+)\)/g
const namesIn = (source: string, pattern: RegExp) =>
  [...source.matchAll(pattern)].map(([, name]) => name as string)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The same with the glue's names. Refuses a name that is not among them. */
function named(value: unknown, names: readonly string[]): Record<string, unknown> {
  const what = `an object of ${names.join(', ')}`
  ensure(isObject(value), what, value)
  const entries = Object.entries(value as object)
  for (const [name] of entries) ensure(names.includes(propertyOf(name)), what, value)
  return Object.fromEntries(entries.map(([name, part]) => [propertyOf(name), part]))
}

type Integer = (value: unknown) => bigint

function unsigned(bits: number): Integer {
  const what = `an unsigned integer of ${bits} bits`
  return (value) => integer(value, what, (given) => BigInt.asUintN(bits, given))
}

function signed(bits: number): Integer {
  const what = `a signed integer of ${bits} bits`
  return (value) => integer(value, what, (given) => BigInt.asIntN(bits, given))
}

function integer(value: unknown, what: string, cut: (given: bigint) => bigint): bigint {
  // beyond 2^53 only digits alone say which integer is meant
  ensure(typeof value === 'bigint' || Number.isSafeInteger(value), what, value)
  const given = BigInt(value as number | bigint)
  ensure(cut(given) === given, what, value)
  return given
}

function narrow(read: Integer): (value: unknown) => number {
  return (value) => Number(read(value))
}

/** JSON has no infinities and no NaN: they come as texts. */
function float(value: unknown): number {
  if (Number.isFinite(value)) return value as number
  const isText = value === 'NaN' || value === 'Infinity' || value === '-Infinity'
  ensure(isText || typeof value === 'bigint', 'a number', value)
  return Number(value)
}

function truth(value: unknown): boolean {
  ensure(typeof value === 'boolean', 'true or false', value)
  return value as boolean
}

/** A Unicode scalar value, from a text that is one. */
function character(value: unknown): number {
  const isText = typeof value === 'string' && value.isWellFormed()
  ensure(isText && [...value].length === 1, 'one character', value)
  return (value as string).codePointAt(0) as number
}

function length(list: unknown): number {
  ensure(Array.isArray(list) || ArrayBuffer.isView(list), 'a list', list)
  return (list as unknown[]).length
}

function ensure(holds: boolean, what: string, value: unknown): void {
  if (holds) return
  const isNumber = typeof value === 'bigint' || typeof value === 'number'
  const shown = isNumber ? String(value) : JSON.stringify(value)
  admit(false, 'MODULE_REFUSED', `an argument: ${what} is wanted, not ${shown?.slice(0, 100)}`)
}
