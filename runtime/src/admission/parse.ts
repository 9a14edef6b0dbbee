/**
 * Reads everything of a module but its function bodies, and refuses what may not run here. The
 * engine has the last word on validity; this pass names features, enforces limits and finds what
 * the rewriter needs: types, imports, who is exported, whose reference is taken, where globals are
 * named.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { type ConstVisitor, readConstExpression } from './const-expression.ts'
import { Bodies, readBodies } from './parse-bodies.ts'
import { type Import, readImports } from './parse-imports.ts'
import { readMemory, readTables, type Table } from './parse-memory.ts'
import { readFunctionTypes, readValueType } from './parse-types.ts'
import { ByteReader, limit, many, refuse } from './reader.ts'
import { SECTION, type SectionId, type Sections, splitSections } from './sections.ts'
import { EXPORT_KINDS, type ExportKind, type FunctionType, type ValueType } from './types.ts'

/** A number in the module that is the index of a global, to be moved by what we import. */
export type GlobalName = { readonly at: number; readonly end: number; readonly index: number }

export type Global = { readonly type: ValueType; readonly mutable: boolean }

export type Parsed = {
  readonly bytes: Uint8Array
  readonly sections: Sections
  readonly types: readonly FunctionType[]
  readonly imports: readonly Import[]
  /** The type index of every function, imported ones first. */
  readonly functionTypes: readonly number[]
  readonly tables: readonly Table[]
  readonly memory: { readonly min: number; readonly max: number } | undefined
  readonly exports: readonly { name: string; kind: ExportKind }[]
  readonly globalNames: readonly GlobalName[]
  readonly globals: readonly Global[]
  /** 1 for each function that is exported. */
  readonly exported: Uint8Array
  /** 1 for each function whose reference is taken outside of function bodies. */
  readonly taken: Uint8Array
  readonly bodies: Bodies
}

const NO_BODIES = new Bodies(0)

export function parseModule(module: Uint8Array, memoryPagesMax: number): Parsed {
  // Plain, whatever it came as: code that sees one kind of array is faster.
  const bytes = new Uint8Array(module.buffer, module.byteOffset, module.length)
  limit(bytes.length, LIMITS.moduleBytesMax, 'bytes', 0)
  const sections = splitSections(bytes)
  const section = <T>(id: SectionId, read: (reader: ByteReader) => T, absent: T): T => {
    const span = sections.get(id)
    if (span === undefined) return absent
    const reader = new ByteReader(bytes, span.start, span.end)
    const value = read(reader)
    if (reader.at !== span.end) refuse(`section ${id} has bytes left over`, reader.at)
    return value
  }

  const types = section(SECTION.type, readFunctionTypes, [])
  const imports = section(SECTION.import, readImports, [])
  const declared = section(SECTION.function, readDeclarations, [])
  const functionTypes = [...imports.map(({ type }) => type), ...declared]
  for (const index of functionTypes)
    if (index >= types.length)
      refuse(
        `a function of type ${index}, which is not there`,
        offsetOf(sections, SECTION.function),
      )
  const exported = new Uint8Array(functionTypes.length)
  const taken = new Uint8Array(functionTypes.length)
  const globalNames: GlobalName[] = []
  const visitor: ConstVisitor = {
    functionTaken: (index) => {
      taken[index] = 1
    },
    globalNamed: (at, end, index) => globalNames.push({ at, end, index }),
  }

  const tables = section(SECTION.table, readTables, [])
  const memory = section(SECTION.memory, (r) => readMemory(r, memoryPagesMax), undefined)
  const globals = section(SECTION.global, (r) => readGlobals(r, visitor), [])
  const exports = section(SECTION.export, (r) => readExports(r, exported, visitor), [])
  const start = sections.get(SECTION.start)
  if (start) refuse('a start function is not available: export it and have it called', start.start)
  section(SECTION.element, (r) => readElements(r, visitor), undefined)
  section(SECTION.dataCount, (r) => r.u32(), 0)
  const bodies = section(SECTION.code, readBodies, NO_BODIES)
  if (bodies.count !== declared.length)
    refuse(
      `${declared.length} functions with ${bodies.count} bodies`,
      offsetOf(sections, SECTION.code),
    )
  section(SECTION.data, (r) => readData(r, visitor), undefined)
  return {
    bytes,
    sections,
    types,
    imports,
    functionTypes,
    tables,
    memory,
    exports,
    globalNames,
    globals,
    exported,
    taken,
    bodies,
  }
}

/** Where a section begins, or would: 0 when it is not there. */
const offsetOf = (sections: Sections, id: SectionId) => sections.get(id)?.start ?? 0

function readDeclarations(reader: ByteReader): number[] {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmFunctionsMax, 'functions', offset)
  return many(count, () => reader.u32())
}

function readGlobals(reader: ByteReader, visitor: ConstVisitor): Global[] {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmGlobalsMax, 'globals', offset)
  return many(count, () => {
    const type = readValueType(reader)
    const flags = reader.byte()
    if (flags > 1) refuse('threads are not available: a shared global', reader.at - 1)
    readConstExpression(reader, visitor)
    return { type, mutable: flags === 1 }
  })
}

function readExports(reader: ByteReader, exported: Uint8Array, visitor: ConstVisitor) {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmExportsMax, 'exports', offset)
  return many(count, () => {
    const name = reader.name()
    const kind = EXPORT_KINDS[reader.byte()]
    if (kind === undefined) refuse('an export of an unknown kind', reader.at - 1)
    const at = reader.at
    const index = reader.u32()
    if (kind === 'function') exported[index] = 1
    if (kind === 'global') visitor.globalNamed(at, reader.at, index)
    return { name, kind }
  })
}

/** Flags of an element segment. */
const ELEMENT = { notActive: 1, tableOrDeclared: 2, expressions: 4 } as const

function readElements(reader: ByteReader, visitor: ConstVisitor): undefined {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmElementSegmentsMax, 'element segments', offset)
  for (let index = 0; index < count; index++) {
    const flags = reader.u32()
    if (flags > 7) refuse('an element segment of an unknown kind', reader.at - 1)
    if ((flags & ELEMENT.notActive) === 0) {
      if (flags & ELEMENT.tableOrDeclared) reader.u32()
      readConstExpression(reader, visitor)
    }
    if (flags & (ELEMENT.notActive | ELEMENT.tableOrDeclared)) readElementType(reader, flags)
    for (let length = reader.u32(); length > 0; length--)
      if (flags & ELEMENT.expressions) readConstExpression(reader, visitor)
      else visitor.functionTaken(reader.u32())
  }
}

/** What a segment holds: the kind 0 for functions, or the type of its expressions. */
function readElementType(reader: ByteReader, flags: number): void {
  if (flags & ELEMENT.expressions) readValueType(reader)
  else if (reader.byte() !== 0) refuse('elements of an unknown kind', reader.at - 1)
}

/** Flags of a data segment. */
const DATA = { active: 0, passive: 1, named: 2 } as const

function readData(reader: ByteReader, visitor: ConstVisitor): undefined {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmDataSegmentsMax, 'data segments', offset)
  for (let index = 0; index < count; index++) {
    const flags = reader.u32()
    if (flags > DATA.named) refuse('a data segment of an unknown kind', reader.at - 1)
    if (flags === DATA.named) reader.u32()
    if (flags !== DATA.passive) readConstExpression(reader, visitor)
    reader.skip(reader.u32())
  }
}
