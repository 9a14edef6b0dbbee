/**
 * The state of a fold as a graph of maps, lists and plain objects, whose leaves are words, numbers,
 * bytes, CIDs and records: copied, or written to bytes and read again. What two places of a state
 * share they share again. A record is written as its CID: whoever reads has its block.
 */
import type { AnyRecord } from '../records/any-record.ts'
import { decodeBlock, encodeCbor } from '../records/block.ts'
import { asLink, type CID, textOf } from '../records/cid.ts'

/** A value in its place: `[]` is undefined, `[n]` is node n. */
type Inline = null | boolean | number | string | [] | [number]
type Node =
  | CID
  | Uint8Array
  | ['record', CID]
  | ['list' | 'map', Inline[]]
  | ['object', { [key: string]: Inline }]
type Graph = { root: Inline; nodes: Node[] }

/** The same graph, which shares with the other only what never changes: records, bytes, CIDs. */
export function copyGraph<T>(value: T): T {
  return copied(value, new Map()) as T
}

function copied(value: unknown, known: Map<unknown, unknown>): unknown {
  if (typeof value !== 'object' || value === null || isLeaf(value)) return value
  const found = known.get(value)
  if (found !== undefined) return found
  if (value instanceof Map) {
    const map = new Map()
    known.set(value, map)
    for (const [key, one] of value) map.set(key, copied(one, known))
    return map
  }
  const copy = Array.isArray(value) ? [] : {}
  known.set(value, copy)
  for (const [key, one] of Object.entries(value)) Reflect.set(copy, key, copied(one, known))
  return copy
}

/** DAG-CBOR of the graph. Refuses nothing: a state holds no other values than these. */
export function writeGraph(root: unknown): Uint8Array {
  const nodes: (Node | undefined)[] = []
  const places = new Map<unknown, number>()

  const put = (value: unknown): Inline => {
    if (value === undefined) return []
    if (typeof value !== 'object' || value === null) return value as Inline
    const key = keyOf(value)
    const known = places.get(key)
    if (known !== undefined) return [known]
    const place = nodes.push(undefined) - 1
    places.set(key, place)
    nodes[place] = nodeOf(value)
    return [place]
  }

  const nodeOf = (value: object): Node => {
    const cid = asLink(value)
    if (cid !== null) return cid
    if (value instanceof Uint8Array) return value
    if (isRecord(value)) return ['record', value.cid]
    if (value instanceof Map) return ['map', [...value].flat().map(put)]
    if (Array.isArray(value)) return ['list', value.map(put)]
    const fields = Object.entries(value).map(([key, one]) => [key, put(one)])
    return ['object', Object.fromEntries(fields)]
  }

  return encodeCbor({ root: put(root), nodes })
}

/** A graph that was written here, before its records are there. */
export type GraphRead = {
  readonly records: readonly CID[]
  build(record: (cid: CID) => AnyRecord): unknown
}

/** Of bytes that `writeGraph` gave; refuses others with BLOCK_…, where they are no DAG-CBOR. */
export function readGraph(bytes: Uint8Array, bytesMax: number): GraphRead {
  const { root, nodes } = decodeBlock(bytes, { bytesMax }) as Graph
  return {
    records: nodes.flatMap((node) => (isNamed(node) && node[0] === 'record' ? [node[1]] : [])),
    build(record) {
      const made = nodes.map((node) => emptyOf(node, record))
      const at = (inline: Inline): unknown => {
        if (!Array.isArray(inline)) return inline
        const [place] = inline
        return place === undefined ? undefined : made[place]
      }
      for (const [place, node] of nodes.entries()) if (isNamed(node)) fill(made[place], node, at)
      return at(root)
    },
  }
}

type Named = Exclude<Node, CID | Uint8Array>
const isNamed = (node: Node): node is Named => Array.isArray(node)

function emptyOf(node: Node, record: (cid: CID) => AnyRecord): unknown {
  if (!isNamed(node)) return node
  switch (node[0]) {
    case 'record':
      return record(node[1])
    case 'map':
      return new Map()
    case 'list':
      return []
    case 'object':
      return {}
  }
}

function fill(made: unknown, [kind, parts]: Named, at: (inline: Inline) => unknown): void {
  switch (kind) {
    case 'record':
      return
    case 'map':
      for (let part = 0; part < parts.length; part += 2) {
        const [key, value] = parts.slice(part, part + 2) as [Inline, Inline]
        ;(made as Map<unknown, unknown>).set(at(key), at(value))
      }
      return
    case 'list':
      for (const one of parts) (made as unknown[]).push(at(one))
      return
    case 'object':
      for (const [key, one] of Object.entries(parts)) Reflect.set(made as object, key, at(one))
  }
}

const isLeaf = (value: object) =>
  value instanceof Uint8Array || asLink(value) !== null || isRecord(value)

/** Sealed records alone have their bytes with them. */
function isRecord(value: object): value is AnyRecord {
  return 'kind' in value && 'cid' in value && 'bytes' in value
}

/** Equal CIDs, and records of one CID, are one. */
function keyOf(value: object): unknown {
  const cid = asLink(value)
  if (cid !== null) return textOf(cid)
  return isRecord(value) ? `record ${textOf(value.cid)}` : value
}
