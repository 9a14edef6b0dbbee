/** Ids as people see and type them: whole, shortened in tables, or by their beginning. */
import { attempt, type CID, parseCid, Refusal } from '@planetary-mesh/spec'
import { UsageError } from './errors.ts'

const PREFIX_MIN = 8
const CANDIDATES_MAX = 10
const FIRST = 10
const LAST = 6

/** The first 10 … last 6 characters (decisions 23). */
export function shortened(id: { toString(): string }): string {
  const text = `${id}`
  return text.length <= FIRST + LAST + 1 ? text : `${text.slice(0, FIRST)}…${text.slice(-LAST)}`
}

/** The CID that a text is as a whole, or undefined where it can only be a beginning. */
export function wholeCid(text: string): CID | undefined {
  const cid = attempt(() => parseCid(text))
  return cid instanceof Refusal ? undefined : cid
}

/**
 * The only one of `known` that begins with `text`, of at least 8 characters, or undefined. Several
 * are a usage error that names them; so is a text that is too short. `bafyrei…uvwxyz`, as tables
 * show it, names what begins and ends so.
 */
export function findByBeginning(
  text: string,
  known: readonly CID[],
  what: string,
): CID | undefined {
  const [start = '', end = ''] = text.split('…')
  if (start.length < PREFIX_MIN) {
    throw new UsageError(
      `'${text}' is too short to name a ${what}`,
      `give at least ${PREFIX_MIN} characters of its CID`,
    )
  }
  const found = new Map(known.map((cid) => [`${cid}`, cid]))
  const names = [...found.keys()].filter((name) => name.startsWith(start) && name.endsWith(end))
  if (names.length > 1) {
    const shown = names.sort().slice(0, CANDIDATES_MAX).join('\n    ')
    throw new UsageError(`'${text}' begins several names`, `give more of one of\n    ${shown}`)
  }
  return found.get(names[0] ?? '')
}
