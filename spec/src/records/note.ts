/**
 * What a log writer and its witnesses sign: "at this size the log has this root, under this
 * charter". A checkpoint is a text of four lines with one signature line, readable by any tool of
 * the transparency world; a cosignature is the same text with the line of a witness.
 *
 * One spelling: a note is accepted only if writing down what it says gives the same text. Source:
 * C2SP signed-note, tlog-checkpoint, tlog-cosignature; spec/records/checkpoint.md.
 */
import type { CID } from 'multiformats/cid'
import { admit, attempt, Refusal } from '../errors.ts'
import { equalBytes } from './block.ts'
import { CODEC, parseCid, sha256 } from './cid.ts'
import { type Did, isDid, parseDid } from './did.ts'
import { type Signer, type Verify, verifySignature } from './signature.ts'

export type Checkpoint = {
  /** Which log: see `originOf`. Printable ASCII without spaces and plus. */
  origin: string
  /** How many entries the log has. */
  size: number
  /** The RFC 6962 root over them, 32 bytes. */
  root: Uint8Array
  /** The charter in force at that size. */
  charter: CID
}

/** A checkpoint, who says to have seen the log grow consistently to it, and when. */
export type Cosigned = Checkpoint & { witness: Did; atMs: number }

/** The signature types of C2SP signed-note. */
const CHECKPOINT_KEY = 0x01
const COSIGNATURE_KEY = 0x04

const NOTE_CHARACTERS_MAX = 4096
const utf8 = new TextEncoder()

/** The origin of a federation's log: its genesis charter never changes. */
export function originOf(genesis: CID): string {
  return `planetary-mesh/${genesis}`
}

/** The note of a log writer; the key's name is the origin. Refuses with CHECKPOINT_INVALID. */
export function signCheckpoint(checkpoint: Checkpoint, signer: Signer): string {
  const text = writeText(checkpoint)
  ensure(equal(readText(text), checkpoint), 'the checkpoint cannot be read again')
  const keyId = keyIdOf(checkpoint.origin, CHECKPOINT_KEY, signer.did)
  return writeNote(text, checkpoint.origin, [keyId, signer.sign(utf8.encode(text))])
}

/**
 * Reads a note that `writer` signed. Whether its size and root are true, the log's entries say.
 * Refuses with CHECKPOINT_INVALID.
 */
export function openCheckpoint(
  note: string,
  { writer, verify = verifySignature }: { writer: Did; verify?: Verify },
): Checkpoint {
  const { text, checkpoint, name, keyId, signature } = readNote(note)
  ensure(name === checkpoint.origin, `signed as '${name}', not as the origin`)
  ensure(equalBytes(keyId, keyIdOf(name, CHECKPOINT_KEY, writer)), 'signed with another key')
  ensure(verify(writer, utf8.encode(text), signature), 'the signature does not verify')
  return checkpoint
}

/**
 * The note of a witness over the checkpoint in `note`, whatever signature that carries; the key's
 * name is the witness's DID. The time is cut to seconds. Refuses with CHECKPOINT_INVALID.
 */
export function cosign(note: string, { atMs }: { atMs: number }, signer: Signer): string {
  const { text } = readNote(note)
  const seconds = Math.floor(atMs / 1000)
  ensure(Number.isSafeInteger(seconds * 1000) && seconds >= 0, `${atMs} is no time`)
  const time = new DataView(new ArrayBuffer(8))
  time.setBigUint64(0, BigInt(seconds))
  const signature = signer.sign(cosignedBytes(seconds, text))
  const keyId = keyIdOf(signer.did, COSIGNATURE_KEY, signer.did)
  return writeNote(text, signer.did, [keyId, new Uint8Array(time.buffer), signature])
}

/**
 * Reads a witness's note: whose it is stands in it, whether that key is a witness the charter says.
 * Refuses with CHECKPOINT_INVALID.
 */
export function openCosignature(
  note: string,
  { verify = verifySignature }: { verify?: Verify } = {},
): Cosigned {
  const { text, checkpoint, name, keyId, signature } = readNote(note)
  ensure(isDid(name), `'${name}' is not the DID of a witness`)
  ensure(equalBytes(keyId, keyIdOf(name, COSIGNATURE_KEY, name)), 'signed with another key')
  ensure(signature.length === 72, 'a cosignature is a time and 64 bytes')
  const time = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0)
  const atMs = Number(time) * 1000
  ensure(Number.isSafeInteger(atMs), `${time} s is no time`)
  const message = cosignedBytes(Number(time), text)
  ensure(verify(name, message, signature.subarray(8)), 'the signature does not verify')
  return { ...checkpoint, witness: name, atMs }
}

function cosignedBytes(seconds: number, text: string): Uint8Array {
  return utf8.encode(`cosignature/v1\ntime ${seconds}\n${text}`)
}

/** The first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key). */
function keyIdOf(name: string, type: number, did: Did): Uint8Array {
  const named = utf8.encode(`${name}\n`)
  return sha256(Uint8Array.from([...named, type, ...parseDid(did)])).slice(0, 4)
}

function writeText({ origin, size, root, charter }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\ncharter ${charter}\n`
}

function writeNote(text: string, name: string, parts: readonly Uint8Array[]): string {
  return `${text}\n— ${name} ${toBase64(Buffer.concat(parts))}\n`
}

function readNote(note: string) {
  ensure(note.length <= NOTE_CHARACTERS_MAX, `${note.length} characters`)
  const end = note.indexOf('\n\n') + 1
  const [, name = '', base64 = ''] = note.slice(end).match(/^\n— ([!-~]+) ([!-~]+)\n$/) ?? []
  const bytes = fromBase64(base64)
  ensure(bytes.length >= 68, 'no signature line, or more than one')
  const text = note.slice(0, end)
  const checkpoint = readText(text)
  return { text, checkpoint, name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) }
}

function readText(text: string): Checkpoint {
  const [origin = '', count = '', base64 = '', extension = ''] = text.split('\n')
  const size = Number(count)
  ensure(/^[!-*,-~]{1,128}$/.test(origin), 'the origin is not printable ASCII without plus')
  ensure(Number.isSafeInteger(size) && size >= 0, `'${count.slice(0, 20)}' is no size`)
  const root = fromBase64(base64)
  ensure(root.length === 32, 'the root is not 32 bytes of base64')
  const charter = attempt(() => parseCid(extension.replace(/^charter /, '')))
  ensure(!(charter instanceof Refusal), 'the charter is not a CID')
  ensure(charter.code === CODEC['dag-cbor'], 'the charter is not a record')
  const checkpoint = { origin, size, root, charter }
  ensure(writeText(checkpoint) === text, 'the text has another spelling')
  return checkpoint
}

function equal(a: Checkpoint, b: Checkpoint): boolean {
  return a.origin === b.origin && a.size === b.size && equalBytes(a.root, b.root)
}

const toBase64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** Empty unless `text` is base64 as we would write it: Buffer skips what it does not know. */
function fromBase64(text: string): Uint8Array {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  return toBase64(bytes) === text ? bytes : new Uint8Array()
}

function ensure(condition: unknown, detail: string): asserts condition {
  admit(condition, 'CHECKPOINT_INVALID', detail)
}
