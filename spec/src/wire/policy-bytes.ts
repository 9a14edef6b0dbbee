/**
 * Whether the bytes of a module hold only what compiled CCL may hold (spec/ccl-abi.md): no imports
 * but its own, no floating point, no growing of memory, no loop without an end. It shares nothing
 * with the encoder, which is checked by it; that the types fit is for the engine to say.
 */
import { LIMITS } from '../limits.ts'
import { type BodyFacts, readBody } from './policy-code.ts'
import { readSections, refuse, WasmCursor } from './wasm-cursor.ts'

const SECTION = { type: 1, import: 2, function: 3, memory: 5, global: 6, export: 7 } as const
const [CODE, DATA] = [10, 11]
const ALLOWED = [...Object.values(SECTION), CODE, DATA]
const CUSTOM = ['ccl', 'name']
const [I32, I64] = [0x7f, 0x7e]
const [FUNCTION, MEMORY] = [0, 2]
const PAGE_BYTES = 65_536
const PAGES_MAX = 1024

type FunctionType = { readonly params: readonly number[]; readonly results: readonly number[] }

/** Of jobs: hands requests to the host. Of policies and selections: decides one request. */
export type ModuleKind = 'jobs' | 'policy'

const PROFILES = {
  jobs: { entry: 'run', params: [], results: [I32], imports: ['mesh.host_submit_job'] },
  policy: { entry: 'decide', params: [I32, I32], results: [I32], imports: [] as string[] },
} as const

/**
 * Refuses with MODULE_REFUSED, or IMPORT_REFUSED, whatever is not within the profile of its kind,
 * and says what it found.
 */
export function verifyPolicyBytes(bytes: Uint8Array, kind: ModuleKind = 'policy'): void {
  const { known, custom } = readSections(bytes)
  const strange = [...known.keys()].find((id) => !ALLOWED.includes(id))
  if (strange !== undefined) throw refuse(`it has a section ${strange}`)
  const other = [...custom.keys()].find((name) => !CUSTOM.includes(name))
  if (other !== undefined) throw refuse(`it has a section '${other}'`)
  if (!custom.has('ccl')) throw refuse('it has no section `ccl`')
  const read = <T>(id: number, item: (cursor: WasmCursor) => T): T[] => {
    const section = known.get(id) ?? new WasmCursor(Uint8Array.of(0))
    const items = section.vector(item)
    section.end()
    return items
  }
  const types = read(SECTION.type, readType)
  const imports = read(SECTION.import, readImport)
  const functions = read(SECTION.function, (cursor) => cursor.unsigned())
  const memories = read(SECTION.memory, readLimits)
  const globals = read(SECTION.global, readGlobal)
  const exported = read(SECTION.export, readExport)
  const bodies = read(CODE, (cursor) => cursor.sized())
  const data = read(DATA, readSegment)

  ensureImports(imports, kind)
  const [memory, ...more] = memories
  if (memory === undefined || more.length > 0) throw refuse(`it has ${memories.length} memories`)
  ensureMemory(memory, kind)
  if (bodies.length !== functions.length) throw refuse('functions and bodies do not match')
  const typeOf = (index: number) =>
    types[[...imports.map((i) => i.type), ...functions][index] ?? -1]
  ensureExports(exported, typeOf, kind)
  ensureData(data, memory.min)
  const total = imports.length + functions.length
  const facts = bodies.map((body) => readBody(body, { functions: total, globals: globals.length }))
  const entry = exported.find(({ kind: what }) => what === FUNCTION)?.index ?? -1
  ensureLoops(facts, entry - imports.length, kind)
  ensureNoRecursion(facts, imports.length)
}

function readType(cursor: WasmCursor): FunctionType {
  if (cursor.byte() !== 0x60) throw refuse('a type is not that of a function')
  return { params: cursor.vector(readNumberType), results: cursor.vector(readNumberType) }
}

function readNumberType(cursor: WasmCursor): number {
  const type = cursor.byte()
  if (type !== I32 && type !== I64) throw refuse(`it has values of the type 0x${type.toString(16)}`)
  return type
}

function readImport(cursor: WasmCursor): { name: string; type: number } {
  const name = `${cursor.name()}.${cursor.name()}`
  if (cursor.byte() !== FUNCTION) throw refuse(`it imports ${name}`, 'IMPORT_REFUSED')
  return { name, type: cursor.unsigned() }
}

type Limits = { readonly min: number; readonly max: number }

