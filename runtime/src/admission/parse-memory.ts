/** Tables and the memory: their sizes, refused where the sandbox cannot keep them within bounds. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { readValueType } from './parse-types.ts'
import { type ByteReader, limit, many, refuse } from './reader.ts'
import { VALUE, type ValueType } from './types.ts'

export type Limits = { readonly min: number; readonly max: number }
export type Table = Limits & { readonly element: ValueType }

const FLAG = { hasMax: 1, shared: 2, wide: 4 } as const
/** A table whose elements have an initial value starts with this byte. */
const INITIAL_VALUE = 0x40
const PAGES_MAX = 65_536

/** Each table's maximum, declared or not, is cut to an equal part of what all may hold. */
export function readTables(reader: ByteReader): Table[] {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmTablesMax, 'tables', offset)
  const elementsMax = Math.floor(LIMITS.wasmTableElementsMax / count)
  return many(count, () => {
    const start = reader.at
    const element = reader.byte()
    if (element === INITIAL_VALUE) refuse('typed references are not available', start)
    if (element !== VALUE.funcref && element !== VALUE.externref)
      refuse('a table of a type that is not available', start)
    const { min, max } = readLimits(reader, 2 ** 32 - 1)
    limit(min, elementsMax, 'table elements', start)
    return { element, min, max: Math.min(max, elementsMax) }
  })
}

export function readMemory(reader: ByteReader, memoryPagesMax: number): Limits | undefined {
  const offset = reader.at
  const count = reader.u32()
  if (count > 1) refuse('more than one memory is not available', offset)
  if (count === 0) return undefined
  const start = reader.at
  const { min, max } = readLimits(reader, PAGES_MAX)
  limit(min, memoryPagesMax, 'pages of memory', start)
  return { min, max: Math.min(max, memoryPagesMax) }
}

function readLimits(reader: ByteReader, unbounded: number): Limits {
  const offset = reader.at
  const flags = reader.byte()
  if (flags & FLAG.shared) refuse('threads are not available: a shared memory or table', offset)
  if (flags & FLAG.wide) refuse('64 bit memories are not available', offset)
  if (flags > FLAG.hasMax) refuse('a memory or table of an unknown kind', offset)
  const min = reader.u32()
  const max = flags & FLAG.hasMax ? reader.u32() : unbounded
  if (max < min) refuse('a maximum below the minimum', offset)
  return { min, max }
}

/** Passes over the type of an imported table or memory and says whether it is shared. */
export function readImportedLimits(reader: ByteReader, table: boolean): { shared: boolean } {
  if (table) readValueType(reader)
  const flags = reader.byte()
  return { shared: (flags & FLAG.shared) !== 0 }
}
