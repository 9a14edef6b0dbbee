/** DIDs and CIDs as text: one good spelling, everything else refused. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CID, cidOf, formatDid, isDid, parseCid, parseDid } from '@planetary-mesh/spec'
import { base32upper } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { alice } from '../../../tools/vectors/people.ts'
import { fromHex, readVectors } from './vector-files.ts'

describe('the vectors of DIDs', () => {
  const { accepted, refused } = readVectors<
    { name: string; did: string; publicKey: string },
    { name: string; did: string; code: string }
  >('did')
  for (const { name, did, publicKey } of accepted) {
    test(`${name}: key and DID name each other`, () => {
      assert.deepEqual(parseDid(did), fromHex(publicKey))
      assert.equal(formatDid(fromHex(publicKey)), did)
      assert.ok(isDid(did))
    })
  }
  for (const { name, did, code } of refused) {
    test(`refuses ${name} with ${code}`, () => {
      assert.throws(() => parseDid(did), { code })
      assert.ok(!isDid(did))
    })
  }
})

describe('a parsed DID', () => {
  test('is a copy: writing into it changes nobody else’s key', () => {
    const key = parseDid(alice.did).slice()
    parseDid(alice.did).fill(0)
    assert.deepEqual(parseDid(alice.did), key)
  })

  test('is no DID if it is no text', () => {
    for (const value of [undefined, null, 7, {}, [alice.did]]) {
      assert.ok(!isDid(value))
      assert.throws(() => parseDid(value as never), { code: 'DID_MALFORMED' })
    }
  })

  test('a key of another length has none', () => {
    assert.throws(() => formatDid(new Uint8Array(31).fill(7)), { code: 'KEY_REFUSED' })
  })
})

describe('a CID as text', () => {
  const cid = cidOf('dag-cbor', new Uint8Array([1]))

  test('comes back from base32, and from base58', () => {
    assert.ok(parseCid(`${cid}`).equals(cid))
    assert.ok(parseCid(cid.toString(base58btc)).equals(cid))
  })

  const refused: [name: string, text: string][] = [
    ['nothing', ''],
    ['a word', 'hello'],
    ['a CIDv0', `${cidOf('dag-pb', new Uint8Array()).toV0()}`],
    ['capitals', cid.toString(base32upper)],
    ['a letter missing', `${cid}`.slice(0, -1)],
    ['a letter more', `${cid}a`],
    ['a path behind', `${cid}/file`],
    ['a megabyte of base58', `z${'1'.repeat(1 << 20)}`],
    ['DAG-JSON', `${cidOf(0x0129, new Uint8Array())}`],
    ['sha1', `${CID.decode(Uint8Array.from([1, 0x71, 0x11, 20, ...new Uint8Array(20)]))}`],
  ]
  for (const [name, text] of refused) {
    test(`refuses ${name}`, () => assert.throws(() => parseCid(text), { code: 'CID_REFUSED' }))
  }
})
