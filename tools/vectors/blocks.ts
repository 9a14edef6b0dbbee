/** Values that a block can hold, and bytes that are no block. */
import { CID, type Code, cidOf, encodeBlock } from '@planetary-mesh/spec'
import { hex, type Json, toJson, type VectorFile } from './json.ts'

const cid = cidOf('dag-cbor', new Uint8Array([1]))
const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)])

const VALUES: [name: string, value: unknown][] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ...[
    0,
    1,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    Number.MAX_SAFE_INTEGER,
  ].flatMap((n): [string, unknown][] => [
    [`${n}`, n],
    [`${-n - 1}`, Math.max(-n - 1, Number.MIN_SAFE_INTEGER)],
  ]),
  ['no text', ''],
  ['text beyond ASCII', 'élection 投票 🗳'],
  ['a byte order mark inside', 'a\uFEFF'],
  ['32 letters', 'x'.repeat(32)],
  ['no bytes', new Uint8Array()],
  ['256 bytes', Uint8Array.from({ length: 256 }, (_, index) => index)],
  ['a link', cid],
  [
    'links of the three codecs',
    ['raw', 'dag-pb', 'dag-cbor'].map((name) => cidOf(name as 'raw', new Uint8Array())),
  ],
  ['an empty list', []],
  ['an empty map', {}],
  ['an empty key', { '': 1 }],
  ['keys sorted by length first', { b: 1, a: 2, aa: 3, '\u{1F5F3}': 4, '\uFFFD': 5, zzzz: 6 }],
  ['keys that look like numbers', { '10': 1, '9': 2, a: 3 }],
  ['keys that objects have anyway', { constructor: 1, toString: 2, hasOwnProperty: 3, length: 4 }],
  ['a map with a slash', { '/': 'x', bytes: 'y' }],
  ['64 lists in each other', nested(64)],
  ['a link in 63 lists', [...Array(63)].reduce((inner) => [inner], cid as unknown)],
]

