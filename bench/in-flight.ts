/** Work that is done again and again, so many times in all and so many at the same time. */

/** What each of the `count` gave, in the order in which they ended. */
export async function inFlight<T>(
  count: number,
  atOnce: number,
  work: () => Promise<T>,
): Promise<T[]> {
  const done: T[] = []
  let begun = 0
  const next = async () => {
    while (begun < count) {
      begun += 1
      done.push(await work())
    }
  }
  await Promise.all(Array.from({ length: Math.min(count, atOnce) }, next))
  return done
}
