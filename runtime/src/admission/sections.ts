/**
 * Splits a module into its sections and refuses what is no module, a section out of order or twice,
 * and sections of features that are not available.
 * Source: WebAssembly Core Specification 2.0, "Binary Format", modules.
 */
import { ByteReader, refuse } from './reader.ts'

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const
export type SectionId = (typeof SECTION)[keyof typeof SECTION]

const TAG_SECTION = 13

/** Sections in the order in which a module must have them; custom ones may stand anywhere. */
export const SECTION_ORDER: readonly SectionId[] = [
  SECTION.type,
  SECTION.import,
  SECTION.function,
  SECTION.table,
  SECTION.memory,
  SECTION.global,
  SECTION.export,
  SECTION.start,
  SECTION.element,
  SECTION.dataCount,
  SECTION.code,
  SECTION.data,
]

/** Where the content of a section stands in the module. */
export type Span = { readonly start: number; readonly end: number }
export type Sections = ReadonlyMap<SectionId, Span>

const MAGIC = [0x00, 0x61, 0x73, 0x6d]
const VERSION = [0x01, 0x00, 0x00, 0x00]
export const HEADER: readonly number[] = [...MAGIC, ...VERSION]
/** The upper half of the version field is 1 in components. */
const COMPONENT_LAYER_AT = 6

/** The sections that matter; custom sections change nothing about a run and are left out. */
export function splitSections(bytes: Uint8Array): Sections {
  if (MAGIC.some((value, index) => bytes[index] !== value)) refuse('not WebAssembly', 0)
  if (bytes[COMPONENT_LAYER_AT] === 1)
    refuse('a component where a core module is needed', COMPONENT_LAYER_AT)
  if (VERSION.some((value, index) => bytes[MAGIC.length + index] !== value))
    refuse('not version 1 of WebAssembly', MAGIC.length)

  const reader = new ByteReader(bytes, HEADER.length)
  const sections = new Map<SectionId, Span>()
  let place = -1
  while (reader.at < reader.end) {
    const offset = reader.at
    const id = reader.byte()
    const size = reader.u32()
    const start = reader.at
    reader.skip(size)
    if (id === SECTION.custom) {
      new ByteReader(bytes, start, reader.at).name()
      continue
    }
    if (id === TAG_SECTION) refuse('exceptions are not available: a tag section', offset)
    const next = SECTION_ORDER.indexOf(id as SectionId)
    if (next < 0) refuse(`unknown section ${id}`, offset)
    if (next <= place) refuse(`section ${id} out of order or twice`, offset)
    place = next
    sections.set(id as SectionId, { start, end: reader.at })
  }
  return sections
}
