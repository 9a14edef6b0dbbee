/** How values stand in a vector file: JSON, with links and bytes as DAG-JSON writes them. */
import { CID } from '@planetary-mesh/spec'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type VectorFile = { about: string; accepted: Json[]; refused: Json[] }

export const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
export const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
export const fromBase64 = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))

/** `{"/": "bafy…"}` for a link, `{"/": {"bytes": "base64"}}` for bytes. */
export function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return { '/': { bytes: base64(value) } }
  if (value === null || typeof value !== 'object') return value as Json
  if (CID.asCID(value) !== null) return { '/': `${value}` }
  if (Array.isArray(value)) return value.map(toJson)
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toJson(child)]))
}
