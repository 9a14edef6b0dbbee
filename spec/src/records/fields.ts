/** The field shapes that several kinds of record share. Units stand last in the names. */
import { z } from 'zod'
import { LIMITS } from '../limits.ts'
import { FileLink } from './links.ts'
import { PRIORITIES } from './priorities.ts'

const utf8 = new TextEncoder()

/**
 * Text of at most `bytesMax` bytes of UTF-8, without lone surrogates or a byte order mark in front:
 * neither would come back from the bytes of a block.
 */
export const text = (bytesMax: number = LIMITS.textBytesMax) =>
  z
    .string()
    .refine((value) => utf8.encode(value).length <= bytesMax, `longer than ${bytesMax} bytes`)
    .refine((value) => value.isWellFormed(), 'a lone surrogate')
    .refine((value) => !value.startsWith('\uFEFF'), 'a byte order mark')

/**
 * A sentence that others had a hand in, made fit for a `text(bytesMax)` field: cut to its bytes
 * between two characters, with what could not stand in a block replaced.
 */
export function fitText(sentence: string, bytesMax: number): string {
  const whole = sentence.toWellFormed().replace(/^\uFEFF+/, '')
  // counted by hand: `encodeInto` may stop a character early (Node 26.10)
  let [bytes, end] = [0, 0]
  for (const character of whole) {
    bytes += bytesOf(character.codePointAt(0) as number)
    if (bytes > bytesMax) break
    end += character.length
  }
  return whole.slice(0, end)
}

/** Of a code point in UTF-8 (RFC 3629 section 3). */
const bytesOf = (code: number) => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4)

/** A count, price or time: an integer of 0 … 2^53 - 1 (decisions 5). */
export const Amount = z.int().min(0).max(LIMITS.amountMax)
export const AtMs = Amount
export const Ppm = z.int().min(0).max(1_000_000)

export const ResourceType = z.enum(['compute', 'storage', 'bandwidth'])
export type ResourceType = z.infer<typeof ResourceType>

export const Priority = z.enum(PRIORITIES)
export type Priority = z.infer<typeof Priority>

export const Scope = z.string().regex(/^[a-z0-9][a-z0-9:._/-]{0,127}$/, 'expected a scope name')
export const Name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a name')

/** A file by its content, with its size: fetching stops at the declared size. */
export const FileRef = z.strictObject({ cid: FileLink, bytes: Amount })
export type FileRef = z.infer<typeof FileRef>

/** Bytes of any length; bounded by the block they stand in. */
export const Bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes')

/** 32 bytes of a sha-256. */
export const Hash = Bytes.refine((b) => b.length === 32, 'expected 32 bytes')

/** From the weakest to the strongest (protocol.md "Verification ladder"). */
export const VERIFICATIONS = ['none', 'self', 'replay'] as const
export const Verification = z.enum(VERIFICATIONS)
export type Verification = z.infer<typeof Verification>
