/** Numbers of options as commander wants them: a whole number within bounds, or a reason. */
import { InvalidArgumentError } from 'commander'

/** A whole number of at least `min` and at most `max`. */
export const wholeNumber =
  (min: number, max: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max)) {
      const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `of ${min} to ${max}`
      throw new InvalidArgumentError(`Expected a whole number ${bounds}.`)
    }
    return value
  }
