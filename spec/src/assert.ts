/** A fault is ours: an assertion that fails stops the process, it is never refused or retried. */

export class Fault extends Error {
  override readonly name = 'Fault'
}

/** Throws a `Fault` unless `condition` holds; `claim` says what should have been true. */
export function assert(condition: unknown, claim: string): asserts condition {
  if (!condition) throw new Fault(`expected that ${claim}`)
}
