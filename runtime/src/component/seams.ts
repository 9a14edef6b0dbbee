/**
 * The core modules of a component share memories, tables and globals; admission knows closed
 * modules alone. So the seams are closed before it and opened again after it: what is imported
 * stands in the module itself meanwhile, at the same index, and a start function is an export.
 * Source: WebAssembly Core Specification 2.0, "Binary Format", modules.
 */
import { ByteReader, refuse } from '../admission/reader.ts'
import {
  HEADER,
  SECTION,
  SECTION_ORDER,
  type SectionId,
  splitSections,
} from '../admission/sections.ts'
import { EXPORT_KINDS, VALUE } from '../admission/types.ts'
import { ByteWriter } from '../admission/writer.ts'

/** No export of a guest's may begin so. */
const SEAM = 'mesh:seam/'
/** The export that a start function becomes; it is to be called when the module is instantiated. */
export const START = `${SEAM}start`

const KIND = { function: 0, table: 1, memory: 2, global: 3 } as const
const HAS_MAX = 1
const END = 0x0b
/** What an imported global starts with meanwhile, by its type: nothing runs that could see it. */
const ZERO: Readonly<Record<number, readonly number[]>> = {
  [VALUE.i32]: [0x41, 0, END],
  [VALUE.i64]: [0x42, 0, END],
  [VALUE.f32]: [0x43, 0, 0, 0, 0, END],
  [VALUE.f64]: [0x44, 0, 0, 0, 0, 0, 0, 0, 0, END],
  [VALUE.v128]: [0xfd, 0x0c, ...new Array(16).fill(0), END],
  [VALUE.funcref]: [0xd0, VALUE.funcref, END],
  [VALUE.externref]: [0xd0, VALUE.externref, END],
}

type Imported = {
  readonly kind: (typeof KIND)[keyof typeof KIND]
  /** The whole entry of the import section. */
  readonly entry: Uint8Array
  /** Its type alone, as it stands in the module while the seam is closed. */
  readonly inside: readonly number[]
}

export type Seams = { readonly tables: Imported[]; memories: Imported[]; globals: Imported[] }

/** The module without seams, and what it takes to open them again. Refuses with MODULE_REFUSED. */
export function closeSeams(module: Uint8Array): { closed: Uint8Array; seams: Seams } {
  const sections = splitSections(module)
  const read = (id: SectionId) => {
    const span = sections.get(id)
    return new ByteReader(module, span?.start ?? 0, span?.end ?? 0)
  }
  const imported = readImports(read(SECTION.import))
  const ofKind = (kind: Imported['kind']) => imported.filter((found) => found.kind === kind)
  const seams = {
    tables: ofKind(KIND.table),
    memories: ofKind(KIND.memory),
    globals: ofKind(KIND.global),
  }
  const functions = ofKind(KIND.function)
  const before = new Map<SectionId, Uint8Array[]>([
    [SECTION.table, seams.tables.map(({ inside }) => Uint8Array.from(inside))],
    [SECTION.memory, seams.memories.map(({ inside }) => Uint8Array.from(inside))],
    [SECTION.global, seams.globals.map(({ inside }) => Uint8Array.from(inside))],
    [SECTION.export, seamExports(read(SECTION.export), read(SECTION.start), seams.tables.length)],
  ])

  const out = new ByteWriter(module.length + 1024, module.length * 2 + 4096)
  out.list(HEADER)
  for (const id of SECTION_ORDER) {
    const added = before.get(id) ?? []
    const reader = read(id)
    if (id === SECTION.start || (!sections.has(id) && added.length === 0)) continue
    if (id === SECTION.dataCount) {
      writeSection(out, id, () => out.copy(module, reader.at, reader.end))
    } else if (id === SECTION.import) {
      writeSection(out, id, () =>
        writeEntries(
          out,
          functions.map(({ entry }) => entry),
        ),
      )
    } else {
      writeSection(out, id, () => {
        const count = reader.at === reader.end ? 0 : reader.u32()
        out.u32(added.length + count)
        for (const entry of added) out.copy(entry, 0, entry.length)
        out.copy(module, reader.at, reader.end)
      })
    }
  }
  return { closed: out.finish(), seams }
}

