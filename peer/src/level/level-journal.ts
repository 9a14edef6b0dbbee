/**
 * A journal in LevelDB: one value an append, numbered without gaps, each with a checksum over its
 * number and bytes. A torn last append is one that was never durable; anything else is rot, as is
 * a journal that is shorter than its mark.
 */
import { assert, equalBytes, Refusal, sha256 } from '@planetary-mesh/spec'
import type { Journal } from '../ports.ts'
import type { Handle, Medium } from './level-disk.ts'

const PREFIX = 0x6a
const NUMBER_BYTES = 8
const CHECKSUM_BYTES = 32
const LENGTH_BYTES = 4
const RANGE = { gte: Uint8Array.of(PREFIX), lt: Uint8Array.of(PREFIX + 1) }

/** The key of the append of that number, counted from 0. */
export function journalKey(append: number): Uint8Array {
  const key = new Uint8Array(1 + NUMBER_BYTES)
  key[0] = PREFIX
  new DataView(key.buffer).setBigUint64(1, BigInt(append))
  return key
}

/** Refuses JOURNAL_CORRUPT if the newest key is none of a journal. */
export async function openLevelJournal(medium: Medium): Promise<{ open(): Journal }> {
  const { storage, commits, room, mark } = medium
  let next = await countAppends(medium)
  const lost = mark.before - next
  let writer: Handle | undefined

  const append = async (handle: Handle, entries: readonly Uint8Array[]) => {
    handle.ensureOpen()
    if (entries.length === 0) return
    const bytes = entries.reduce((sum, { length }) => sum + length, 0)
    room.reserve(bytes, true)
    const packed = pack(entries)
    let number = 0
    const added = commits.add({
      bytes: packed.length,
      growth: bytes,
      writes() {
        number = next++
        return [{ type: 'put', key: journalKey(number), value: withChecksum(number, packed) }]
      },
      undo() {
        next -= 1
        room.release(bytes)
      },
    })
    await handle.during(added.then(() => mark.set(number + 1)))
  }

  async function* read(handle: Handle): AsyncIterable<Uint8Array> {
    handle.ensureOpen()
    if (lost > 0) {
      throw new Refusal('JOURNAL_CORRUPT', `the last ${lost} appends or more are missing`)
    }
    let number = 0
    for await (const [key, value] of storage.entries(RANGE)) {
      if (!equalBytes(key, journalKey(number))) {
        throw new Refusal('JOURNAL_CORRUPT', `append ${number} is missing`)
      }
      for (const entry of unpack(number, value)) {
        handle.ensureOpen()
        yield entry
      }
      handle.ensureOpen()
      number += 1
    }
  }

  return {
    open() {
      if (writer?.isOpen) throw new Refusal('STORE_CLOSED', 'the journal has another writer')
      const handle = medium.handle()
      writer = handle
      return {
        append: (entries) => append(handle, entries),
        read: () => read(handle),
        close: async () => handle.close(),
      }
    },
  }
}

async function countAppends({ storage }: Medium): Promise<number> {
  for await (const key of storage.keys({ ...RANGE, reverse: true, limit: 1 })) {
    if (key.length !== 1 + NUMBER_BYTES) {
      throw new Refusal('JOURNAL_CORRUPT', 'the newest append has no number')
    }
    return Number(new DataView(key.buffer, key.byteOffset + 1).getBigUint64(0)) + 1
  }
  return 0
}

/** Each entry behind its length. */
function pack(entries: readonly Uint8Array[]): Uint8Array {
  const lengths = entries.map((entry) => {
    const length = new Uint8Array(LENGTH_BYTES)
    new DataView(length.buffer).setUint32(0, entry.length)
    return [length, entry]
  })
  return new Uint8Array(Buffer.concat(lengths.flat()))
}

function checksumOf(number: number, packed: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([journalKey(number), packed]))
}

function withChecksum(number: number, packed: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([checksumOf(number, packed), packed]))
}

function unpack(number: number, value: Uint8Array): Uint8Array[] {
  const packed = value.subarray(CHECKSUM_BYTES)
  if (!equalBytes(checksumOf(number, packed), value.subarray(0, CHECKSUM_BYTES))) {
    throw new Refusal('JOURNAL_CORRUPT', `append ${number} has another checksum`)
  }
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  const entries: Uint8Array[] = []
  for (let at = 0; at < packed.length; ) {
    const end = at + LENGTH_BYTES + view.getUint32(at)
    assert(end <= packed.length, 'what has its checksum was packed here')
    entries.push(packed.slice(at + LENGTH_BYTES, end))
    at = end
  }
  return entries
}
