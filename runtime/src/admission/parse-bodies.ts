/** The code section: where each function's body stands, and how many locals it declares. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { readValueType } from './parse-types.ts'
import { ByteReader, limit } from './reader.ts'
import { VALUE } from './types.ts'

/** Of each function, where its local declarations, its first instruction and its end are. */
export class Bodies {
  readonly count: number
  readonly localsAt: Int32Array
  readonly codeAt: Int32Array
  readonly end: Int32Array
  /** How many locals it declares. */
  readonly locals: Int32Array
  /** 1 when some of them have 16 bytes. */
  readonly wide: Uint8Array

  constructor(count: number) {
    this.count = count
    this.localsAt = new Int32Array(count)
    this.codeAt = new Int32Array(count)
    this.end = new Int32Array(count)
    this.locals = new Int32Array(count)
    this.wide = new Uint8Array(count)
  }
}

export function readBodies(reader: ByteReader): Bodies {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmFunctionsMax, 'function bodies', offset)
  // Each has a byte at least: a count that is not true takes no memory.
  const bodies = new Bodies(Math.min(count, reader.end - reader.at))
  const body = new ByteReader(reader.bytes)
  let localsOfAll = 0
  for (let index = 0; index < count; index++) {
    const sizeAt = reader.at
    const size = reader.u32()
    limit(size, LIMITS.wasmFunctionBytesMax, 'bytes of one function', sizeAt)
    const localsAt = reader.at
    reader.skip(size)
    body.at = localsAt
    body.end = reader.at
    bodies.localsAt[index] = localsAt
    readLocals(body, bodies, index)
    bodies.codeAt[index] = body.at
    bodies.end[index] = body.end
    // The engine makes room for each, and a few bytes may declare thousands.
    localsOfAll += bodies.locals[index] as number
    limit(localsOfAll, LIMITS.wasmLocalsOfAllMax, 'locals of all functions', localsAt)
  }
  return bodies
}

function readLocals(reader: ByteReader, bodies: Bodies, index: number): void {
  const offset = reader.at
  let locals = 0
  for (let groups = reader.u32(); groups > 0; groups--) {
    locals += reader.u32()
    limit(locals, LIMITS.wasmLocalsMax, 'locals of one function', offset)
    if (readValueType(reader) === VALUE.v128) bodies.wide[index] = 1
  }
  bodies.locals[index] = locals
}
