/** Checkpoints and cosignatures: what the writer and the witnesses sign, in one spelling only. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CID,
  cidOf,
  cosign,
  type Did,
  openCheckpoint,
  openCosignature,
  parseDid,
  sha256,
  signCheckpoint,
  verifySignature,
  verifySignaturePure,
} from '@planetary-mesh/spec'
import { dora, emil, mallory } from '../../../tools/vectors/people.ts'
import { fromBase64, fromHex, fromJson, readVectors } from './vector-files.ts'

type Note = { type: string; name: string; note: string; writer: Did; value: unknown; code: string }

const invalid = { code: 'CHECKPOINT_INVALID' }
const checkpoint = {
  origin: 'example.com/log',
  size: 7,
  root: sha256(new Uint8Array()),
  charter: cidOf('dag-cbor', new Uint8Array()),
}

function openNote({ type, note, writer }: Note, verify = verifySignature) {
  return type === 'checkpoint'
    ? openCheckpoint(note, { writer, verify })
    : openCosignature(note, { verify })
}

describe('the vectors of notes', () => {
  const { accepted, refused } = readVectors<Note, Note>('note')
  for (const [index, one] of accepted.entries()) {
    test(`${one.type} ${index} says what it says, to both engines`, () => {
      const expected = fromJson(one.value)
      assert.deepEqual(openNote(one), expected)
      assert.deepEqual(openNote(one, verifySignaturePure), expected)
    })
  }
  for (const one of refused) {
    test(`refuses a ${one.type}: ${one.name}`, () => assert.throws(() => openNote(one), invalid))
  }
})

describe('a note', () => {
  const note = signCheckpoint(checkpoint, dora)
  const cosigned = cosign(note, { atMs: 1_679_315_147_999 }, emil)

  test('is the text that C2SP prints, with the charter as its extension', () => {
    const [text = '', lines = ''] = note.split('\n\n')
    assert.deepEqual(text.split('\n'), [
      'example.com/log',
      '7',
      '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
      `charter ${checkpoint.charter}`,
    ])
    assert.match(lines, /^— example\.com\/log [A-Za-z0-9+/]{91}=\n$/)
  })

  test('has the key ids of C2SP: the hash of name, type and key', () => {
    const keyId = (name: string, typeAndKey: Uint8Array) =>
      sha256(Buffer.concat([Buffer.from(`${name}\n`), typeAndKey])).slice(0, 4)
    // the verifier key that the signed-note implementations print as their example
    const [name, id, key] =
      'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'.split('+') as [
        string,
        string,
        string,
      ]
    assert.deepEqual(keyId(name, Buffer.from(key, 'base64')), fromHex(id))

    const signed = (text: string) => fromBase64(text.trimEnd().split(' ').at(-1) as string)
    const typed = (type: number, did: Did) => Uint8Array.from([type, ...parseDid(did)])
    const { origin } = checkpoint
    assert.equal(signed(note).length, 68)
    assert.deepEqual(signed(note).slice(0, 4), keyId(origin, typed(0x01, dora.did)))
    assert.equal(signed(cosigned).length, 76)
    assert.deepEqual(signed(cosigned).slice(0, 4), keyId(emil.did, typed(0x04, emil.did)))
  })

  test('of a witness signs the text of C2SP tlog-cosignature', () => {
    const text = `${note.split('\n\n')[0]}\n`
    const message = new TextEncoder().encode(`cosignature/v1\ntime 1679315147\n${text}`)
    const signature = fromBase64(cosigned.trimEnd().split(' ').at(-1) as string).slice(12)
    assert.deepEqual(signature, emil.sign(message))
  })

  test('of a witness keeps whole seconds, and names the witness', () => {
    const opened = openCosignature(cosigned)
    assert.equal(opened.atMs, 1_679_315_147_000)
    assert.equal(opened.witness, emil.did)
    assert.equal(opened.size, 7)
  })

  test('with any one bit changed is refused', () => {
    const bytes = Buffer.from(note)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8((changed[bit >> 3] as number) ^ (1 << (bit & 7)), bit >> 3)
      const open = () => openCheckpoint(changed.toString('utf8'), { writer: dora.did })
      assert.throws(open, invalid, `bit ${bit}`)
    }
  })

  test('of the wrong writer is refused, and a cosignature is no checkpoint', () => {
    assert.throws(() => openCheckpoint(note, { writer: mallory.did }), invalid)
    assert.throws(() => openCheckpoint(cosigned, { writer: emil.did }), invalid)
    assert.throws(() => openCosignature(note), invalid)
  })

  test('that could not be read again is not signed', () => {
    const sha1 = CID.decode(Uint8Array.from([1, 0x71, 0x11, 20, ...new Uint8Array(20)]))
    const wrong = [
      { origin: '' },
      { origin: 'two words' },
      { origin: 'a+b' },
      { origin: 'line\nend' },
      { origin: 'ünicode' },
      { origin: 'x'.repeat(129) },
      { size: -1 },
      { size: 1.5 },
      { size: 2 ** 53 },
      { root: new Uint8Array(31) },
      { charter: cidOf('raw', new Uint8Array()) },
      { charter: sha1 },
    ]
    for (const fields of wrong) {
      assert.throws(() => signCheckpoint({ ...checkpoint, ...fields }, dora), invalid)
    }
    for (const atMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 63]) {
      assert.throws(() => cosign(note, { atMs }, emil), invalid)
    }
  })
})
