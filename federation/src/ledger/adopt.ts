/**
 * A writer whose disk is an older copy than what it has signed since. Signing on from there would
 * be a second history; so what others hold of its log goes back into its journal, entry by entry.
 */
import {
  Anchor,
  admit,
  type Block,
  type CID,
  cidOf,
  equalBytes,
  LogEntry,
  type OwnLog,
  Refusal,
  textOf,
} from '@planetary-mesh/spec'
import { type JournalEntry, readJournal } from './journal.ts'

export const ownLog: OwnLog = {
  anchored(journal) {
    for (const value of journal.toReversed()) {
      const entry = readJournal(value)
      if (entry.type === 'anchor') return Anchor.decode(entry.anchor).size
    }
    return 0
  },

  isAnchor(value, cid) {
    const entry = readJournal(value)
    return entry.type === 'anchor' && cidOf('dag-cbor', entry.anchor).equals(cid)
  },

  adopt(journal, cid, blocks) {
    const held = new Map(blocks.map((block) => [textOf(block.cid), block]))
    const take = (cid: CID): Block => {
      const block = held.get(textOf(cid))
      if (block === undefined) throw new Refusal('BLOCK_MISSING', `${cid} of the log`)
      held.delete(textOf(cid))
      return block
    }
    const anchor = take(cid)
    const all = Anchor.decode(anchor.bytes, cid)
      .entries.map((entry) => LogEntry.decode(take(entry).bytes, entry))
      .map(({ record, atMs }) => ({ record: take(record).bytes, atMs }))
    const open = openEntries(journal)
    const differs = open.findIndex(({ record, atMs }, index) => {
      const other = all[index]
      return other === undefined || other.atMs !== atMs || !equalBytes(other.record, record)
    })
    const detail = `the anchor ${cid} does not begin with what this disk holds`
    admit(differs < 0, 'EQUIVOCATION', detail)
    const added = all.slice(open.length)
    const names = [...held.values()].map(({ bytes }) => bytes)
    const entries: JournalEntry = { type: 'entries', entries: added, names }
    const closed: JournalEntry = { type: 'anchor', anchor: anchor.bytes }
    return added.length === 0 ? [closed] : [entries, closed]
  },
}

/** Those that no anchor in the journal holds yet. */
function openEntries(journal: readonly unknown[]) {
  const read: JournalEntry[] = []
  for (const value of journal.toReversed()) {
    const entry = readJournal(value)
    if (entry.type === 'anchor') break
    read.unshift(entry)
  }
  return read.flatMap((entry) => (entry.type === 'entries' ? entry.entries : []))
}
