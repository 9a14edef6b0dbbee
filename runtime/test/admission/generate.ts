/**
 * Makes valid modules from a seed: nested blocks, loops that end, calls direct, indirect, recursive
 * and imported, memory, globals, tables, all number types and vectors. With `seesNaN` the bits of
 * numbers are looked at; without, a NaN only ever counts as a NaN, so that the engine's own choice
 * of bits in a module as it came cannot show.
 */
import { build, FUNCREF, type Func, I32, I64, op, uleb, V128 } from './build.ts'
import { randomFrom } from './chance.ts'
import { Body, type Type } from './generate-body.ts'
import { SCALARS, typeByte, VI, zero } from './generate-operators.ts'

const EXTERNREF = 0x6f
const MEMORY = [1, 0x6d, 2, 0]
const TABLE = [1, 0x74, 1, 0]

export function generate(seed: number, seesNaN = false): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed)
  const count = 2 + random(3)
  const kinds = [...SCALARS, VI]
  const types = Array.from({ length: count }, (): Type => {
    const params = Array.from({ length: random(4) }, () => kinds[random(5)] as number)
    const results = random(3) === 0 ? [I32, I64] : [SCALARS[random(4)] as number]
    return { params: [I32, ...params], results }
  })
  const functions = types.map((type, index): Func => {
    const body = new Body(random, seesNaN, types, index)
    const params = type.params.map(typeByte)
    return { params, results: type.results, locals: body.locals.map(typeByte), code: body.code() }
  })
  // What the test calls: functions without parameters, for JavaScript has no single number type.
  const callers = types.map(({ params, results }, index): Func => {
    const args = params.slice(1).flatMap(zero)
    const code = [op.i32, 3, ...args, op.call, ...uleb(index + 1)]
    return { results, code, export: `f${index}` }
  })
  const size = uleb(count)
  const all = types.flatMap((_, index) => uleb(index + 1))
  return build({
    imports: [{ module: 'host', name: 'see', params: [I32], results: [I32] }],
    functions: [...functions, ...callers],
    // After the types of all functions: that of a block which takes and gives two values.
    types: [[0x60, 2, I32, I64, 2, I64, I32]],
    tables: [
      [FUNCREF, 0, ...size],
      [FUNCREF, 1, 4, 12],
      [EXTERNREF, 0, 2],
    ],
    memory: [1, 1, 4],
    globals: [
      ...SCALARS.map((type) => [type, 1, ...zero(type), op.end]),
      [V128, 1, ...zero(VI), op.end],
    ],
    // Of a table that the outside sees, functions keep the types that the module gave them.
    exports: [MEMORY, ...(seed % 3 === 0 ? [TABLE] : [])],
    elements: [
      [0, op.i32, 0, op.end, ...size, ...all],
      [1, 0, ...size, ...all],
    ],
    data: [
      [0, op.i32, 16, op.end, 5, 1, 2, 3, 4, 5],
      [1, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1],
    ],
  })
}
