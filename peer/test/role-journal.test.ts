// One journal a process: of the log writer’s part the newest is held, the rest was folded.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryDisk } from '@planetary-mesh/peer'
import { type CID, cidOf, LIMITS } from '@planetary-mesh/spec'
import { journalEntry, readRoleJournals } from '../src/role-journal.ts'

const KEPT = LIMITS.ledgerEntriesRead
const anchorOf = (batch: number): CID => cidOf('dag-cbor', Uint8Array.from(Buffer.from(`${batch}`)))

type Written = { batch: number; anchor: CID | null }
const isAnchor = (entry: unknown, cid: CID) => (entry as Written).anchor?.equals(cid) === true

/**
 * A journal of so many batches of three entries, the third its anchor. That one is folded only
 * after the next batch has begun, and the last `behind` are not folded at all.
 */
async function journalOf(batches: number, behind = 0) {
  const journal = openMemoryDisk().openJournal()
  const entries: Uint8Array[] = []
  for (let batch = 0; batch < batches; batch++) {
    entries.push(journalEntry('ledger', { batch, anchor: null }))
    if (batch > 0 && batch <= batches - behind) {
      entries.push(journalEntry('replica', anchorOf(batch - 1)))
    }
    entries.push(journalEntry('ledger', { batch, anchor: null }))
    entries.push(journalEntry('ledger', { batch, anchor: anchorOf(batch) }))
    entries.push(journalEntry('witness', { batch }))
  }
  await journal.append(entries)
  return journal
}

test('without a way to know its anchors, every entry of every role is given', async () => {
  const journals = await readRoleJournals(await journalOf(KEPT))
  assert.equal(journals.take('ledger').length, 3 * KEPT)
  assert.equal(journals.take('witness').length, KEPT)
})

test('of a long log what was written before a folded anchor is left out', async () => {
  const batches = 2 * KEPT
  const journals = await readRoleJournals(await journalOf(batches), isAnchor)
  const written = journals.take('ledger') as Written[]
  assert.ok(written.length >= KEPT && written.length < 2 * KEPT + 10, `${written.length} entries`)
  assert.equal(written.at(-1)?.batch, batches - 1)
  assert.deepEqual(
    written.slice(1).map(({ batch }, at) => batch - (written[at]?.batch ?? 0) <= 1),
    written.slice(1).map(() => true),
    'nothing is missing in between',
  )
  assert.ok(
    journals.head !== null && written.some((entry) => isAnchor(entry, journals.head as CID)),
  )
  assert.equal(journals.take('witness').length, batches, 'the other roles have theirs whole')
})

test('what no copy of the log has folded yet is given, however much it is', async () => {
  const batches = 2 * KEPT
  const behind = KEPT
  const journals = await readRoleJournals(await journalOf(batches, behind), isAnchor)
  const written = journals.take('ledger') as Written[]
  const folded = written.findIndex((entry) => isAnchor(entry, journals.head as CID))
  assert.ok(folded >= 0)
  assert.equal(written.length - folded - 1, 3 * behind)
})

test('a journal that is not long is given whole', async () => {
  const journals = await readRoleJournals(await journalOf(KEPT / 2), isAnchor)
  assert.equal(journals.take('ledger').length, (3 * KEPT) / 2)
})
