/**
 * Puts the rewritten module together: the guest's sections with our import, types, functions and
 * maxima in them. Sections that name a global are copied with that number moved up by one.
 */
import assert from 'node:assert'
import { startCost } from './costs.ts'
import { BodyWriter, type Rewriting, writeStart, writeWrapper } from './emit.ts'
import { METER_MODULE, METER_W } from './meter.ts'
import type { Parsed } from './parse.ts'
import { CARRIER, type Plan } from './plan.ts'
import { ByteReader } from './reader.ts'
import type { Scanned } from './scanned.ts'
import { HEADER, SECTION, SECTION_ORDER, type SectionId } from './sections.ts'
import { TypeTable } from './type-table.ts'
import { type FunctionType, VALUE } from './types.ts'
import { ByteWriter } from './writer.ts'

const FUNCTION_TYPE = 0x60
const GLOBAL_IMPORT = 3
const MUTABLE = 1
const HAS_MAX = 1

/** Sections that every rewritten module has, and those of one that pays for what it starts with. */
const ADDED: readonly SectionId[] = [SECTION.import]
const ADDED_WITH_START: readonly SectionId[] = [
  ...ADDED,
  SECTION.type,
  SECTION.function,
  SECTION.start,
  SECTION.code,
]

/** The rewritten module may be this many times as long as the guest's, and this much more. */
const GROWTH_FACTOR_MAX = 16
const GROWTH_BYTES = 1 << 20

/** What the longest part is put into where it is enough: it is copied from there, none is kept. */
const SCRATCH = new Uint8Array(1 << 20)
/** For what is added beside bodies. */
const ROOM_BYTES = 4096

export function assemble(parsed: Parsed, scanned: Scanned, plan: Plan): Uint8Array {
  const lengthMax = parsed.bytes.length * GROWTH_FACTOR_MAX + GROWTH_BYTES
  const capacity = parsed.bytes.length * 2 + ROOM_BYTES
  const { targets, appended } = placeBodies(parsed, plan)
  const types = new TypeTable(parsed.types)
  const rewriting: Rewriting = { parsed, scanned, plan, types, targets }
  const functionTypes = placeTypes(parsed, plan, types, appended)
  const cost = startCostOf(parsed)
  if (cost > 0) functionTypes.push(types.indexOf({ params: [], results: [] }))
  const added = cost > 0 ? ADDED_WITH_START : ADDED
  const ids = SECTION_ORDER.filter((id) => parsed.sections.has(id) || added.includes(id))
  const codeAt = ids.indexOf(SECTION.code)

  const write = (out: ByteWriter, id: SectionId) => {
    out.byte(id)
    const start = out.beginSized()
    if (id === SECTION.type) writeTypes(out, parsed, types.added)
    else if (id === SECTION.import) writeImports(out, parsed)
    else if (id === SECTION.function) writeNumbers(out, functionTypes)
    else if (id === SECTION.start) out.u32(parsed.imports.length + functionTypes.length - 1)
    else if (id === SECTION.table) writeTables(out, parsed)
    else if (id === SECTION.memory) writeMemory(out, parsed)
    else if (id === SECTION.code) {
      out.u32(functionTypes.length)
      writeBodies(out, rewriting, appended)
      if (cost > 0) writeStart(out, cost)
    } else copySection(out, parsed, id)
    out.endSized(start)
  }
  // Code first, and what comes behind it, because writing bodies may add types.
  const rest = new ByteWriter(capacity, lengthMax, SCRATCH)
  const head = new ByteWriter(ROOM_BYTES, lengthMax)
  head.list(HEADER)
  for (const id of codeAt < 0 ? [] : ids.slice(codeAt)) write(rest, id)
  for (const id of codeAt < 0 ? ids : ids.slice(0, codeAt)) write(head, id)
  return head.join(rest)
}

function startCostOf({ memory, tables }: Parsed): number {
  const elements = tables.reduce((sum, { min }) => sum + min, 0)
  return startCost(memory?.min ?? 0, elements)
}

