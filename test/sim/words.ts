/**
 * The words of `npm run sim` and `npm run plant`. What makes no sense ends them with 2 and a
 * sentence: a run over no seed, or over no bug, would look like one that found nothing wrong.
 */

/** What `read` makes of the words. */
export function readWords<T>(usage: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n${usage}\n`)
    process.exit(2)
  }
}

/** A whole number of `min` … `max`. */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new TypeError(`${name}: '${text}' is no whole number from ${min} to ${max}`)
}

/** The one of that id, or all. */
export function chosen<T extends { id: string }>(all: readonly T[], only?: string): readonly T[] {
  const found = all.filter(({ id }) => only === undefined || id === only)
  if (found.length > 0) return found
  throw new TypeError(`--only: there is no '${only}'; there are ${all.map(({ id }) => id)}`)
}
