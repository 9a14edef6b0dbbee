/** For each kind of record, bodies that its honest author signed and that nobody may accept. */
import { CID, type Code, cidOf, encodeFile, LIMITS } from '@planetary-mesh/spec'
import { CHAIN } from './chain.ts'
import { didOf } from './dids.ts'
import { alice } from './people.ts'

/** What is wrong, the fields to replace, and the code if it is not RECORD_MALFORMED. */
export type Wrong = readonly [name: string, fields: Record<string, unknown>, code?: Code]

const some = new TextEncoder().encode('some bytes')
const cborCid = CHAIN.token.cid
const fileCid = encodeFile(some).cid
const { manifest, charter, decision, receipt, verdict, bid, award } = CHAIN
const [aMember] = charter.body.members
const result = (fields: object) => ({ result: { ...receipt.body.result, ...fields } })
const oddDigest = (code: number, bytes: Uint8Array) =>
  CID.decode(Uint8Array.from([1, 0x71, code, bytes.length, ...bytes]))

/** Links that no record may hold, whatever the field. */
export const WRONG_LINKS: readonly Wrong[] = [
  ['a CIDv0', { manifest: cidOf('dag-pb', some).toV0() }, 'CID_REFUSED'],
  ['a sha1', { manifest: oddDigest(0x11, some.slice(0, 20)) }, 'CID_REFUSED'],
  ['an identity hash', { manifest: oddDigest(0, some) }, 'CID_REFUSED'],
  ['a short digest', { manifest: oddDigest(0x12, some) }, 'CID_REFUSED'],
  ['a sha2-512/256', { manifest: oddDigest(0x1013, new Uint8Array(32)) }, 'CID_REFUSED'],
  ['DAG-JSON', { manifest: cidOf(0x0129, some) }, 'CID_REFUSED'],
  ['git', { manifest: cidOf(0x78, some) }, 'CID_REFUSED'],
  ['a file where a record belongs', { manifest: fileCid }],
  ['the text of a CID', { manifest: `${cborCid}` }],
]

export const WRONG_BODIES: Record<keyof typeof CHAIN, readonly Wrong[]> = {
  charter: [
    ['no members', { members: [] }],
    ['an unknown role', { members: [{ ...aMember, roles: ['king'] }] }],
    ['a name with a space', { name: 'the co-op' }],
    ['a threshold of 0', { threshold: 0 }],
    ['a weaker floor than there is', { floor: 'trust-me' }],
    [
      'an unknown policy',
      { policies: [{ scope: 'a', resourceType: 'compute', policy: { type: 'maybe' } }] },
    ],
    ['a writer without a key', { writer: 'did:web:example.org' }],
    ['a writer of small order', { writer: didOf(new Uint8Array(32)) }],
  ],
  token: [
    ['a negative amount', { amount: -1 }],
    ['an amount above 2^53 - 1', { amount: 2n ** 53n }, 'BLOCK_VALUE_REFUSED'],
    ['a fraction', { amount: 0.5 }, 'BLOCK_VALUE_REFUSED'],
    ['an unknown resource type', { resourceType: 'gold' }],
    ['a scope in capitals', { scope: 'Default' }],
    ['a holder who is no DID', { holder: 'alice' }],
    ['a DID with a fragment', { holder: `${alice.did}#key` }],
  ],
  manifest: [
    ['fuel above the limit', { fuelMax: LIMITS.fuelMax + 1 }],
    ['no fuel', { fuelMax: 0 }],
    ['a nonce of 15 bytes', { nonce: new Uint8Array(15) }],
    ['an input name with a slash', { inputs: [{ name: 'a/b', file: manifest.body.module }] }],
    ['an input name with a line end', { inputs: [{ name: 'a\nb', file: manifest.body.module }] }],
    ['an input called ..', { inputs: [{ name: '..', file: manifest.body.module }] }],
    [
      'an input named twice',
      { inputs: ['a', 'a'].map((name) => ({ name, file: manifest.body.module })) },
    ],
    [
      'a variable named twice',
      {
        env: [
          ['A', '1'],
          ['A', '2'],
        ],
      },
    ],
    ['a variable with = in its name', { env: [['A=B', '1']] }],
    ['a description of 1025 bytes', { description: 'x'.repeat(1025) }],
    ['a description with a byte order mark', { description: '\uFEFFhello' }, 'BLOCK_NOT_CANONICAL'],
    ['weights that do not sum to 10^6', { rule: { ...manifest.body.rule, price: 400_001 } }],
    ['an unknown chooser', { chooser: 'executor' }],
    ['a record for a module', { module: { cid: cborCid, bytes: 1 } }],
    ['a module without a size', { module: { cid: fileCid } }],
    ['an unknown priority', { priority: 'urgent' }],
    ['more replicas than bids', { replicas: LIMITS.bidsMax + 1 }],
    ['an undefined rule', { rule: undefined }, 'BLOCK_NOT_CANONICAL'],
  ],
  hold: [
    ['an amount as text', { amount: '100' }],
    ['no manifest', { manifest: null }],
    ...WRONG_LINKS,
  ],
  decision: [
    ['an unknown effect', { effect: 'perhaps' }],
    ['a request without a holder', { request: { ...decision.body.request, holder: null } }],
    ['a value too many', { values: { ...decision.body.values, more: 1 } }],
  ],
  bid: [
    ['a price below 0', { price: -1 }],
    ['an expected time of 0', { expectedMs: 0 }],
    ['cores as a list', { free: { ...bid.body.free, cores: [4] } }],
    ...WRONG_LINKS,
  ],
  award: [
    ['no bids', { bids: [], ranking: [] }],
    ['too many bids', { bids: Array(LIMITS.bidsMax + 1).fill(award.body.winner) }],
    ['a reason of 257 bytes', { reason: 'x'.repeat(257) }],
  ],
  lease: [
    ['an epoch of 0', { epoch: 0 }],
    ['a slot below 0', { slot: -1 }],
    ['an executor without a key', { executor: '' }],
  ],
  decline: [['an unknown reason', { reason: 'tired' }]],
  receipt: [
    ['an unknown outcome', result({ outcome: { type: 'fine' } })],
    ['an exit code above 2^32 - 1', result({ outcome: { type: 'exited', code: 2 ** 32 } })],
    ['a trap that does not exist', result({ outcome: { type: 'trapped', trap: 'hunger' } })],
    ['an exit code beside a trap', result({ outcome: { type: 'depth', code: 1 } })],
    ['a digest of 31 bytes', result({ hostCallDigest: new Uint8Array(31) })],
    ['fuel as bytes', result({ fuel: new Uint8Array([1]) })],
  ],
  verdict: [
    ['an unknown method', { method: 'oracle' }],
    ['an unknown result', { result: 'probably' }],
    [
      'too many findings',
      { findings: Array(LIMITS.findingsMax + 1).fill(verdict.body.findings[0]) },
    ],
  ],
  settle: [
    ['a negative release', { release: -1 }],
    ['an unknown reason', { reason: 'because' }],
    ['verdicts as a map', { verdicts: {} }],
  ],
  cancel: [['a manifest and a reason', { reason: 'changed my mind' }], ...WRONG_LINKS],
}