function readLimits(cursor: WasmCursor): Limits {
  if (cursor.byte() !== 1) throw refuse('its memory has no most')
  return { min: cursor.unsigned(), max: cursor.unsigned() }
}

/** A number that changes, and begins as 0. */
function readGlobal(cursor: WasmCursor): number {
  const type = readNumberType(cursor)
  const init = [cursor.byte(), cursor.byte(), cursor.byte(), cursor.byte()]
  const wanted = [1, type === I32 ? 0x41 : 0x42, 0, 0x0b]
  if (init.join() !== wanted.join()) throw refuse('a global does not begin as 0')
  return type
}

type Export = { readonly name: string; readonly kind: number; readonly index: number }

function readExport(cursor: WasmCursor): Export {
  return { name: cursor.name(), kind: cursor.byte(), index: cursor.unsigned() }
}

type Segment = { readonly start: number; readonly length: number }

function readSegment(cursor: WasmCursor): Segment {
  if (cursor.byte() !== 0 || cursor.byte() !== 0x41) throw refuse('data that is not in its place')
  const start = cursor.signed(32)
  if (cursor.byte() !== 0x0b) throw refuse('data whose place is computed')
  return { start, length: cursor.sized().bytes.length }
}

function ensureImports(imports: readonly { name: string }[], kind: ModuleKind): void {
  const allowed: readonly string[] = PROFILES[kind].imports
  const beyond = imports.find(({ name }) => !allowed.includes(name))
  if (beyond !== undefined) throw refuse(`it imports ${beyond.name}`, 'IMPORT_REFUSED')
  if (imports.length > allowed.length) throw refuse('it imports one twice', 'IMPORT_REFUSED')
}

/** That of jobs never grows; that of a policy grows by its host alone. */
function ensureMemory({ min, max }: Limits, kind: ModuleKind): void {
  const isFixed = min === max
  if (max > PAGES_MAX || min > max || (kind === 'jobs' && !isFixed)) {
    throw refuse(`its memory has ${min} to ${max} pages`)
  }
}

function ensureExports(
  exported: readonly Export[],
  typeOf: (index: number) => FunctionType | undefined,
  kind: ModuleKind,
): void {
  const { entry, params, results } = PROFILES[kind]
  const names = exported.map(({ name }) => name).sort()
  if (names.join() !== [entry, 'memory'].sort().join()) throw refuse(`it exports ${names}`)
  for (const { name, kind: what, index } of exported) {
    if (what !== (name === entry ? FUNCTION : MEMORY)) throw refuse(`what it exports as ${name}`)
    const type = name === entry ? typeOf(index) : undefined
    const fits = type?.params.join() === params.join() && type.results.join() === results.join()
    if (name === entry && !fits) throw refuse(`the type of its ${entry}`)
  }
}

function ensureData(data: readonly Segment[], pages: number): void {
  const beyond = data.some(({ start, length }) => start < 0 || start + length > pages * PAGE_BYTES)
  if (data.length > 1 || beyond) throw refuse('its data leave its memory')
}

/** Only the function that a host calls begins to count, once: it has no loop and is not called. */
function ensureLoops(facts: readonly BodyFacts[], entry: number, kind: ModuleKind): void {
  for (const [index, { loops, fuel, begins }] of facts.entries()) {
    if (begins && (index !== entry || loops > 0)) throw refuse('it forgets the steps it took')
    if (loops > 0 && kind === 'jobs') throw refuse('it has a loop')
    if (fuel.length < loops) throw refuse('it has a loop that takes no fuel')
    const more = fuel.find((max) => max < 0 || max > LIMITS.cclStepsMax)
    if (more !== undefined) throw refuse(`it may take ${more} steps`)
  }
}

/** A call of the function itself, or of one that calls it, however far away. */
function ensureNoRecursion(facts: readonly BodyFacts[], imported: number): void {
  const done = new Set<number>()
  const under = new Set<number>()
  /** Calls nest as deep as functions do: a stack of our own, not that of the engine. */
  for (const root of facts.keys()) {
    const path: { index: number; calls: number[] }[] = []
    const enter = (index: number) => {
      if (under.has(index)) throw refuse('a function calls itself')
      if (done.has(index)) return
      under.add(index)
      path.push({ index, calls: [...(facts[index]?.calls ?? [])] })
    }
    enter(root)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const call = top.calls.pop()
      if (call !== undefined) {
        if (call >= imported) enter(call - imported)
        continue
      }
      path.pop()
      under.delete(top.index)
      done.add(top.index)
    }
  }
}
