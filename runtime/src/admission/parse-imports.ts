/**
 * The import section: functions alone, for a guest shares no memory, table or global with anybody.
 */
import { LIMITS, Refusal } from '@planetary-mesh/spec/bare'
import { importMeaning } from './import-meanings.ts'
import { METER_MODULE } from './meter.ts'
import { readImportedLimits } from './parse-memory.ts'
import { type ByteReader, limit, many, refuse } from './reader.ts'
import type { FunctionType } from './types.ts'

const KIND = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const

export type Import = {
  readonly module: string
  readonly name: string
  readonly type: number
  /** Where it stands in the module. */
  readonly at: number
}

export function readImports(reader: ByteReader): Import[] {
  const offset = reader.at
  const count = reader.u32()
  limit(count, LIMITS.wasmImportsMax, 'imports', offset)
  return many(count, () => {
    const at = reader.at
    const module = reader.name()
    const name = reader.name()
    const kindAt = reader.at
    const kind = reader.byte()
    if (kind !== KIND.function) refuseKind(reader, kind, { module, name, at }, kindAt)
    if (module === METER_MODULE) refuseImport({ module, name, at }, 'the meter is out of reach')
    return { module, name, type: reader.u32(), at }
  })
}

type Named = Omit<Import, 'type'>

function refuseKind(reader: ByteReader, kind: number, named: Named, offset: number): never {
  const limits = kind === KIND.memory || kind === KIND.table
  if (limits && readImportedLimits(reader, kind === KIND.table).shared)
    refuseImport(named, 'threads are not available: it is a shared memory')
  const what = Object.entries(KIND).find(([, value]) => value === kind)?.[0]
  if (what === undefined) refuse(`an import of unknown kind ${kind}`, offset)
  if (what === 'tag') refuseImport(named, 'exceptions are not available')
  refuseImport(named, `only functions can be imported, and this is a ${what}`)
}

/** Asks `offered` about each import; refuses the first that is not offered. */
export function judgeImports(
  imports: readonly Import[],
  types: readonly FunctionType[],
  offered: (module: string, name: string, type: FunctionType) => string | undefined,
): void {
  for (const named of imports) {
    const { module, name, type } = named
    const reason = offered(module, name, types[type] as FunctionType)
    if (reason === undefined) continue
    const meaning = importMeaning(module, name)
    const isSaid = meaning === undefined || meaning === reason
    refuseImport(named, isSaid ? reason : `${meaning} (${reason})`)
  }
}

const NAME_MAX = 100

function refuseImport({ module, name, at }: Named, reason: string): never {
  // Quoted as JSON: a name may hold line ends and terminal escapes.
  const quoted = [module, name].map((text) => JSON.stringify(text.slice(0, NAME_MAX))).join('.')
  throw new Refusal('IMPORT_REFUSED', `${quoted}: ${reason}`, { values: { offset: at } })
}
