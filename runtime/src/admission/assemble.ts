/**
 * Puts the rewritten module together: the guest's sections with our import, types, functions and
 * maxima in them. Sections that name a global are copied with that number moved up by one.
 */
import assert from 'node:assert'
import { startCost } from './costs.ts'
import { type Rewriting, writeBody, writeStart, writeWrapper } from './emit.ts'
import { METER_MODULE, METER_W } from './meter.ts'
import type { Parsed } from './parse.ts'
import type { FunctionPlan, Plan } from './plan.ts'
import { ByteReader } from './reader.ts'
import type { Scanned } from './scan.ts'
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

export function assemble(
  parsed: Parsed,
  scanned: Scanned,
  { functions: plans, indirectTakesW }: Plan,
): Uint8Array {
  const lengthMax = parsed.bytes.length * GROWTH_FACTOR_MAX + GROWTH_BYTES
  const capacity = parsed.bytes.length * 2 + 4096
  const { targets, appended } = placeBodies(parsed, plans)
  const types = new TypeTable(parsed.types)
  const rewriting: Rewriting = { parsed, scanned, plans, indirectTakesW, types, targets }
  const metered = meteredTypes(parsed, plans, types)
  const cost = startCostOf(parsed)
  const startType = cost > 0 ? types.indexOf({ params: [], results: [] }) : undefined
  const ownType = (index: number) => parsed.functionTypes[parsed.imports.length + index] as number

  // Bodies first, because writing them may add types.
  const code = new ByteWriter(capacity, lengthMax)
  const started = startType === undefined ? 0 : 1
  const count = plans.length + appended.length + started
  code.u32(count)
  for (const [index, plan] of plans.entries())
    if (plan.wrapped)
      writeWrapper(code, parsed.types[ownType(index)] as FunctionType, targets[index] as number)
    else writeBody(code, rewriting, index)
  for (const index of appended) writeBody(code, rewriting, index)
  if (started) writeStart(code, cost)

  const out = new ByteWriter(capacity, lengthMax)
  out.list(HEADER)
  for (const id of SECTION_ORDER) {
    if (!parsed.sections.has(id) && !(started ? ADDED_WITH_START : ADDED).includes(id)) continue
    out.byte(id)
    const start = out.beginSized()
    if (id === SECTION.type) writeTypes(out, parsed, types.added)
    else if (id === SECTION.import) writeImports(out, parsed)
    else if (id === SECTION.function) {
      out.u32(count)
      for (const [index, plan] of plans.entries())
        out.u32(plan.wrapped ? ownType(index) : (metered[index] as number))
      for (const index of appended) out.u32(metered[index] as number)
      if (startType !== undefined) out.u32(startType)
    } else if (id === SECTION.start) out.u32(parsed.imports.length + count - 1)
    else if (id === SECTION.table) writeTables(out, parsed)
    else if (id === SECTION.memory) writeMemory(out, parsed)
    else if (id === SECTION.code) out.copy(code.bytes, 0, code.length)
    else copySection(out, parsed, id)
    out.endSized(start)
  }
  return out.finish()
}

function startCostOf({ memory, tables }: Parsed): number {
  const elements = tables.reduce((sum, { min }) => sum + min, 0)
  return startCost(memory?.min ?? 0, elements)
}

/** Metered bodies stay where they were, or go to the end when a wrapper takes their place. */
function placeBodies(parsed: Parsed, plans: readonly FunctionPlan[]) {
  const appended: number[] = []
  const targets = plans.map(({ wrapped }, index) =>
    wrapped
      ? parsed.functionTypes.length + appended.push(index) - 1
      : parsed.imports.length + index,
  )
  return { targets, appended }
}

/** The type index of each own function's metered body. */
function meteredTypes(parsed: Parsed, plans: readonly FunctionPlan[], types: TypeTable): number[] {
  return plans.map(({ carrier }, index) => {
    const type = parsed.functionTypes[parsed.imports.length + index] as number
    if (carrier !== 'parameter') return type
    return types.withW(type)
  })
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
