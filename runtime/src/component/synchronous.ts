/**
 * WASI 0.3 in a component's bytes: functions that are asynchronous, and the values that only they
 * have. What is written for them would run here as something else, so it is refused.
 * Source: WebAssembly Component Model, "Binary Format", canonical definitions and types.
 */
import { type ByteReader, refuse } from '../admission/reader.ts'
import { eachSection, SECTION } from './component-sections.ts'

/** Lift, lower, and the three functions of a resource; all others are of WASI 0.3. */
const CANON = { lift: 0, lower: 1, resourceRep: 4 } as const
/** Of a lift or lower: how texts are encoded, memory, realloc, post-return; then `async`. */
const OPTION = { memory: 3, postReturn: 5 } as const

/** Refuses with MODULE_REFUSED, by the byte, what is asynchronous. */
export function ensureSynchronous(component: Uint8Array): void {
  eachSection(component, (id, section) => {
    if (id === SECTION.canon) readCanons(section)
    else if (id === SECTION.type) readTypes(section)
  })
}

const refuseAsync = (what: string, at: number): never =>
  refuse(`asynchronous components (WASI 0.3) are not available: ${what}`, at)

function readCanons(reader: ByteReader): void {
  for (let left = reader.u32(); left > 0; left--) {
    const { at } = reader
    const kind = reader.byte()
    if (kind > CANON.resourceRep) refuseAsync('a built-in function for them', at)
    if (kind <= CANON.lower) reader.byte()
    reader.u32() // the function, or the type of a resource
    if (kind <= CANON.lower) readOptions(reader)
    if (kind === CANON.lift) reader.u32() // its type
  }
}

function readOptions(reader: ByteReader): void {
  for (let left = reader.u32(); left > 0; left--) {
    const { at } = reader
    const option = reader.byte()
    if (option > OPTION.postReturn) refuseAsync('a function', at)
    if (option >= OPTION.memory) reader.u32()
  }
}

/** Thrown at a type that this page does not know: who takes the component apart judges it. */
const UNKNOWN = Symbol('a type of a kind that is not known')

function readTypes(reader: ByteReader): void {
  try {
    for (let left = reader.u32(); left > 0; left--) readType(reader)
  } catch (thrown) {
    if (thrown !== UNKNOWN) throw thrown
  }
}

type Read = (reader: ByteReader) => void

const many = (reader: ByteReader, read: Read) => {
  for (let left = reader.u32(); left > 0; left--) read(reader)
}
const perhaps = (reader: ByteReader, read: Read) => {
  if (reader.byte() === 1) read(reader)
}
const name: Read = (reader) => void reader.name()
const index: Read = (reader) => void reader.u32()

const ERROR_CONTEXT = 0x64
const value: Read = (reader) => {
  if (reader.bytes[reader.at] === ERROR_CONTEXT) refuseAsync('an error context', reader.at)
  reader.skipSigned()
}
const named: Read = (reader) => {
  name(reader)
  value(reader)
}
const variantCase: Read = (reader) => {
  name(reader)
  perhaps(reader, value)
  reader.byte()
}

const parametersAndResult: Read = (reader) => {
  many(reader, named)
  if (reader.byte() === 0) value(reader)
  else reader.byte()
}

/** How a type goes on, by its first byte; of primitive ones that byte is all. */
const TYPES: Readonly<Record<number, Read>> = {
  114: (reader) => many(reader, named), // record
  113: (reader) => many(reader, variantCase), // variant
  112: value, // list
  111: (reader) => many(reader, value), // tuple
  110: (reader) => many(reader, name), // flags
  109: (reader) => many(reader, name), // enum
  107: value, // option
  106(reader) {
    perhaps(reader, value) // result
    perhaps(reader, value)
  },
  105: index, // own
  104: index, // borrow
  102: (reader) => refuseAsync('a stream', reader.at - 1),
  101: (reader) => refuseAsync('a future', reader.at - 1),
  100: (reader) => refuseAsync('an error context', reader.at - 1),
  67: (reader) => refuseAsync('a function', reader.at - 1),
  66: (reader) => many(reader, declaration), // instance
  65: (reader) => many(reader, declaration), // component
  64: parametersAndResult, // function
  62: (reader) => refuseAsync('a destructor', reader.at - 1),
  63(reader) {
    reader.byte() // resource, always of i32
    perhaps(reader, index)
  },
}
const PRIMITIVE_MIN = 0x73
const PRIMITIVE_MAX = 0x7f

const readType: Read = (reader) => {
  const kind = reader.byte()
  if (kind >= PRIMITIVE_MIN && kind <= PRIMITIVE_MAX) return
  const read = TYPES[kind]
  if (read === undefined) throw UNKNOWN
  read(reader)
}

const declaration: Read = (reader) => {
  const kind = reader.byte()
  if (kind === 1) readType(reader)
  else if (kind === 2) readAlias(reader)
  else if (kind === 3 || kind === 4) readExtern(reader)
  else throw UNKNOWN // a core type: none of ours has one
}

const CORE_SORT = 0
const OUTER = 2
const readAlias: Read = (reader) => {
  if (reader.byte() === CORE_SORT) reader.byte()
  const target = reader.byte()
  reader.u32()
  if (target === OUTER) reader.u32()
  else name(reader)
}

/** An import or export by its name and kind. */
const readExtern: Read = (reader) => {
  const version = reader.byte()
  if (version > 1) throw UNKNOWN
  name(reader)
  const sort = reader.byte()
  if (sort === 3) perhapsEqual(reader)
  else if (sort === 1 || sort === 4 || sort === 5) reader.u32()
  else throw UNKNOWN
}

/** A type that is another, or a resource of its own. */
const perhapsEqual: Read = (reader) => {
  if (reader.byte() === 0) reader.u32()
}
