/** What a compiled policy or selection says about itself: the custom section `ccl`. */
import type { CID } from '@planetary-mesh/spec/bare'
import { type Program, type RecordType, type Type, typeName } from '../ir/ir.ts'
import { ABI, COMPILER_VERSION } from '../versions.ts'

/** What is null or empty is left out, so that small policies stay small. */
export type PolicyHeader = {
  /** The version of spec/ccl-abi.md. */
  abi: number
  kind: 'policy' | 'selection'
  name: string
  compiler: string
  /** The CID of the source text: raw, of its UTF-8 bytes. */
  source: CID
  resource?: string
  scope?: string
  /** What a request holds, in the order of its cells: path and type. */
  inputs: [path: string, type: string][]
  /** The fields of the records in `inputs`: name and type. */
  records?: Record<string, [name: string, type: string][]>
  rules: { name: string; effect: 'allow' | 'deny'; because?: string; cite?: string }[]
  /** What the policy can ask for: names, each with its arguments as names and types. */
  actions?: [name: string, args: [name: string, type: string][]][]
  /** Of a selection: which end of the scores wins, and the types of the score and of each tie. */
  order?: 'ascending' | 'descending'
  keys?: string[]
  /** The most steps one decision can take. */
  costMax: number
  /** Where a request may be put, and how many free bytes must be behind it. */
  request: number
  heap: number
}

export function headerOf(
  program: Program,
  source: CID,
  costMax: number,
  end: number,
  heap: number,
): PolicyHeader {
  const records: Record<string, [string, string][]> = {}
  for (const { type } of program.inputs) recordsIn(type, records)
  const { kind, name, resource, scope, score, ties, order } = program
  return {
    abi: ABI,
    kind,
    name,
    compiler: COMPILER_VERSION,
    source,
    ...(resource === null ? {} : { resource }),
    ...(scope === null ? {} : { scope }),
    inputs: program.inputs.map(({ path, type }) => [path, typeName(type)]),
    ...(Object.keys(records).length === 0 ? {} : { records }),
    rules: program.rules.map(({ name, effect, because, cite }) => ({
      name,
      effect,
      ...(because === null ? {} : { because }),
      ...(cite === null ? {} : { cite }),
    })),
    ...(program.actions.length === 0
      ? {}
      : {
          actions: program.actions.map(({ name, args }): [string, [string, string][]] => [
            name,
            args.map((arg): [string, string] => [arg.name, typeName(arg.type)]),
          ]),
        }),
    ...(score === null
      ? {}
      : { order, keys: [score, ...ties].map(({ region }) => typeName(region.value.type)) }),
    costMax,
    request: end,
    heap,
  }
}

/** About how many bytes of a header the inputs take. */
export function describedBytes(inputs: Program['inputs']): number {
  const records: Record<string, [string, string][]> = {}
  for (const { type } of inputs) recordsIn(type, records)
  let bytes = 0
  for (const { path, type } of inputs) bytes += path.length + typeName(type).length + 8
  for (const fields of Object.values(records)) {
    for (const [name, type] of fields) bytes += name.length + type.length + 8
  }
  return bytes
}

function recordsIn(type: Type, found: Record<string, [string, string][]>): void {
  if (type.is === 'list' || type.is === 'option') recordsIn(type.of, found)
  else if (type.is === 'record' && !Object.hasOwn(found, type.name)) addRecord(type, found)
}

function addRecord(type: RecordType, found: Record<string, [string, string][]>): void {
  found[type.name] = type.fields.map((field) => [field.name, typeName(field.type)])
  for (const field of type.fields) recordsIn(field.type, found)
}
