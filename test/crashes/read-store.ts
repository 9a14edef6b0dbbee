/**
 * What a stranger makes of a stopped daemon's folder: the log from its newest anchor back to the
 * first, read from the blocks alone, folded again, and audited without the fold.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { openLevelDisk } from '@planetary-mesh/peer'
import {
  Anchor,
  type AnyRecord,
  type CID,
  decodeBlock,
  LIMITS,
  LogEntry,
  openAny,
  openReplica,
  plainReader,
  type Replica,
  receive,
  textOf,
} from '@planetary-mesh/spec'
import { charter, folderOf, type Name } from '../daemons/daemons.ts'
import { Auditor, type Violation } from '../sim/auditor.ts'

export type Reading = { replica: Replica; violations: readonly Violation[] }

type Stored = Awaited<ReturnType<typeof openLevelDisk>>
type Read = (cid: CID) => Promise<Uint8Array>

export async function readStore(name: Name): Promise<Reading> {
  const disk = await openLevelDisk(join(folderOf(name), 'store'))
  try {
    const blocks = disk.openBlocks()
    const read: Read = async (cid) => {
      assert(await blocks.has(cid), `${name} has ${cid} of the log`)
      const bytes = await blocks.get(cid)
      assert(bytes !== undefined)
      return bytes
    }
    return await foldAll(await anchorsIn(await headIn(disk), read), read)
  } finally {
    await disk.close()
  }
}

/** The newest anchor that the process had folded, as its journal says. */
async function headIn(disk: Stored): Promise<CID> {
  let head: CID | undefined
  for await (const bytes of disk.openJournal().read()) {
    const { role, entry } = Object(decodeBlock(bytes, { bytesMax: LIMITS.journalEntryBytesMax }))
    if (role === 'replica') head = entry
  }
  assert(head !== undefined, 'the journal names an anchor')
  return head
}

async function anchorsIn(head: CID, read: Read): Promise<CID[]> {
  const anchors: CID[] = []
  for (let at: CID | null = head; at !== null; ) {
    anchors.unshift(at)
    at = Anchor.decode(await read(at), at).previous
  }
  return anchors
}

async function foldAll(anchors: readonly CID[], read: Read): Promise<Reading> {
  const replica = openReplica(charter.cid, { keepsAll: true })
  const auditor = new Auditor()
  const records = new Map<string, AnyRecord>()
  let index = 0
  for (const anchor of anchors) {
    const blocks = new Map<string, Uint8Array>()
    const load = async (cid: CID) => {
      const bytes = await read(cid)
      blocks.set(textOf(cid), bytes)
      return bytes
    }
    const loadRecord = async (cid: CID): Promise<AnyRecord> => {
      const record = openAny(await load(cid), { cid })
      records.set(textOf(cid), record)
      for (const named of namedBy(record)) await loadRecord(named)
      return record
    }
    for (const link of Anchor.decode(await load(anchor), anchor).entries) {
      const { record, atMs } = LogEntry.decode(await load(link), link)
      const opened = await loadRecord(record)
      auditor.read({ record: opened, atMs, index }, (cid) => records.get(cid))
      index += 1
    }
    const batch = { anchor, get: (cid: CID) => blocks.get(textOf(cid)) }
    const received = receive(replica, batch, plainReader())
    assert.equal(received.type, 'applied', JSON.stringify(received))
  }
  return { replica, violations: auditor.violations }
}

/** What stands beside the log. */
function namedBy(record: AnyRecord): readonly CID[] {
  if (record.kind === 'hold') return [record.body.manifest]
  if (record.kind === 'lease') return [record.body.award]
  return record.kind === 'award' ? record.body.bids : []
}
