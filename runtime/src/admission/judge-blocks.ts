/**
 * A look at the blocks of long functions before the engine sees them: they are neither nested nor
 * passed values without bound. To the engine a block of three bytes is a table of all its values,
 * kept until the function ends; a megabyte of them would be more than a gigabyte.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { Instructions } from './instructions.ts'
import { OP } from './opcodes.ts'
import type { Parsed } from './parse.ts'
import { limit } from './reader.ts'
import type { FunctionType } from './types.ts'

/** Opcode, type, and an end somewhere. */
const BLOCK_BYTES_MIN = 3

/** Refuses with MODULE_REFUSED. Trusts nothing: what is wrong otherwise is left to the engine. */
export function judgeBlocks(parsed: Parsed): void {
  let most = 1
  for (const type of parsed.types) most = Math.max(most, valuesOf(type))
  const { bodies } = parsed
  for (let index = 0; index < bodies.count; index++) {
    const codeAt = bodies.codeAt[index] as number
    const end = bodies.end[index] as number
    // Too short to go wrong, as nearly all functions are.
    const blocksMax = (end - codeAt) / BLOCK_BYTES_MIN
    const isShort = blocksMax < LIMITS.wasmNestingMax
    if (isShort && blocksMax * most < LIMITS.wasmBlockValuesMax) continue
    judgeBody(new Instructions(parsed.bytes, codeAt, end), parsed.types)
  }
}

function judgeBody(code: Instructions, types: readonly FunctionType[]): void {
  let nesting = 0
  let values = 0
  while (code.at < code.end) {
    code.next()
    if (code.code === OP.end) nesting--
    if (code.code > OP.if || code.code < OP.block) continue
    nesting++
    values += valuesOf(types[code.index])
    limit(nesting, LIMITS.wasmNestingMax, 'blocks within blocks', code.start)
    limit(values, LIMITS.wasmBlockValuesMax, 'values passed to blocks', code.start)
  }
}

/** A block of no type that is named, or of none that is there, counts as one. */
function valuesOf(type: FunctionType | undefined): number {
  return type === undefined ? 1 : type.params.length + type.results.length
}