/** Metered bodies stay where they were, or go to the end when a wrapper takes their place. */
function placeBodies({ imports, functionTypes }: Parsed, { wrapped }: Plan) {
  const appended: number[] = []
  const targets = new Int32Array(wrapped.length)
  for (let index = 0; index < wrapped.length; index++)
    targets[index] =
      wrapped[index] === 1
        ? functionTypes.length + appended.push(index) - 1
        : imports.length + index
  return { targets, appended }
}

/** The type index of each function of the module: of those in their place, then of the appended. */
function placeTypes(
  { imports, functionTypes }: Parsed,
  { carrier, wrapped }: Plan,
  types: TypeTable,
  appended: readonly number[],
): number[] {
  const metered = new Int32Array(carrier.length)
  const placed: number[] = []
  for (let index = 0; index < carrier.length; index++) {
    const type = functionTypes[imports.length + index] as number
    metered[index] = carrier[index] === CARRIER.parameter ? types.withW(type) : type
    placed.push(wrapped[index] === 1 ? type : (metered[index] as number))
  }
  for (const index of appended) placed.push(metered[index] as number)
  return placed
}

function writeBodies(out: ByteWriter, rewriting: Rewriting, appended: readonly number[]): void {
  const { parsed, plan, targets } = rewriting
  const bodies = new BodyWriter(out, rewriting)
  for (let index = 0; index < targets.length; index++) {
    const type = parsed.functionTypes[parsed.imports.length + index] as number
    if (plan.wrapped[index] === 1)
      writeWrapper(out, parsed.types[type] as FunctionType, targets[index] as number)
    else bodies.write(index)
  }
  for (const index of appended) bodies.write(index)
}

function writeNumbers(out: ByteWriter, numbers: readonly number[]): void {
  out.u32(numbers.length)
  for (let index = 0; index < numbers.length; index++) out.u32(numbers[index] as number)
}

/** A reader of the entries of a section, after their count. */
function entriesOf(parsed: Parsed, id: SectionId): { count: number; reader: ByteReader } {
  const span = parsed.sections.get(id)
  if (span === undefined) return { count: 0, reader: new ByteReader(parsed.bytes, 0, 0) }
  const reader = new ByteReader(parsed.bytes, span.start, span.end)
  return { count: reader.u32(), reader }
}

function writeTypes(out: ByteWriter, parsed: Parsed, added: readonly FunctionType[]): void {
  const { count, reader } = entriesOf(parsed, SECTION.type)
  out.u32(count + added.length)
  out.copy(parsed.bytes, reader.at, reader.end)
  for (const { params, results } of added) {
    out.byte(FUNCTION_TYPE)
    out.u32(params.length)
    out.list(params)
    out.u32(results.length)
    out.list(results)
  }
}

function writeImports(out: ByteWriter, parsed: Parsed): void {
  const { count, reader } = entriesOf(parsed, SECTION.import)
  out.u32(count + 1)
  out.copy(parsed.bytes, reader.at, reader.end)
  out.name(METER_MODULE)
  out.name(METER_W)
  out.list([GLOBAL_IMPORT, VALUE.i64, MUTABLE])
}

function writeTables(out: ByteWriter, parsed: Parsed): void {
  out.u32(parsed.tables.length)
  for (const { element, min, max } of parsed.tables) {
    out.list([element, HAS_MAX])
    out.u32(min)
    out.u32(max)
  }
}

function writeMemory(out: ByteWriter, parsed: Parsed): void {
  const { memory } = parsed
  out.u32(memory === undefined ? 0 : 1)
  if (memory === undefined) return
  out.byte(HAS_MAX)
  out.u32(memory.min)
  out.u32(memory.max)
}

function copySection(out: ByteWriter, parsed: Parsed, id: SectionId): void {
  const span = parsed.sections.get(id)
  assert(span)
  let from = span.start
  for (const { at, end, index } of parsed.globalNames) {
    if (at < span.start || at >= span.end) continue
    out.copy(parsed.bytes, from, at)
    out.u32(index + 1)
    from = end
  }
  out.copy(parsed.bytes, from, span.end)
}
