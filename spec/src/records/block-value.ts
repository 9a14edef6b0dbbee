/**
 * Which JavaScript values a block can hold and give back exactly: the IPLD data model without
 * floats, and without the few values that the codec cannot tell apart or cannot read again.
 */
import type { CID } from 'multiformats/cid'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { asLink, ensureCid } from './cid.ts'

type Plain =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | CID
  | Plain[]
  | { [key: string]: Plain }

/**
 * A copy of arrays and objects, reading each part once; bytes and links are not copied. Refuses
 * with BLOCK_VALUE_REFUSED, CID_REFUSED, BLOCK_TOO_DEEP, and BLOCK_TOO_LARGE as soon as the value
 * must take more than `bytesMax` bytes: one small array used a billion times over ends early.
 */
export function copyValue(value: unknown, bytesMax: number): Plain {
  return copy(value, 0, { left: bytesMax, max: bytesMax })
}

function copy(value: unknown, depth: number, budget: { left: number; max: number }): Plain {
  spend(budget, 1)
  switch (typeof value) {
    case 'boolean':
      return value
    case 'number':
      admit(
        Number.isSafeInteger(value) && !Object.is(value, -0),
        'BLOCK_VALUE_REFUSED',
        () => `${value} is not an integer of at most 53 bits`,
      )
      return value
    case 'string':
      return ensureText(value, budget)
    case 'object':
      break
    default:
      throw new Refusal('BLOCK_VALUE_REFUSED', `a ${typeof value} cannot stand in a block`)
  }
  if (value === null) return null
  if (value instanceof Uint8Array) {
    spend(budget, value.length)
    return value
  }
  // a container and a link each add one level, exactly as `cborDepth` counts them
  admit(depth < LIMITS.blockDepthMax, 'BLOCK_TOO_DEEP', () => `deeper than ${LIMITS.blockDepthMax}`)
  const cid = asLink(value)
  if (cid !== null) {
    ensureCid(cid)
    return cid
  }
  return Array.isArray(value)
    ? copyArray(value, depth, budget)
    : copyObject(value as Record<string, unknown>, depth, budget)
}

function copyArray(value: unknown[], depth: number, budget: { left: number; max: number }) {
  const items: Plain[] = []
  // not map: a hole in a sparse array must be seen as undefined
  for (let index = 0; index < value.length; index++) {
    items.push(copy(value[index], depth + 1, budget))
  }
  return items
}

function copyObject(
  value: Record<string, unknown>,
  depth: number,
  budget: { left: number; max: number },
) {
  const prototype = Object.getPrototypeOf(value)
  admit(
    prototype === Object.prototype || prototype === null,
    'BLOCK_VALUE_REFUSED',
    () => `a ${Object.prototype.toString.call(value).slice(8, -1)} cannot stand in a block`,
  )
  const object: { [key: string]: Plain } = {}
  for (const key of Reflect.ownKeys(value)) {
    admit(typeof key === 'string', 'BLOCK_VALUE_REFUSED', 'a symbol cannot be a key')
    // assigning it would change what the object is
    admit(key !== '__proto__', 'BLOCK_VALUE_REFUSED', 'the key __proto__')
    object[ensureText(key, budget)] = copy(value[key], depth + 1, budget)
  }
  // what js-multiformats takes for a CID, though it is none
  const likeLink = Object.hasOwn(object, '/') && object['/'] === object.bytes
  admit(!likeLink, 'BLOCK_VALUE_REFUSED', 'an object that only looks like a link')
  return object
}

function ensureText(text: string, budget: { left: number; max: number }): string {
  spend(budget, text.length)
  admit(text.isWellFormed(), 'BLOCK_VALUE_REFUSED', 'a string with a lone surrogate')
  // decoders of UTF-8 drop it, and the string would come back shorter
  admit(!text.startsWith('\uFEFF'), 'BLOCK_VALUE_REFUSED', 'a string with a byte order mark')
  return text
}

function spend(budget: { left: number; max: number }, bytes: number): void {
  budget.left -= bytes
  admit(budget.left >= 0, 'BLOCK_TOO_LARGE', () => `more than ${budget.max} bytes`)
}

/** Whether two values of blocks are the same, that is, would be the same bytes. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  }
  const [linkA, linkB] = [asLink(a), asLink(b)]
  if (linkA !== null || linkB !== null) return linkA !== null && linkB?.equals(linkA) === true
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) => Object.hasOwn(b, key) && sameValue(Reflect.get(a, key), Reflect.get(b, key)),
    )
  )
}
