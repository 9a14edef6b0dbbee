/**
 * What a caller gives to an export of a component, held to the export's types. jco's glue takes a
 * list of bytes for an empty one when it comes as JSON, knows no list of 64-bit integers, and cuts
 * a number that does not fit; here the one is passed on and the other refused.
 *
 * The glue's text alone says which type is wanted where, so it is amended: where it turns a value
 * into a number, a length or an element of a list, it asks `GlueArguments` instead.
 */
import { admit, Refusal } from '@planetary-mesh/spec/bare'

/** The glue finds it under this name; names of the component model have no such sign in them. */
export const ARGUMENTS = '$arguments'

/** Text of jco 1.17.0's glue, and what stands there instead: no quotes, for it may hit a name. */
const AMENDED: readonly (readonly [text: RegExp, instead: string])[] = [
  [/\bvar (len\d+) = (\w+)\.(?:byteLength|length);/g, 'var $1 = $$arguments.length($2);'],
  [/\b(dv\d+)\.set(\w+)\((ptr\d+ ?\+ ?offset), v, true\)/g, '$$arguments.put.$2($1, $3, v)'],
  [/(?<!function )\bto(U?[Ii]nt(?:8|16|32))\(/g, '$$arguments.small.$1('],
  [/\bto(U?[Ii]nt64)\(/g, '$$arguments.large.$1('],
  [/(?<=[(,] ?)\+([A-Za-z_]\w*)(?=[,)])/g, '$$arguments.float($1)'],
  [/\b(\w+) \? 1 : 0\b/g, '$$arguments.truth($1) ? 1 : 0'],
  [/(?<!function )\bvalidateHostChar\(/g, '$$arguments.character('],
  [/\bfunction createNewCurrentTask\(args\) \{/, '$& $$arguments.pass();'],
]

export const amendGlue = (glue: string): string =>
  AMENDED.reduce((text, [found, instead]) => text.replace(found, instead), glue)

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

  /** The guest is entered: what comes from here on is its own doing. */
  pass(): void {
    this.#passed = true
  }
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
  ensure(typeof value === 'bigint' || Number.isInteger(value), what, value)
  const given = BigInt(value as number | bigint)
  ensure(cut(given) === given, what, value)
  return given
}

function narrow(read: Integer): (value: unknown) => number {
  return (value) => Number(read(value))
}

/** JSON has no infinities and no NaN: they come as texts. */
function float(value: unknown): number {
  if (typeof value === 'number') return value
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
  const shown = typeof value === 'bigint' ? String(value) : JSON.stringify(value)
  admit(false, 'MODULE_REFUSED', `an argument: ${what} is wanted, not ${shown?.slice(0, 100)}`)
}
