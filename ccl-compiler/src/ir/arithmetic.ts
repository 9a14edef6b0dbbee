/** Whole numbers of 64 bits with sign: exact, or the name of what went wrong. */
import type { ErrorName, Rounding } from './ir.ts'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n
const PPM = 1_000_000n

/** Ends the evaluation of a rule. Not an exception of ours: it is a value of the language. */
export class Stop extends Error {
  readonly why: ErrorName

  constructor(why: ErrorName) {
    super(why)
    this.why = why
  }
}

export function within(value: bigint): bigint {
  if (value < MIN || value > MAX) throw new Stop('overflow')
  return value
}

/** a ÷ b: floor, ceiling, or nearest with halves to the even neighbour. */
export function divide(a: bigint, b: bigint, how: Rounding): bigint {
  if (b === 0n) throw new Stop('divide_by_zero')
  const quotient = a / b
  const rest = a % b
  const floor = rest !== 0n && rest < 0n !== b < 0n ? quotient - 1n : quotient
  if (rest === 0n || how === 'down') return within(floor)
  if (how === 'up') return within(floor + 1n)
  // twice the distance from the floor, against the divisor; both have the sign of b
  const above = (a - floor * b) * 2n
  const distance = b < 0n ? b - above : above - b
  if (distance === 0n) return within(floor % 2n === 0n ? floor : floor + 1n)
  return within(distance > 0n ? floor + 1n : floor)
}

/**
 * a × ppm ÷ 10^6, as the module computes it: whole millions first, then the rest. Both have
 * the sign of a, so that no step leaves 64 bits if the result does not.
 */
export function part(a: bigint, ppm: bigint, how: 'down' | 'up'): bigint {
  const whole = within((a / PPM) * ppm)
  return within(whole + divide(within((a % PPM) * ppm), PPM, how))
}
