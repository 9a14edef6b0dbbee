/** "Did you mean …?": the known word nearest to a mistyped one. */

const WORD_MAX = 64

/** The candidate within about a third of the word's length in edits, or undefined. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > WORD_MAX) return undefined
  const plain = normal(word)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(plain.length / 3)) + 1
  for (const candidate of candidates) {
    const other = normal(candidate)
    // each sign that one has more is an edit
    if (Math.abs(other.length - plain.length) >= bestDistance) continue
    const distance = edits(plain, other)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Case, hyphens and underscores are the commonest slips and cost nothing. */
const normal = (word: string) => word.toLowerCase().replace(/[-_ ]/g, '')

/** Optimal string alignment: insert, delete, replace, swap neighbours, each for 1. */
function edits(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] as number) + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] as number
}
