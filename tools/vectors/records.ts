/** The vectors of one kind of record: honest ones, and every way in which bytes may fall short. */
import * as dagCbor from '@ipld/dag-cbor'
import {
  type Code,
  KINDS,
  type RecordKind,
  type Sealed,
  type Signer,
  seal,
} from '@planetary-mesh/spec'
import { CHAIN, OTHER_BODIES } from './chain.ts'
import { base64, type Json, toJson, type VectorFile } from './json.ts'
import * as people from './people.ts'
import { WRONG_BODIES } from './wrong-bodies.ts'

const { mallory } = people
const signers = new Map<string, Signer>(Object.values(people).map((one) => [one.did, one]))

type Envelope = { kind: string; author: string; body: unknown; signature: Uint8Array }

/** The file of every kind, by the kind's name. */
export function recordVectors(): [name: string, VectorFile][] {
  return KINDS.map((kind) => [kind.kind, vectorsOf(kind as RecordKind)])
}

function vectorsOf(kind: RecordKind): VectorFile {
  const name = kind.kind as keyof typeof CHAIN
  const first = CHAIN[name] as Sealed
  const signer = signers.get(first.author) as Signer
  const others = OTHER_BODIES[name].map((body: unknown) => seal(kind, body, signer))
  return {
    about: `Records of the kind ${name}. Open each as ${name}; base64 of the block's bytes.`,
    accepted: [first, ...others].map(({ cid, bytes }, index) => ({
      name: index === 0 ? `the ${name} of the story` : `another ${name}, ${index}`,
      cid: `${cid}`,
      bytes: base64(bytes),
      value: toJson(dagCbor.decode(bytes)),
    })),
    refused: [...brokenEnvelopes(first), ...brokenBytes(first), ...brokenBodies(first, signer)],
  }
}

function brokenBodies(record: Sealed, signer: Signer): Json[] {
  const body = record.body as Record<string, unknown>
  const missing = Object.keys(body).map((field) => {
    const { [field]: _, ...rest } = body
    return refused(`${field} is missing`, 'RECORD_MALFORMED', signed(record.kind, rest, signer))
  })
  const wrong = WRONG_BODIES[record.kind as keyof typeof WRONG_BODIES].map(
    ([name, fields, code = 'RECORD_MALFORMED']) =>
      refused(name, code, signed(record.kind, { ...body, ...fields }, signer)),
  )
  const more = signed(record.kind, { ...body, note: 'please' }, signer)
  return [...missing, ...wrong, refused('an unknown field', 'RECORD_MALFORMED', more)]
}

function brokenEnvelopes(record: Sealed): Json[] {
  const envelope = dagCbor.decode(record.bytes) as Envelope
  const { kind, author, body, signature } = envelope
  const stranger = signed(kind, body, mallory)
  const otherKind = KINDS.find((one) => one.kind !== kind)?.kind as string
  const signer = signers.get(author) as Signer
  const over = (...parts: unknown[]) => signer.sign(dagCbor.encode(parts))
  const cases: [string, Code, object][] = [
    ['signed by mallory in the name of another', 'SIGNATURE_INVALID', { ...stranger, author }],
    ['named after mallory', 'SIGNATURE_INVALID', { ...envelope, author: mallory.did }],
    [
      'a signature of another kind',
      'SIGNATURE_INVALID',
      { ...envelope, signature: over('mesh/0', otherKind, author, body) },
    ],
    [
      'a signature of another wire version',
      'SIGNATURE_INVALID',
      { ...envelope, signature: over('mesh/1', kind, author, body) },
    ],
    [
      'a signature of the body alone',
      'SIGNATURE_INVALID',
      { ...envelope, signature: signer.sign(dagCbor.encode(body)) },
    ],
    ['S made larger by L', 'SIGNATURE_INVALID', { ...envelope, signature: plusL(signature) }],
    ['an empty signature', 'RECORD_MALFORMED', { ...envelope, signature: new Uint8Array() }],
    ['a signature of 63 bytes', 'RECORD_MALFORMED', { ...envelope, signature: signature.slice(1) }],
    ['a signature as text', 'RECORD_MALFORMED', { ...envelope, signature: base64(signature) }],
    ['no signature', 'RECORD_MALFORMED', { kind, author, body }],
    ['no body', 'RECORD_MALFORMED', { kind, author, signature }],
    ['a list for a body', 'RECORD_MALFORMED', { ...envelope, body: Object.values(body as object) }],
    ['an author who is no DID', 'RECORD_MALFORMED', { ...envelope, author: 'alice' }],
    ['a field beside the signature', 'RECORD_MALFORMED', { ...envelope, memo: 1 }],
    ['called another kind', 'RECORD_KIND_MISMATCH', { ...envelope, kind: otherKind }],
    ['called an unknown kind', 'RECORD_KIND_MISMATCH', { ...envelope, kind: 'wish' }],
  ]
  return cases.map(([name, code, value]) => refused(name, code, value))
}

function brokenBytes({ bytes }: Sealed): Json[] {
  const { kind, author, body, signature } = dagCbor.decode(bytes) as Envelope
  const pair = (key: string, value: unknown) => [...dagCbor.encode(key), ...dagCbor.encode(value)]
  const map = (...pairs: number[][]) => Uint8Array.from([0xa0 + pairs.length, ...pairs.flat()])
  const [k, a, b, s] = [
    pair('kind', kind),
    pair('author', author),
    pair('body', body),
    pair('signature', signature),
  ]
  const cases: [string, Code, Uint8Array][] = [
    ['keys in another order', 'BLOCK_NOT_CANONICAL', map(k, a, b, s)],
    ['a key twice', 'BLOCK_MALFORMED', map(b, b, k, a, s)],
    ['a byte after the end', 'BLOCK_MALFORMED', Uint8Array.from([...bytes, 0])],
    ['the last byte missing', 'BLOCK_MALFORMED', bytes.slice(0, -1)],
    ['nothing', 'BLOCK_MALFORMED', new Uint8Array()],
  ]
  return cases.map(([name, code, broken]) => ({ name, code, bytes: base64(broken) }))
}

function signed(kind: string, body: unknown, signer: Signer): Envelope {
  // straight through the codec, which writes what `seal` refuses
  const message = dagCbor.encode(['mesh/0', kind, signer.did, nulled(body)])
  return { kind, author: signer.did, body, signature: signer.sign(message) }
}

const refused = (name: string, code: Code, value: object): Json => ({
  name,
  code,
  bytes: base64(withUndefined(value)),
})

/** The codec refuses `undefined`; a field of it is written as null and the byte changed after. */
function withUndefined(value: object): Uint8Array {
  const body = (value as { body?: Record<string, unknown> }).body ?? {}
  const field = Object.keys(body).find((key) => body[key] === undefined)
  const bytes = dagCbor.encode({ ...value, ...(field === undefined ? {} : { body: nulled(body) }) })
  if (field === undefined) return bytes
  const at = Buffer.from(bytes).indexOf(Buffer.from(dagCbor.encode(field)))
  bytes[at + dagCbor.encode(field).length] = 0xf7
  return bytes
}

function nulled(body: unknown): unknown {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return body
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, value ?? null]))
}

/** Another spelling of the same scalar: S + L, which a lenient verifier takes. */
function plusL(signature: Uint8Array): Uint8Array {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(signature.slice(32).toReversed()).toString('hex')}`) + order
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').toReversed()
  return Uint8Array.from([...signature.slice(0, 32), ...bytes])
}
