/**
 * The inputs of a program from JSON: `{"caller": "did:key:…", "usage": {"total": 5}}`. Numbers
 * are numbers, or texts when they are large; durations may be texts such as `"10min"`, shares such
 * as `"50%"`; a role that is left out is one that nobody has.
 */
import { isDid, LIMITS } from '@planetary-mesh/spec/bare'
import { isNumber, mapParts, type Program, type Type, typeName, type Value } from '../ir/ir.ts'
import { byteLength } from '../source.ts'
import { UNIT_MS } from '../units.ts'

/** Why the JSON is not a request for the program: one sentence, with the path. */
export type BadInput = { ok: false; path: string; why: string }

export function inputsFromJson(
  program: Program,
  json: unknown,
): { ok: true; values: Value[] } | BadInput {
  const values: Value[] = []
  for (const { path, type } of program.inputs) {
    const found = at(json, path)
    if (found === undefined && path.startsWith('roles.')) values.push([])
    else {
      const value = found === undefined ? 'it is missing' : read(found, type, path)
      if (typeof value === 'object' && value !== null && 'value' in value) values.push(value.value)
      else if (typeof value === 'string') return { ok: false, path, why: value }
    }
  }
  return { ok: true, values }
}

/** By the whole path as a key, or by objects in objects. */
function at(json: unknown, path: string): unknown {
  const own = (of: unknown, key: string) =>
    typeof of === 'object' && of !== null && Object.hasOwn(of, key)
      ? (of as Record<string, unknown>)[key]
      : undefined
  const whole = own(json, path)
  if (whole !== undefined) return whole
  return path.split('.').reduce<unknown>((inner, key) => own(inner, key), json)
}

type Read = { value: Value } | string

function read(json: unknown, type: Type, path: string): Read {
  if (isNumber(type)) return readNumber(json, type)
  const wrong = `expected ${typeName(type)}, found ${JSON.stringify(json)?.slice(0, 80)}`
  switch (type.is) {
    case 'bool':
      return typeof json === 'boolean' ? { value: json } : wrong
    case 'text':
    case 'did':
    case 'cid':
      if (typeof json !== 'string' || byteLength(json) > LIMITS.textBytesMax) return wrong
      if (!json.isWellFormed() || (type.is === 'did' && !isDid(json))) return wrong
      return { value: json }
    case 'option': {
      if (json === null) return { value: null }
      const inner = read(json, type.of, path)
      return typeof inner === 'string' ? inner : { value: { some: inner.value } }
    }
    case 'list': {
      const parts = mapParts(type)
      if (parts !== null && !Array.isArray(json)) return readMap(json, parts, wrong)
      if (!Array.isArray(json) || json.length > LIMITS.cclListMax) return wrong
      return readAll(json.map((item) => [item, type.of]))
    }
    case 'record': {
      if (typeof json !== 'object' || json === null) return wrong
      const fields = type.fields.map((field): [unknown, Type, string] => [
        Object.hasOwn(json, field.name) ? (json as Record<string, unknown>)[field.name] : null,
        field.type,
        field.name,
      ])
      return readAll(fields)
    }
  }
  return wrong
}

/** An object, whose keys are texts; or, as any list, entries of `key` and `value`. */
function readMap(json: unknown, { key, value }: { key: Type; value: Type }, wrong: string): Read {
  if (typeof json !== 'object' || json === null) return wrong
  const entries = Object.entries(json)
  if (entries.length > LIMITS.cclListMax) return wrong
  const values: Value[] = []
  for (const [name, of] of entries) {
    const read = readAll([
      [key.is === 'bool' ? name === 'true' : name, key],
      [of, value, name],
    ])
    if (typeof read === 'string') return read
    values.push(read.value)
  }
  return { value: values }
}

function readAll(parts: readonly (readonly [unknown, Type, string?])[]): Read {
  const values: Value[] = []
  for (const [json, type, name] of parts) {
    const value = read(json, type, '')
    if (typeof value === 'string') return name === undefined ? value : `${name}: ${value}`
    values.push(value.value)
  }
  return { value: values }
}

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

function readNumber(json: unknown, type: Type): Read {
  const wrong = `expected ${typeName(type)}, found ${JSON.stringify(json)?.slice(0, 80)}`
  if (typeof json === 'number') return Number.isSafeInteger(json) ? { value: BigInt(json) } : wrong
  if (typeof json !== 'string' || json.length > 40) return wrong
  const [, digits = '', unit = ''] = /^(-?\d+)(ms|s|min|h|d|w)?$/.exec(json) ?? []
  const [, share = ''] = /^(\d+(?:\.\d{1,4})?)%$/.exec(json) ?? []
  if (share !== '' && type.is === 'percent') {
    const [before = '', after = ''] = share.split('.')
    return ranged(BigInt(before + after.padEnd(4, '0')), wrong)
  }
  if (digits === '' || (unit !== '' && type.is !== 'duration')) return wrong
  return ranged(BigInt(digits) * BigInt(UNIT_MS.get(unit) ?? 1), wrong)
}

const ranged = (value: bigint, wrong: string): Read =>
  value < MIN || value > MAX ? wrong : { value }
