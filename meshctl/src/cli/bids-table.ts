/** The bids on a job, in the columns of S1; a longer value widens its column. */
import { table } from './table.ts'
import { printable } from './terminal.ts'

export type BidRow = {
  node: string
  price: number
  expectedMs: number
  reputation: number
  location: string
}

const COLUMNS = [
  { title: 'Node ID', width: 16 },
  { title: 'Bid', width: 9 },
  { title: 'Est. Time', width: 14 },
  { title: 'Reputation', width: 14 },
  { title: 'Location', width: 11 },
]

/** The estimated time is in whole seconds, rounded up. */
export function bidsTable(rows: readonly BidRow[]): string {
  return table(
    COLUMNS,
    rows.map(({ node, price, expectedMs, reputation, location }) => [
      printable(node),
      String(price),
      `${Math.ceil(expectedMs / 1000)}s`,
      String(reputation),
      printable(location),
    ]),
  )
}
