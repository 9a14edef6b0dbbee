/** What the writer keeps on disk: entries with what they name, and each anchor it signed. */
import { type AnyRecord, type Block, Bytes, type Effect, parse, textOf } from '@planetary-mesh/spec'
import { z } from 'zod'
import type { Written } from './book.ts'

export const JournalEntry = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('entries'),
    entries: z.array(z.strictObject({ record: Bytes, atMs: z.int() })),
    names: z.array(Bytes),
  }),
  z.strictObject({ type: z.literal('anchor'), anchor: Bytes }),
  z.strictObject({ type: z.literal('cosignature'), cosignature: Bytes }),
])
export type JournalEntry = z.infer<typeof JournalEntry>

export const readJournal = (entry: unknown): JournalEntry =>
  parse(JournalEntry, entry, 'journal entry')

/** All of these entries durable, or none. */
export function recordEntries(written: readonly Written[], atMs: number): Effect {
  const names = new Map<string, AnyRecord>()
  for (const name of written.flatMap((one) => one.names)) names.set(textOf(name.cid), name)
  const entry: JournalEntry = {
    type: 'entries',
    entries: written.map(({ record }) => ({ record: record.bytes, atMs })),
    names: [...names.values()].map(({ bytes }) => bytes),
  }
  return { do: 'record', entry }
}

export function recordAnchor(anchor: Uint8Array): Effect {
  const entry: JournalEntry = { type: 'anchor', anchor }
  return { do: 'record', entry }
}

export function recordCosignature(block: Block): Effect {
  const entry: JournalEntry = { type: 'cosignature', cosignature: block.bytes }
  return { do: 'record', entry, blocks: [block] }
}
