/** Names of people's commands for what has a CID: the whole CID, or enough of its beginning. */
import { attempt, type CID, parseCid, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'

const PREFIX_MIN = 8
const CANDIDATES_MAX = 10

/**
 * The CID that `text` means among `known`: a whole CID even if it is not among them, or the only
 * one with that beginning of at least 8 characters. Several are a usage error that names them.
 */
export function findCid(text: string, known: readonly CID[], what: string): CID {
  const whole = attempt(() => parseCid(text))
  if (!(whole instanceof Refusal)) return whole
  if (text.length < PREFIX_MIN) {
    throw new UsageError(
      `'${text}' is too short to name a ${what}`,
      `give at least ${PREFIX_MIN} characters of its CID`,
    )
  }
  const found = new Map(known.map((cid) => [`${cid}`, cid]))
  const names = [...found.keys()].filter((name) => name.startsWith(text)).sort()
  const [only] = names
  if (only === undefined) throw new UsageError(`no ${what} in the file begins with '${text}'`)
  if (names.length > 1) {
    const shown = names.slice(0, CANDIDATES_MAX).join('\n    ')
    throw new UsageError(`'${text}' begins several names`, `give more of one of\n    ${shown}`)
  }
  return found.get(only) as CID
}
