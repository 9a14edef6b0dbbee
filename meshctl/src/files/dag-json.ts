/** Data of a block as JSON, links and bytes as DAG-JSON writes them. Source: IPLD DAG-JSON. */
import { CID } from '@planetary-mesh/spec'

export function toDagJson(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) {
    return { '/': { bytes: Buffer.from(value).toString('base64').replace(/=+$/, '') } }
  }
  if (Array.isArray(value)) return value.map(toDagJson)
  const link = CID.asCID(value)
  if (link !== null) return { '/': `${link}` }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toDagJson(inner)]))
}
