/** DIDs: which keys are good, and which spellings. */

import { parseDid } from '@planetary-mesh/spec'
import { base58btc } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import { fromHex, hex, type VectorFile } from './json.ts'
import * as people from './people.ts'

/** The DID of any 32 bytes, good key or not. */
export const didOf = (key: Uint8Array) =>
  `did:key:${base58btc.encode(Uint8Array.from([0xed, 1, ...key]))}`

/** The eight points whose order divides 8; x of the first four is 0 or ±sqrt(-1). */
export const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
]

/** Other spellings of small y, and of points of large order: y + p, or -0 for x. */
export const NON_CANONICAL = [
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
]

const key = parseDid(people.alice.did)
const good = people.alice.did

export function didVectors(): VectorFile {
  const badKeys = [
    ...SMALL_ORDER.map((bytes) => [`the key of small order ${bytes}`, bytes] as const),
    ...NON_CANONICAL.map((bytes) => [`the key spelled ${bytes}`, bytes] as const),
  ]
  const spellings: [name: string, did: string][] = [
    ['nothing', ''],
    ['another method', 'did:web:example.org'],
    ['the prefix alone', 'did:key:z'],
    ['a fragment', `${good}#${good.slice(8)}`],
    ['a query', `${good}?versionId=1`],
    ['a space in front', ` ${good}`],
    ['a line end behind', `${good}\n`],
    ['capitals', good.toUpperCase()],
    ['a letter that base58 does not have', `${good.slice(0, -1)}0`],
    ['a leading zero', good.replace('did:key:z', 'did:key:z1')],
    ['base64url', `did:key:${base64url.encode(Uint8Array.from([0xed, 1, ...key]))}`],
    ['31 bytes', `did:key:${base58btc.encode(Uint8Array.from([0xed, 1, ...key.slice(1)]))}`],
    ['33 bytes', `did:key:${base58btc.encode(Uint8Array.from([0xed, 1, ...key, 0]))}`],
    ['an X25519 key', `did:key:${base58btc.encode(Uint8Array.from([0xec, 1, ...key]))}`],
    ['a secp256k1 key', `did:key:${base58btc.encode(Uint8Array.from([0xe7, 1, 2, ...key]))}`],
    ['a key without its codec', `did:key:${base58btc.encode(key)}`],
    [
      'a codec in three bytes',
      `did:key:${base58btc.encode(Uint8Array.from([0xed, 0x81, 0, ...key]))}`,
    ],
    ['2000 characters', `did:key:z${'6'.repeat(1991)}`],
  ]
  return {
    about: 'did:key of Ed25519: the 32 bytes of the key in hex.',
    accepted: Object.entries(people).map(([name, { did }]) => ({
      name,
      did,
      publicKey: hex(parseDid(did)),
    })),
    refused: [
      ...badKeys.map(([name, bytes]) => ({
        name,
        did: didOf(fromHex(bytes)),
        code: 'KEY_REFUSED',
      })),
      ...spellings.map(([name, did]) => ({ name, did, code: 'DID_MALFORMED' })),
    ],
  }
}
