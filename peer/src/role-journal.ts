/** One journal a process, shared by its roles and its replica: `{ role, entry }` as DAG-CBOR. */
import {
  type CID,
  decodeBlock,
  encodeBlock,
  LIMITS,
  Link,
  type OwnLog,
  parse,
  Refusal,
  type RoleName,
} from '@planetary-mesh/spec'
import type { Journal } from './ports.ts'

export type RoleJournals = {
  /** The entries of a role while it has not started; what is pushed there it starts with, too. */
  of(role: RoleName): unknown[]
  /** The entries of a role, oldest first; given once, and then forgotten here. */
  take(role: RoleName): unknown[]
  /** The newest anchor that the process had folded. */
  head: CID | null
}

/** Refuses with BLOCK_… what is no DAG-CBOR data of at most 8 MiB. */
export function journalEntry(role: RoleName | 'replica', entry: unknown): Uint8Array {
  return encodeBlock({ role, entry }, LIMITS.journalEntryBytesMax).bytes
}

/**
 * With `isAnchor`, what the log writer wrote before an anchor that the process had folded is left
 * out, but for the newest entries: a log has no end, the room for its journal does. Refuses as the
 * journal's `read` does, and with BLOCK_… or JOURNAL_CORRUPT.
 */
export async function readRoleJournals(
  journal: Journal,
  isAnchor?: OwnLog['isAnchor'],
): Promise<RoleJournals> {
  const byRole = new Map<string, unknown[]>()
  let head: CID | null = null
  const trim = (folded: CID) => {
    const written = byRole.get('ledger') ?? []
    if (isAnchor === undefined || written.length < 2 * LIMITS.ledgerEntriesRead) return
    const at = written.findLastIndex((entry) => isAnchor(entry, folded))
    if (at > 0) written.splice(0, Math.min(at, written.length - LIMITS.ledgerEntriesRead))
  }
  for await (const bytes of journal.read()) {
    const value = decodeBlock(bytes, { bytesMax: LIMITS.journalEntryBytesMax })
    if (!isWritten(value)) throw new Refusal('JOURNAL_CORRUPT', 'an entry of no role')
    const { role, entry } = value
    if (role === 'replica') {
      head = parse(Link, entry, 'replica journal')
      trim(head)
    } else if (byRole.get(role)?.push(entry) === undefined) byRole.set(role, [entry])
  }
  const of = (role: RoleName) => {
    const entries = byRole.get(role) ?? []
    byRole.set(role, entries)
    return entries
  }
  return {
    head,
    of,
    take(role) {
      const entries = of(role)
      byRole.delete(role)
      return entries
    },
  }
}

function isWritten(value: unknown): value is { role: string; entry: unknown } {
  const { role, entry } = Object(value)
  return typeof role === 'string' && entry !== undefined
}
