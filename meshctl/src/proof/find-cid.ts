/** Names of people's commands for what a file holds: the whole CID, or enough of its beginning. */
import type { CID } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { findByBeginning, wholeCid } from '../cli/ids.ts'

/**
 * The CID that `text` means among `known`: a whole CID even if it is not among them, or the only
 * one with that beginning of at least 8 characters. Several are a usage error that names them.
 */
export function findCid(text: string, known: readonly CID[], what: string, where = 'file'): CID {
  const found = wholeCid(text) ?? findByBeginning(text, known, what)
  if (found === undefined) throw new UsageError(`no ${what} in the ${where} begins with '${text}'`)
  return found
}
