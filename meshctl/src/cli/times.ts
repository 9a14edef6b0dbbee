/** Times of others as text: what a record says need not be a time that a date can hold. */

/** ISO 8601 in UTC; beyond what a date can say, the number itself. */
export function instantText(atMs: number): string {
  const date = new Date(atMs)
  return Number.isNaN(date.getTime()) ? `${atMs} ms since 1970` : date.toISOString()
}