const linked = (bytes: Uint8Array) => `d82a58${hex(Uint8Array.of(bytes.length + 1))}00${hex(bytes)}`
const sha1 = CID.decode(Uint8Array.from([1, 0x71, 0x11, 20, ...new Uint8Array(20)])).bytes
const NOT_CANONICAL: [name: string, bytes: string][] = [
  ['keys of one length unsorted', 'a2616201616101'],
  ['a longer key first', 'a262616101616201'],
  ['1 as a half float', 'f93c00'],
  ['1 as a single float', 'fa3f800000'],
  ['1 as a double float', 'fb3ff0000000000000'],
  ['undefined', 'f7'],
  ['undefined in a map', 'a16161f7'],
  ['a lone byte of UTF-8', '61ff'],
  ['an overlong slash', '62c0af'],
  ['a surrogate in UTF-8', '63eda080'],
  ['UTF-8 cut short', '62e282'],
  ['text with a byte order mark', '64efbbbf61'],
]
const MALFORMED: [name: string, bytes: string][] = [
  ['0 in two bytes', '1800'],
  ['23 in two bytes', '1817'],
  ['255 in three bytes', '1900ff'],
  ['65535 in five bytes', '1a0000ffff'],
  ['1 in nine bytes', '1b0000000000000001'],
  ['-1 in two bytes', '3800'],
  ['a text length in two bytes', '780161'],
  ['a bytes length in three bytes', '59000101'],
  ['a list length in two bytes', '980101'],
  ['a map length in two bytes', 'b801616101'],
  ['a tag in three bytes', `d9002a58250001711220${'00'.repeat(32)}`],
  ['a codec in two bytes of varint', `d82a58260001f1001220${'00'.repeat(32)}`],
  ['nothing', ''],
  ['a byte after the end', '0000'],
  ['a list cut short', '8201'],
  ['text cut short', '6261'],
  ['bytes that claim 2^32 - 1', '5affffffff00'],
  ['bytes that claim 2^64 - 1', '5bffffffffffffffff00'],
  ['text that claims 2^53', '7b002000000000000000'],
  ['a list that claims 2^32 - 1', '9affffffff00'],
  ['a map that claims 2^64 - 1', 'bbffffffffffffffff'],
  ['a list without a length', '9f01ff'],
  ['a map without a length', 'bf616101ff'],
  ['text without a length', '7f6161ff'],
  ['bytes without a length', '5f4161ff'],
  ['a break alone', 'ff'],
  ['a break in a list', '82ff00'],
  ['a break for a value', 'a16161ff'],
  ['a key twice', 'a2616101616102'],
  ['a number as key', 'a10101'],
  ['bytes as key', 'a1416101'],
  ['null as key', 'a1f601'],
  ['a time tag', 'c11a5f000000'],
  ['a big number', 'c249010000000000000000'],
  ['a tag of CBOR itself', 'd9d9f700'],
  ['tag 42 of text', 'd82a6161'],
  ['tag 42 of nothing', 'd82a40'],
  ['tag 42 without its zero', `d82a5824${hex(cid.bytes)}`],
  ['tag 42 twice', `d82ad82a582500${hex(cid.bytes)}`],
  ['a link and a byte', `d82a582600${hex(cid.bytes)}00`],
  ['a link of 35 bytes', `d82a582400${hex(cid.bytes.slice(0, 35))}`],
  ['not a number', 'f97e00'],
  ['infinity', 'f97c00'],
  ['a simple value', 'f0'],
  ['a simple value in two bytes', 'f8ff'],
  ['a reserved length', '1c'],
]
const VALUE_REFUSED: [name: string, bytes: string][] = [
  ['2^53', '1b0020000000000000'],
  ['2^64 - 1', '1bffffffffffffffff'],
  ['-2^53', '3b001fffffffffffff'],
  ['-2^64', '3bffffffffffffffff'],
  ['1.5', 'fb3ff8000000000000'],
  ['minus zero', 'fb8000000000000000'],
  ['minus zero in two bytes', 'f98000'],
  ['the key __proto__', 'a1695f5f70726f746f5f5f01'],
  ['a map that looks like a link', 'a2612f61786562797465736178'],
]
const CID_REFUSED: [name: string, bytes: string][] = [
  ['a link to a CIDv0', `d82a582300${hex(cidOf('dag-pb', new Uint8Array()).toV0().bytes)}`],
  ['a link to a sha1', linked(sha1)],
  ['a link to an identity hash', 'd82a470001710002ffff'],
  ['a link to a short digest', `d82a550001711210${'00'.repeat(16)}`],
  ['a link to a sha2-512', `d82a58450001711340${'00'.repeat(64)}`],
  ['a link to DAG-JSON', `d82a58260001a9021220${'00'.repeat(32)}`],
  ['a link to a git object', `d82a58250001781220${'00'.repeat(32)}`],
]
const TOO_DEEP: [name: string, bytes: string][] = [
  ['65 lists in each other', `${'81'.repeat(65)}00`],
  ['65 maps in each other', `${'a16161'.repeat(65)}00`],
  ['a link in 64 lists', `${'81'.repeat(64)}d82a582500${hex(cid.bytes)}`],
  ['10000 lists that never end', '81'.repeat(10_000)],
  ['10000 tags', 'd82a'.repeat(10_000)],
]

export function blockVectors(): VectorFile {
  const refused = (code: Code, cases: [string, string][]): Json[] =>
    cases.map(([name, bytes]) => ({ name, code, bytes }))
  return {
    about: 'Canonical DAG-CBOR without floats. Bytes in hex; the CID is that of the bytes.',
    accepted: VALUES.map(([name, value]) => {
      const block = encodeBlock(value)
      return { name, value: toJson(value), bytes: hex(block.bytes), cid: `${block.cid}` }
    }),
    refused: [
      ...refused('BLOCK_NOT_CANONICAL', NOT_CANONICAL),
      ...refused('BLOCK_MALFORMED', MALFORMED),
      ...refused('BLOCK_VALUE_REFUSED', VALUE_REFUSED),
      ...refused('CID_REFUSED', CID_REFUSED),
      ...refused('BLOCK_TOO_DEEP', TOO_DEEP),
    ],
  }
}
