/** A journal in memory: appends are whole and in order, checked when they are read, or lost. */
import { crc32 } from 'node:zlib'
import { Refusal } from '@planetary-mesh/spec'
import type { Journal } from '../ports.ts'
import type { Handle, Medium } from './memory-disk.ts'

type Append = { entries: readonly Uint8Array[]; checksum: number; durable: boolean }

export function createJournalShelf(medium: Medium): {
  open(): Journal
  crash(kept: number): void
  corrupt(append: number): void
} {
  let appends: Append[] = []
  let writer: Handle | undefined

  return {
    open() {
      if (writer?.isOpen) throw new Refusal('STORE_CLOSED', 'the journal has another writer')
      const handle = medium.handle()
      writer = handle
      return {
        async append(entries) {
          handle.ensureOpen()
          medium.reserve(bytesOf(entries))
          const copies = entries.map((bytes) => bytes.slice())
          const added: Append = { entries: copies, checksum: checksumOf(copies), durable: false }
          appends.push(added)
          try {
            await handle.sync()
          } catch (error) {
            if (appends.includes(added)) medium.release(bytesOf(copies))
            appends = appends.filter((append) => append !== added)
            throw error
          }
          // a disk writes in order: whatever came before is durable too
          for (const append of appends) {
            append.durable = true
            if (append === added) break
          }
        },
        async *read() {
          handle.ensureOpen()
          for (const { entries, checksum } of appends.filter(({ durable }) => durable)) {
            if (checksumOf(entries) !== checksum) {
              throw new Refusal('JOURNAL_CORRUPT', 'an append has another checksum')
            }
            for (const bytes of entries) {
              handle.ensureOpen()
              yield bytes.slice()
            }
          }
        },
        async close() {
          handle.close()
        },
      }
    },
    crash(kept) {
      const durable = appends.filter((append) => append.durable)
      const pending = appends.filter((append) => !append.durable)
      for (const { entries } of pending.slice(kept)) medium.release(bytesOf(entries))
      const survivors = pending.slice(0, kept).map((append) => ({ ...append, durable: true }))
      appends = [...durable, ...survivors]
    },
    corrupt(append) {
      const [entry] = appends[append]?.entries ?? []
      if (entry !== undefined) entry[0] = (entry[0] ?? 0) ^ 1
    },
  }
}

function bytesOf(entries: readonly Uint8Array[]): number {
  return entries.reduce((sum, { length }) => sum + length, 0)
}

/** Over each entry by itself, so that bytes cannot move from one to the next unseen. */
const checksumOf = (entries: readonly Uint8Array[]) =>
  entries.reduce((sum, bytes) => crc32(bytes, sum), entries.length)
