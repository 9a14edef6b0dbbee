/**
 * A record is one act by one author: "I submit", "I bid", "I accept", "I ran", "I checked".
 *
 * Sealing turns an act into a block: `{ kind, author, body, signature }`. The signature covers the
 * kind, so a bid can never be replayed as a receipt. Two records are compared by body, never by
 * CID: one body can carry two valid signatures. Source: protocol.md "Identity and signatures".
 */
import type { CID } from 'multiformats/cid'
import { z } from 'zod'
import { assert } from '../assert.ts'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type Block, decodeBlock, encodeBlock, encodeCbor } from './block.ts'
import { copyValue } from './block-value.ts'
import { cidOf } from './cid.ts'
import type { Did } from './did.ts'
import { Bytes } from './fields.ts'
import { DidText } from './links.ts'
import { type Signer, type Verify, verifySignature } from './signature.ts'

export const WIRE = 'mesh/0'

export type RecordKind<K extends string = string, T = unknown> = {
  readonly kind: K
  readonly schema: z.ZodType<T>
}

/** A record whose bytes are canonical, whose shape is its kind's and whose signature is good. */
export type Sealed<K extends string = string, T = unknown> = {
  readonly kind: K
  readonly author: Did
  readonly body: T
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** A kind of record: its name and the fields of its body. Unknown fields are refused. */
export function defineRecord<K extends string, S extends z.ZodRawShape>(kind: K, shape: S) {
  return { kind, schema: z.strictObject(shape) }
}

const Envelope = z.strictObject({
  kind: z.string().max(32),
  author: DidText,
  body: z.custom<object>(isMap, { error: 'expected a map' }),
  signature: Bytes.refine((b) => b.length === 64, 'expected 64 bytes'),
})

/** The bytes a signature covers: `dag-cbor(['mesh/0', kind, author, body])`. */
export function signedBytes(kind: string, author: Did, body: unknown): Uint8Array {
  return encodeCbor([WIRE, kind, author, body])
}

/** What stands between the parts of a sealed record: a map's keys come shortest first. */
const BODY_AT = 6
const KIND_KEY_BYTES = 5
const AUTHOR_KEY_BYTES = 7
const SIGNATURE_PART_BYTES = 76
/** `['mesh/0', …` of four. */
const SIGNED_HEAD = Uint8Array.from([0x84, ...encodeCbor(WIRE)])

/**
 * The same bytes, out of those of a sealed record: they are canonical, so encoding the body again
 * would give what stands there. Source: RFC 8949 section 3, for the lengths.
 */
function signedBytesIn({ kind, author, bytes }: Pick<Sealed, 'kind' | 'author' | 'bytes'>) {
  const kindBytes = textBytes(kind)
  const authorBytes = textBytes(author)
  const authorAt = bytes.length - SIGNATURE_PART_BYTES - authorBytes
  const kindAt = authorAt - AUTHOR_KEY_BYTES - kindBytes
  const body = bytes.subarray(BODY_AT, kindAt - KIND_KEY_BYTES)
  const kindEnd = SIGNED_HEAD.length + kindBytes
  const signed = new Uint8Array(kindEnd + authorBytes + body.length)
  signed.set(SIGNED_HEAD)
  signed.set(bytes.subarray(kindAt, kindAt + kindBytes), SIGNED_HEAD.length)
  signed.set(bytes.subarray(authorAt, authorAt + authorBytes), kindEnd)
  signed.set(body, kindEnd + authorBytes)
  return signed
}

/** Of a text of less than 256 ASCII characters, as kinds and DIDs are. */
const textBytes = ({ length }: string) => (length < 24 ? 1 : 2) + length

/** Seals a body. Refuses with RECORD_MALFORMED or BLOCK_… what could not be opened again. */
export function seal<K extends string, T>(
  kind: RecordKind<K, T>,
  body: NoInfer<T>,
  signer: Signer,
): Sealed<K, T> {
  // the copy is what was judged, so that what is signed and what is sent are the same
  const checked = copyValue(shaped(kind, body), LIMITS.recordBytesMax) as T
  const signature = signer.sign(signedBytes(kind.kind, signer.did, checked))
  assert(signature.length === 64, 'a signature has 64 bytes')
  const record = { kind: kind.kind, author: signer.did, body: checked }
  const { cid, bytes } = encodeBlock({ ...record, signature }, LIMITS.recordBytesMax)
  return { ...record, cid, bytes }
}

/**
 * Opens bytes as a record of one kind. Refuses with BLOCK_…, RECORD_KIND_MISMATCH,
 * RECORD_MALFORMED, SIGNATURE_INVALID; with `cid`, also BLOCK_CID_MISMATCH.
 */
export function open<K extends string, T>(
  kind: RecordKind<K, T>,
  bytes: Uint8Array,
  options: { cid?: CID; verify?: Verify } = {},
): Sealed<K, T> {
  return openEnvelope(bytes, options, (found) => {
    admit(
      found === kind.kind,
      'RECORD_KIND_MISMATCH',
      () => `expected a ${kind.kind}, here is a ${found}`,
    )
    return kind
  })
}

/** Opens bytes as a record of whichever of `kinds` they say. Refuses as `open` does. */
export function openOneOf<R extends RecordKind>(
  kinds: ReadonlyMap<string, R>,
  bytes: Uint8Array,
  options: { cid?: CID; verify?: Verify } = {},
): SealedOf<R> {
  return openEnvelope(bytes, options, (found) => {
    const kind = kinds.get(found)
    admit(kind !== undefined, 'RECORD_KIND_MISMATCH', () => `no record is called '${found}'`)
    return kind
  }) as SealedOf<R>
}

/** The sealed record of a kind definition; a union of kinds gives a union of records. */
export type SealedOf<R> = R extends RecordKind<infer K, infer T> ? Sealed<K, T> : never

/** Names the act whoever signed it: equal for two seals of one body by one author. */
export function actCid(record: Sealed): CID {
  const known = acts.get(record)
  if (known !== undefined) return known
  const cid = cidOf('dag-cbor', signedBytesIn(record))
  acts.set(record, cid)
  return cid
}

/** A sealed record never changes, so neither does the name of its act. */
const acts = new WeakMap<Sealed, CID>()

function openEnvelope<K extends string, T>(
  bytes: Uint8Array,
  options: { cid?: CID; verify?: Verify },
  kindOf: (found: string) => RecordKind<K, T>,
): Sealed<K, T> {
  const value = decodeBlock(bytes, { cid: options.cid, bytesMax: LIMITS.recordBytesMax })
  const { author, signature, ...envelope } = parse(Envelope, value, 'record')
  const kind = kindOf(envelope.kind)
  const body = shaped(kind, envelope.body)
  const verify = options.verify ?? verifySignature
  // over the body as it came, so that no schema can stand between the bytes and the signature
  admit(
    verify(author, signedBytesIn({ kind: kind.kind, author, bytes }), signature),
    'SIGNATURE_INVALID',
    () => `${kind.kind} of ${author}`,
  )
  const cid = options.cid ?? cidOf('dag-cbor', bytes)
  return { kind: kind.kind, author, body, cid, bytes }
}

function isMap(value: unknown): boolean {
  return Object.getPrototypeOf(value ?? 0) === Object.prototype
}

function shaped<K extends string, T>(kind: RecordKind<K, T>, body: unknown): T {
  return parse(kind.schema, body, kind.kind)
}

/** Parses with zod and turns its issues into one refusal that names the first field. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = [what, ...(issue?.path.map(String) ?? [])].join('.')
  // both can quote the sender: whole keys of any length
  throw new Refusal(
    'RECORD_MALFORMED',
    `${shortened(path)}: ${shortened(issue?.message ?? 'wrong shape')}`,
  )
}

const shortened = (text: string) => (text.length <= 200 ? text : `${text.slice(0, 200)}…`)

/** A block of a known shape that nobody signs: log entries, anchors, rules, requests. */
export function defineBlock<S extends z.ZodRawShape>(name: string, shape: S) {
  const schema = z.strictObject(shape)
  return {
    name,
    schema,
    encode: (value: z.infer<typeof schema>): Block => encodeBlock(parse(schema, value, name)),
    /** Refuses with BLOCK_… or RECORD_MALFORMED. */
    decode: (bytes: Uint8Array, cid?: CID): z.infer<typeof schema> =>
      parse(schema, decodeBlock(bytes, { cid }), name) as z.infer<typeof schema>,
  }
}
