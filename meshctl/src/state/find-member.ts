/** Members as people name them: the name in the charter, a DID, or the beginning of either. */
import type { Member } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'

const PREFIX_MIN = 8
const CANDIDATES_MAX = 10
const METHOD = 'did:key:'

/**
 * The member that `text` means: by name or DID, else the only one whose name or DID (also without
 * its `did:key:`) begins with it, from 8 characters on. Anything else is a usage error that names
 * the candidates (decisions 12).
 */
export function findMember(members: readonly Member[], text: string): Member {
  const exact = members.find(({ did, name }) => name === text || did === text)
  if (exact !== undefined) return exact
  const names = members.map(({ name }) => name).join(', ')
  if (text.length < PREFIX_MIN) {
    throw new UsageError(`nobody is called '${text}'`, `name one of ${names}`)
  }
  const found = members.filter(({ did, name }) =>
    [name, did, did.slice(METHOD.length)].some((whole) => whole.startsWith(text)),
  )
  const [only] = found
  if (only === undefined) throw new UsageError(`nobody is called '${text}'`, `name one of ${names}`)
  if (found.length > 1) {
    const shown = found.slice(0, CANDIDATES_MAX).map(({ did, name }) => `${name}  ${did}`)
    const next = `give more of one of\n    ${shown.join('\n    ')}`
    throw new UsageError(`'${text}' begins several names`, next)
  }
  return only
}