/** Opens the seams of a module that admission has rewritten, whose first global is the meter's. */
export function openSeams(rewritten: Uint8Array, seams: Seams): Uint8Array {
  const sections = splitSections(rewritten)
  const out = new ByteWriter(rewritten.length + 1024, rewritten.length * 2 + 4096)
  out.list(HEADER)
  for (const id of SECTION_ORDER) {
    const span = sections.get(id)
    if (span === undefined) continue
    const reader = new ByteReader(rewritten, span.start, span.end)
    writeSection(out, id, () => {
      if (id === SECTION.import) {
        const added = [...seams.tables, ...seams.memories, ...seams.globals]
        out.u32(reader.u32() + added.length)
        out.copy(rewritten, reader.at, reader.end)
        for (const { entry } of added) out.copy(entry, 0, entry.length)
        return
      }
      const taken = takenOut(id, reader, seams)
      if (taken > 0) {
        const count = reader.u32()
        out.u32(count - taken)
        if (id === SECTION.global) {
          for (const { inside } of seams.globals) reader.skip(inside.length)
        } else for (let index = 0; index < taken; index++) skipTableOrMemory(reader, id)
      }
      out.copy(rewritten, reader.at, reader.end)
    })
  }
  return out.finish()
}

/** How many entries at the head of a section stand for something imported. */
function takenOut(id: SectionId, reader: ByteReader, seams: Seams): number {
  if (reader.at === reader.end) return 0
  if (id === SECTION.table) return seams.tables.length
  if (id === SECTION.memory) return seams.memories.length
  return id === SECTION.global ? seams.globals.length : 0
}

function readImports(reader: ByteReader): Imported[] {
  if (reader.at === reader.end) return []
  return Array.from({ length: reader.u32() }, () => {
    const start = reader.at
    reader.name()
    reader.name()
    const kindAt = reader.at
    const kind = reader.byte() as Imported['kind']
    const typeAt = reader.at
    let zero: readonly number[] = []
    if (kind === KIND.function) reader.u32()
    else if (kind === KIND.table || kind === KIND.memory) {
      if (kind === KIND.table) reader.byte()
      skipLimits(reader)
    } else if (kind === KIND.global) {
      zero = ZERO[reader.byte()] ?? refuse('an import of a type that is not available', typeAt)
      reader.byte()
    } else refuse(`an import of unknown kind ${kind}`, kindAt)
    const inside = [...reader.bytes.subarray(typeAt, reader.at), ...zero]
    return { kind, entry: reader.bytes.slice(start, reader.at), inside }
  })
}

/** Exports that make admission see what the outside can do: fill the tables, call the start. */
function seamExports(exports: ByteReader, start: ByteReader, tables: number): Uint8Array[] {
  refuseSeamNames(exports)
  const out = new ByteWriter(256, 4096)
  const entries: Uint8Array[] = []
  const add = (name: string, kind: (typeof EXPORT_KINDS)[number], index: number) => {
    out.length = 0
    out.name(name)
    out.op(EXPORT_KINDS.indexOf(kind), index)
    entries.push(out.finish())
  }
  for (let index = 0; index < tables; index++) add(`${SEAM}table${index}`, 'table', index)
  if (start.at < start.end) add(START, 'function', start.u32())
  return entries
}

function refuseSeamNames(given: ByteReader): void {
  const reader = new ByteReader(given.bytes, given.at, given.end)
  if (reader.at === reader.end) return
  for (let left = reader.u32(); left > 0; left--) {
    const { at } = reader
    if (reader.name().startsWith(SEAM)) refuse(`an export that begins with ${SEAM}`, at)
    reader.byte()
    reader.u32()
  }
}

function skipTableOrMemory(reader: ByteReader, id: SectionId): void {
  if (id === SECTION.table) reader.byte()
  skipLimits(reader)
}

function skipLimits(reader: ByteReader): void {
  const flags = reader.byte()
  reader.u32()
  if (flags & HAS_MAX) reader.u32()
}

function writeSection(out: ByteWriter, id: SectionId, write: () => void): void {
  out.byte(id)
  const start = out.beginSized()
  write()
  out.endSized(start)
}

function writeEntries(out: ByteWriter, entries: readonly Uint8Array[]): void {
  out.u32(entries.length)
  for (const entry of entries) out.copy(entry, 0, entry.length)
}
