/** The type section: function types of the accepted value types, and nothing else. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { type ByteReader, limit, many, refuse } from './reader.ts'
import { type FunctionType, VALUE, type ValueType } from './types.ts'

const FUNCTION = 0x60
const VALUE_TYPES: readonly number[] = Object.values(VALUE)

export function readFunctionTypes(reader: ByteReader): FunctionType[] {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmTypesMax, 'types', offset)
  return many(count, () => {
    const form = reader.byte()
    if (form !== FUNCTION)
      refuse('garbage-collected types are not available: a type of no function', reader.at - 1)
    return {
      params: readValueTypes(reader, LIMITS.wasmParametersMax, 'parameters'),
      results: readValueTypes(reader, LIMITS.wasmResultsMax, 'results'),
    }
  })
}

function readValueTypes(reader: ByteReader, most: number, things: string): ValueType[] {
  const offset = reader.at
  const count = reader.u32()
  limit(count, most, `${things} of one function`, offset)
  return many(count, () => readValueType(reader))
}

export function readValueType(reader: ByteReader): ValueType {
  const type = reader.byte()
  if (!VALUE_TYPES.includes(type))
    refuse(`a value type that is not available, 0x${type.toString(16)}`, reader.at - 1)
  return type
}
