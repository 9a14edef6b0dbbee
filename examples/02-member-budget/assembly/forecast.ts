/**
 * What the coming months may bring, from the last months of the ledger, in whole cents.
 *
 * Income and outgoings are each taken as a straight line through the window's months (least
 * squares) plus what that month of the year is usually above or below the line, if the window
 * covers two years. The line at x is mean + S * c(x) / D with c(x) = 2x - (n - 1),
 * S = sum c(i) * y(i), D = sum c(i)^2 = n(n^2 - 1) / 3; each division rounds half away from zero.
 *
 * Bounds: |sum y| <= ROWS_MAX * AMOUNT_CENTS_MAX = 2 * 10^15, so |S| <= 35 * 2 * 10^15 and
 * |S * c| <= 83 * |S| < 6 * 10^18, below 2^63.
 */
import { Ledger, MONTHS_MAX } from './ledger'

const MONTHS_PER_YEAR: i32 = 12
const SEASONAL_WINDOW_MIN: i32 = 24

export class Options {
  openingCents: i64 = 0
  /** How many months ahead, 1 to 24. */
  months: i32 = 6
  /** How many months of the past count, 2 to 36; fewer if the ledger is shorter. */
  window: i32 = 24
}

/** Half away from zero; `by` is above 0. */
function divideRounded(value: i64, by: i64): i64 {
  return value < 0 ? -((-value + by / 2) / by) : (value + by / 2) / by
}

/** A line and a season through the last `n` months up to `last`. */
class Series {
  readonly mean: i64
  private readonly slopeSum: i64
  private readonly squares: i64
  private readonly n: i32
  private readonly first: i32
  private readonly seasons: StaticArray<i64> = new StaticArray<i64>(MONTHS_PER_YEAR)

  constructor(months: StaticArray<i64>, last: i32, n: i32) {
    this.n = n
    this.first = last - n + 1
    let sum: i64 = 0
    let slopeSum: i64 = 0
    for (let i = 0; i < n; i++) {
      const y = months[this.first + i]
      sum += y
      slopeSum += (2 * i - (n - 1)) * y
    }
    this.mean = divideRounded(sum, n)
    this.slopeSum = slopeSum
    this.squares = (<i64>n * (<i64>n * n - 1)) / 3
    if (n >= SEASONAL_WINDOW_MIN) this.findSeasons(months)
  }

  private findSeasons(months: StaticArray<i64>): void {
    const counts = new StaticArray<i32>(MONTHS_PER_YEAR)
    for (let i = 0; i < this.n; i++) {
      const month = (this.first + i) % MONTHS_PER_YEAR
      counts[month]++
      this.seasons[month] += months[this.first + i] - this.line(i)
    }
    for (let month = 0; month < MONTHS_PER_YEAR; month++)
      this.seasons[month] = divideRounded(this.seasons[month], counts[month])
  }

  private line(x: i32): i64 {
    if (this.squares === 0) return this.mean
    return this.mean + divideRounded(this.slopeSum * (2 * x - (this.n - 1)), this.squares)
  }

  /** How much more each month than the month before. */
  slope(): i64 {
    return this.squares === 0 ? 0 : divideRounded(this.slopeSum * 2, this.squares)
  }

  /** Never below zero: neither income nor outgoings can be. */
  at(month: i32): i64 {
    const value = this.line(month - this.first) + this.seasons[month % MONTHS_PER_YEAR]
    return value > 0 ? value : 0
  }
}

export class Forecast {
  readonly closingCents: i64
  readonly window: i32
  readonly months: i32
  readonly firstMonth: i32
  readonly income: Series
  readonly outgoings: Series

  constructor(ledger: Ledger, options: Options) {
    const known = ledger.lastMonth - ledger.firstMonth + 1
    const window = known < options.window ? known : options.window
    assert(window > 0 && ledger.lastMonth < MONTHS_MAX)
    this.window = window
    this.months = options.months
    this.firstMonth = ledger.lastMonth + 1
    this.income = new Series(ledger.income, ledger.lastMonth, window)
    this.outgoings = new Series(ledger.outgoings, ledger.lastMonth, window)
    let balance = options.openingCents
    for (let month = ledger.firstMonth; month <= ledger.lastMonth; month++)
      balance += ledger.income[month] - ledger.outgoings[month]
    this.closingCents = balance
  }

  /** For how many months the balance would last without income, in hundredths; -1 for ever. */
  reserveHundredths(): i64 {
    if (this.outgoings.mean === 0) return -1
    return this.closingCents > 0 ? (this.closingCents * 100) / this.outgoings.mean : 0
  }
}

/** The categories with most outgoings, largest first, then by name's first appearance. */
export function largestCategories(ledger: Ledger, max: i32): StaticArray<i32> {
  const count = ledger.categories.count < max ? ledger.categories.count : max
  const order = new StaticArray<i32>(count)
  const taken = new StaticArray<bool>(ledger.categories.count)
  let found = 0
  for (; found < count; found++) {
    let largest = -1
    for (let c = 0; c < ledger.categories.count; c++) {
      if (taken[c] || ledger.categoryRows[c] === 0) continue
      if (largest < 0 || ledger.categoryCents[c] > ledger.categoryCents[largest]) largest = c
    }
    if (largest < 0) break
    taken[largest] = true
    order[found] = largest
  }
  return order.slice<StaticArray<i32>>(0, found)
}
