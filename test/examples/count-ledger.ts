/**
 * The figures of the budget forecast, reckoned once more by plain means: maps, and exact fractions
 * in BigInt. What the AssemblyScript program says must equal this.
 */
export type Booking = {
  date: string
  member: string
  kind: string
  category: string
  cents: bigint
}

export type Month = { month: string; income: bigint; outgoings: bigint }

const KINDS_IN = ['contribution', 'sale', 'grant', 'loan']

export const isIncome = ({ kind }: { kind: string }) => KINDS_IN.includes(kind)

export const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n)

export function parseLedger(csv: Uint8Array): Booking[] {
  const [, ...lines] = new TextDecoder().decode(csv).trimEnd().split('\n')
  return lines.map((line) => {
    const [date = '', member = '', kind = '', category = '', cents = ''] = line.split(',')
    return { date, member, kind, category, cents: BigInt(cents) }
  })
}

/** The month `ahead` months after one such as "2025-11". */
export function monthAfter(month: string, ahead: number): string {
  const date = new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)) - 1 + ahead))
  return date.toISOString().slice(0, 7)
}

/** Every month from the first to the last, those without bookings too. */
export function sumMonths(ledger: readonly Booking[]): Month[] {
  const months = Map.groupBy(ledger, ({ date }) => date.slice(0, 7))
  const names = [...months.keys()].sort()
  const all: Month[] = []
  const last = names.at(-1) ?? ''
  for (let month = names[0] ?? ''; month <= last; month = monthAfter(month, 1)) {
    const bookings = months.get(month) ?? []
    const [income, outgoings] = [true, false].map((incoming) =>
      sum(bookings.filter((b) => isIncome(b) === incoming).map(({ cents }) => cents)),
    ) as [bigint, bigint]
    all.push({ month, income, outgoings })
  }
  return all
}

/** Half away from zero. */
function rounded(numerator: bigint, denominator: bigint): bigint {
  const size = numerator < 0n ? -numerator : numerator
  const quotient = (2n * size + denominator) / (2n * denominator)
  return numerator < 0n ? -quotient : quotient
}

export type Fit = { mean: bigint; slope: bigint; ahead: bigint[] }

/**
 * The textbook line a + b x through (0, y0) … (n - 1, y(n-1)), as a fraction, plus the mean
 * distance of each month of the year from it; `firstMonth` is the month of y0, 0 for January.
 */
export function fit(ys: readonly bigint[], firstMonth: number, months: number): Fit {
  const n = BigInt(ys.length)
  const sumX = (n * (n - 1n)) / 2n
  const sumXX = ((n - 1n) * n * (2n * n - 1n)) / 6n
  const sumXY = sum(ys.map((y, x) => BigInt(x) * y))
  const mean = rounded(sum(ys), n)
  const below = n * sumXX - sumX * sumX
  const above = n * sumXY - sumX * sum(ys)
  // the program rounds the mean and the way from the middle one by one
  const line = (x: number) =>
    below === 0n ? mean : mean + rounded(above * (2n * BigInt(x) - (n - 1n)), 2n * below)
  const season = (month: number) => {
    const own = ys.flatMap((y, x) => ((firstMonth + x) % 12 === month ? [y - line(x)] : []))
    return rounded(sum(own), BigInt(own.length))
  }
  const ahead = Array.from({ length: months }, (_, i) => {
    const x = ys.length + i
    const value = line(x) + (ys.length >= 24 ? season((firstMonth + x) % 12) : 0n)
    return value > 0n ? value : 0n
  })
  return { mean, slope: below === 0n ? 0n : rounded(above, below), ahead }
}
