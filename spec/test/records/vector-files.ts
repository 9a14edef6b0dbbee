/** Reads the vector files the way a stranger would: JSON, and nothing of ours but the CID class. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from '@planetary-mesh/spec'

const folder = join(import.meta.dirname, '..', '..', 'vectors')

export type Accepted = { name: string; cid: string; bytes: string; value: unknown }
export type Refused = { name: string; bytes: string; code: string }
export type VectorFile<A = Accepted, R = Refused> = { about: string; accepted: A[]; refused: R[] }

export function readText(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

export function readVectors<A = Accepted, R = Refused>(name: string): VectorFile<A, R> {
  return JSON.parse(readText(`${name}.json`))
}

export function readPublished<T>(name: string): T {
  return JSON.parse(readText(`published/${name}.json`))
}

export const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
export const fromBase64 = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))

/** DAG-JSON as the vectors use it: `{"/": "cid"}` and `{"/": {"bytes": "base64"}}`. */
export function fromJson(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(fromJson)
  const { '/': special, ...rest } = value as { '/'?: string | { bytes: string } }
  if (special !== undefined && Object.keys(rest).length === 0) {
    return typeof special === 'string' ? CID.parse(special) : fromBase64(special.bytes)
  }
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, fromJson(child)]))
}
