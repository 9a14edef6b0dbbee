/**
 * A key on the disk: one line of text, the DID and the 32 bytes of the Ed25519 seed in base64url,
 * readable by its owner alone. The DID is there for people, and to notice a damaged line.
 *
 *     did:key:z6Mk… q83vEjRW…
 */
import { readFile, stat } from 'node:fs/promises'
import { admit, type Did, Refusal, type Signer, signerFromSeed } from '@planetary-mesh/spec'
import { isMissing, writeWhole } from './write-file.ts'

export type Key = { seed: Uint8Array; signer: Signer }

const SEED_BYTES = 32
const LINE = /^(did:key:z\S+) ([A-Za-z0-9_-]{43})\n?$/
const OTHERS = 0o077

/** Refuses KEY_FILE_REFUSED a file that is missing, altered, or that others may read. */
export async function readKeyFile(path: string): Promise<Key> {
  const refuse = (detail: string) => new Refusal('KEY_FILE_REFUSED', `${path} ${detail}`)
  const text = await readFile(path, 'utf8').catch((error) => {
    if (isMissing(error)) throw refuse('is not there')
    throw error
  })
  const { mode } = await stat(path)
  const isOpen = process.platform !== 'win32' && (mode & OTHERS) !== 0
  admit(!isOpen, 'KEY_FILE_REFUSED', `${path} may be read by others: chmod 600 it`)
  const [, did, encoded = ''] = LINE.exec(text) ?? []
  const seed = new Uint8Array(Buffer.from(encoded, 'base64url'))
  if (did === undefined || seed.length !== SEED_BYTES) throw refuse('is no line of DID and seed')
  const signer = signerFromSeed(seed)
  if (signer.did !== did) throw refuse('names another DID than its seed gives')
  return { seed, signer }
}

/** Writes a new key file, 0600, and gives its DID. Refuses KEY_FILE_REFUSED where one is. */
export async function writeKeyFile(path: string, seed: Uint8Array): Promise<Did> {
  const { did } = signerFromSeed(seed)
  const line = `${did} ${Buffer.from(seed).toString('base64url')}\n`
  try {
    await writeWhole(path, line, { mode: 0o600, isNew: true })
  } catch (error) {
    if (Object(error).code !== 'EEXIST') throw error
    throw new Refusal('KEY_FILE_REFUSED', `${path} is there already`)
  }
  return did
}
