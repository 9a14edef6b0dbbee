/**
 * Says whether a run of the whole suite ran all it should. Tests vanish silently when a glob stops
 * matching or a file ends early, so the number of tests is committed and may only grow.
 */

/** The numbers of one run, as node:test sums them up. */
export type Tally = { tests: number; skipped: number; cancelled: number; todo: number }
export type Skipped = { name: string; reason: string; file: string | undefined }

/** What may be skipped on Linux x64: building guests again, and networks where none may be made. */
const MAY_SKIP = /\brebuil[dt]|\/second-host\//i

/**
 * A sentence when fewer than `committed` tests ran, or when one was skipped that may not be here,
 * or for no reason; else undefined. `platform` is such as `linux-x64`.
 */
export function missingTests(
  committed: number,
  tally: Tally,
  skipped: readonly Skipped[],
  platform: string,
): string | undefined {
  const wrong = skipped.filter(({ name, file, reason }) => {
    const maySkip = MAY_SKIP.test(name) || MAY_SKIP.test(file ?? '')
    const isReason = /\s/.test(reason)
    return !isReason || (platform === 'linux-x64' && !maySkip)
  })
  if (wrong.length > 0) {
    return `skipped without leave: ${wrong.map(({ name }) => name).join(', ')}`
  }
  if (tally.todo > 0) return `${tally.todo} tests are marked todo`
  const ran = tally.tests - tally.cancelled
  if (ran < committed) {
    return `${ran} tests ran, but tools/test-count.json says ${committed}: where are the others?`
  }
  return undefined
}
