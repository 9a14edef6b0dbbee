/**
 * Straight code: what stands between instructions that branch, call or delimit a block, which is
 * nearly all of a module. One loop passes over it with all that it changes at hand, in variables.
 */
import { ALIGNMENTS, type Instructions } from './instructions.ts'
import type { IntList } from './int-list.ts'
import * as shapes from './not-a-number.ts'
import * as opcodes from './opcodes.ts'
import * as operandStack from './operands.ts'
import * as table from './scan-table.ts'

// The engine looks up what is imported wherever it is named, and knows what is declared here.
const { FORM, TRAIT, TRAITS } = table
const { computesOf, costOf, formOf, lengthOf, madeOf, popsOf, takenOf } = table
const { PREFIX_SIMD, SIMD } = opcodes
const { SHAPE } = shapes
const { ELSEWHERE } = operandStack
const ALIGNMENT_MAX = ALIGNMENTS

/** What the instructions since the last mark come to. */
export type Run = {
  cost: number
  /** Where the first of them with a cost stands. */
  firstAt: number
  /** How many of them compute a value, of those passed over last. */
  computes: number
  /** One of the function's had to do with vectors. */
  wide: boolean
}

/**
 * Passes over straight code from `code.at` on, to before the first instruction that is none. Adds
 * to `sites` where arithmetic stands that may make a NaN, and where `firstLocal` is named.
 */
export function passStraight(
  code: Instructions,
  operands: operandStack.Operands,
  run: Run,
  sites: IntList,
  firstLocal: number,
): void {
  const { bytes } = code
  const end = code.end | 0
  const { looked } = operands
  const body = operands.body | 0
  let { origins } = operands
  let height = operands.height | 0
  let heightMax = operands.heightMax | 0
  let cost = run.cost | 0
  let firstAt = run.firstAt | 0
  let computes = 0
  let start = code.at | 0
  for (let at = start; start < end; start = at) {
    const opcode = bytes[at++] as number
    let traits = TRAITS[opcode] as number
    if (opcode === PREFIX_SIMD) {
      const low = bytes[at++] as number
      // Of a number of two bytes, the upper bit of the first is that of the second.
      if (low >= 0x80 && bytes[at++] !== 1) break
      traits = TRAITS[SIMD + low] as number
      run.wide = true
    }
    const form = formOf(traits)
    if (form === FORM.apart) break
    if (cost === 0) firstAt = start
    cost += costOf(traits)
    computes += computesOf(traits)
    switch (form) {
      case FORM.unary: {
        const origin = origins[height - 1] as number
        if (origin === ELSEWHERE) break
        operands.see(origin, takenOf(traits))
        origins[height - 1] = ELSEWHERE
        break
      }
      case FORM.binary: {
        const right = origins[--height] as number
        const left = origins[height - 1] as number
        if ((left | right) === ELSEWHERE) break
        operands.see(right, takenOf(traits))
        operands.see(left, takenOf(traits))
        origins[height - 1] = ELSEWHERE
        break
      }
      case FORM.load: {
        if ((bytes[at] as number) < ALIGNMENT_MAX && (bytes[at + 1] as number) < 0x80) at += 2
        else at = code.skipMemory(start, at)
        const origin = origins[height - 1] as number
        if (origin === ELSEWHERE) break
        operands.see(origin, SHAPE.none)
        origins[height - 1] = ELSEWHERE
        break
      }
      case FORM.store: {
        if ((bytes[at] as number) < ALIGNMENT_MAX && (bytes[at + 1] as number) < 0x80) at += 2
        else at = code.skipMemory(start, at)
        const right = origins[--height] as number
        const left = origins[--height] as number
        if ((left | right) === ELSEWHERE) break
        operands.see(right, SHAPE.none)
        operands.see(left, SHAPE.none)
        break
      }
      case FORM.integer:
        if ((bytes[at++] as number) >= 0x80) at = code.skipInteger(at - 1)
        origins[height++] = ELSEWHERE
        if (height > heightMax) heightMax = height
        if (height === origins.length) origins = operands.rise(height, start)
        break
      case FORM.localGet: {
        let index = bytes[at++] as number
        if (index >= 0x80) {
          index = code.indexAt(at - 1)
          at = code.at
        }
        if (index === firstLocal) sites.push(start)
        // Of one that is looked into already there is nothing more to learn.
        origins[height++] = looked[index] === body ? ELSEWHERE : -1 - index
        if (height > heightMax) heightMax = height
        if (height === origins.length) origins = operands.rise(height, start)
        break
      }
      case FORM.localSet: {
        let index = bytes[at++] as number
        if (index >= 0x80) {
          index = code.indexAt(at - 1)
          at = code.at
        }
        if (index === firstLocal) sites.push(start)
        const origin = origins[--height] as number
        if (origin !== ELSEWHERE) operands.move(origin, index)
        break
      }
      case FORM.localTee: {
        let index = bytes[at++] as number
        if (index >= 0x80) {
          index = code.indexAt(at - 1)
          at = code.at
        }
        if (index === firstLocal) sites.push(start)
        const origin = origins[height - 1] as number
        if (origin !== ELSEWHERE) operands.move(origin, index)
        origins[height - 1] = looked[index] === body ? ELSEWHERE : -1 - index
        break
      }
      default: {
        at += lengthOf(traits)
        for (let pops = popsOf(traits); pops > 0; pops--) {
          const origin = origins[--height] as number
          if (origin !== ELSEWHERE) operands.see(origin, takenOf(traits))
        }
        if ((traits & TRAIT.pushes) === 0) break
        const made = madeOf(traits)
        if (made > 0) sites.push(start)
        origins[height++] = made > 0 ? operands.make(made) : ELSEWHERE
        if (height > heightMax) heightMax = height
        if (height === origins.length) origins = operands.rise(height, start)
      }
    }
  }
  code.at = start
  operands.height = height
  operands.heightMax = heightMax
  run.cost = cost
  run.firstAt = firstAt
  run.computes = computes
}
