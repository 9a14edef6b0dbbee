/**
 * S1-11, S1-14 every record of a chain attacked: a flipped byte, a stranger's signature, a valid
 * block of another job, and lies that the right key signed. Each time a check mark turns into ✗
 * with its code.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AnyRecord,
  Award,
  Bid,
  Charter,
  type CID,
  Decision,
  encodeDirectory,
  Hold,
  Lease,
  Manifest,
  Receipt,
  type RecordKind,
  type Result,
  type Sealed,
  Settle,
  seal,
  Token,
  Verdict,
  verifyChain,
} from '@planetary-mesh/spec'
import { Log } from './log.ts'
import { type Changes, type Records, tellJob } from './story.ts'
import {
  alice,
  CHARTER,
  chiara,
  dora,
  gita,
  hans,
  MODULE_CID,
  makeAward,
  makeBid,
  makeManifest,
  makeReceipt,
  makeToken,
  makeVerdict,
  mallory,
  nonce,
  RESULT,
} from './world.ts'

/** What a reader of the log of a story sees. `head` is the newest anchor. */
type Scene = { log: Log; told: Records; head: CID }
type Read = { receipt?: CID; head?: CID; again?: Result; get?: Log['get'] }

function stage(changes: Changes = {}, log = new Log()): Scene {
  const told = tellJob(log, changes)
  return { log, told, head: log.anchor() }
}

function read({ log, told, head }: Scene, over: Read = {}) {
  return verifyChain({
    receipt: told.receipt.cid,
    head,
    genesis: CHARTER.cid,
    get: log.get,
    ...over,
  })
}

/** The receipt is in a true anchor, but it is not verified. */
const unverified = (found: ReturnType<typeof read>, code: string) => {
  assert.deepEqual([found.anchored.mark, found.verified.mark], ['✓', '✗'])
  assert.equal(found.verified.code, code)
}

/** There is not even an anchor that the reader may believe. */
const nothing = (found: ReturnType<typeof read>, code: string) => {
  assert.deepEqual([found.anchored.mark, found.verified.mark], ['✗', '✗'])
  assert.deepEqual([found.anchored.code, found.verified.code], [code, code])
}

type Expect = typeof nothing

test('unharmed, the story has both marks', () => {
  const found = read(stage(), { again: RESULT })
  assert.deepEqual([found.anchored.mark, found.verified.mark, found.findings], ['✓', '✓', []])
})

/** The blocks of a scene, which mark falls with each, and how many there are of it. */
const BLOCKS: Record<string, [(scene: Scene) => CID, Expect]> = {
  charter: [() => CHARTER.cid, nothing],
  token: [({ told }) => told.token.cid, nothing],
  manifest: [({ told }) => told.manifest.cid, nothing],
  hold: [({ told }) => told.hold.cid, nothing],
  decision: [({ told }) => told.decision.cid, nothing],
  bid: [({ told }) => told.bid.cid, nothing],
  'losing bid': [({ told }) => told.otherBid.cid, nothing],
  award: [({ told }) => told.award.cid, nothing],
  lease: [({ told }) => told.lease.cid, nothing],
  receipt: [({ told }) => told.receipt.cid, nothing],
  verdict: [({ told }) => (told.verdicts[1] as Verdict).cid, unverified],
  settle: [({ told }) => told.settle.cid, unverified],
  'first anchor': [({ log }) => log.anchors[0] as CID, nothing],
  'last anchor': [({ head }) => head, nothing],
  module: [() => MODULE_CID, unverified],
  input: [
    ({ told }) => (told.manifest.body.inputs[0] as { file: { cid: CID } }).file.cid,
    unverified,
  ],
  output: [() => RESULT.output.cid, unverified],
  stdout: [() => RESULT.stdout.cid, unverified],
}

describe('S1-11 a flipped byte', () => {
  for (const [name, [pick, expect]] of Object.entries(BLOCKS)) {
    test(`of the ${name}: BLOCK_CID_MISMATCH`, () => {
      const scene = stage()
      const cid = pick(scene)
      const bytes = scene.log.get(cid) as Uint8Array
      for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
        const flipped = Uint8Array.from(bytes)
        flipped[at] = (flipped[at] as number) ^ 1
        const get = (asked: CID) => (asked.equals(cid) ? flipped : scene.log.get(asked))
        expect(read(scene, { get }), 'BLOCK_CID_MISMATCH')
      }
    })
    test(`of the ${name} cut out: BLOCK_MISSING`, () => {
      const scene = stage()
      scene.log.blocks.delete(pick(scene).toString())
      expect(read(scene), 'BLOCK_MISSING')
    })
  }
})

/** The same body by another author: a perfectly valid block of its own. */
const resealed =
  <K extends string, T>(kind: RecordKind<K, T>, signer = mallory) =>
  ({ body }: Sealed<K, T>) =>
    seal(kind, body, signer)

/** What the fold or the chain says to each record that somebody else sealed. */
const RESEALED: [string, Changes, string, Expect][] = [
  ['token', { token: resealed(Token) }, 'TOKEN_ISSUER_UNKNOWN', nothing],
  ['manifest', { manifest: resealed(Manifest) }, 'AUTHOR_MISMATCH', nothing],
  ['hold', { hold: resealed(Hold) }, 'AUTHOR_MISMATCH', nothing],
  ['decision', { decision: resealed(Decision) }, 'AUTHOR_MISMATCH', nothing],
  ['bid', { bid: resealed(Bid) }, 'ROLE_MISSING', nothing],
  ['award', { award: resealed(Award) }, 'ROLE_MISSING', nothing],
  ['lease', { lease: resealed(Lease) }, 'AUTHOR_MISMATCH', nothing],
  ['receipt', { receipt: resealed(Receipt) }, 'ROLE_MISSING', nothing],
  ['verdict', { verdicts: (honest) => honest.map(resealed(Verdict)) }, 'ROLE_MISSING', unverified],
  ['settle', { settle: resealed(Settle) }, 'AUTHOR_MISMATCH', unverified],
  // members who are somebody, but not the one who may
  ['token', { token: resealed(Token, alice) }, 'TOKEN_ISSUER_UNKNOWN', nothing],
  ['hold', { hold: resealed(Hold, hans) }, 'AUTHOR_MISMATCH', nothing],
  ['award', { award: resealed(Award, alice) }, 'ROLE_MISSING', nothing],
  ['lease', { lease: resealed(Lease, chiara) }, 'AUTHOR_MISMATCH', nothing],
  [
    'verdict',
    { verdicts: (honest) => honest.map(resealed(Verdict, gita)) },
    'ROLE_MISSING',
    unverified,
  ],
]

describe('S1-14 a valid block, sealed by somebody else', () => {
  for (const [name, changes, code, expect] of RESEALED) {
    test(`${name}: ${code}`, () => expect(read(stage(changes)), code))
  }
  test('charter: CHARTER_UNKNOWN', () => {
    const forged = seal(Charter, CHARTER.body, mallory)
    nothing(read(stage({}, new Log(CHARTER, forged))), 'CHARTER_UNKNOWN')
  })
  test('receipt of another executor: AUTHOR_MISMATCH', () => {
    const { log, told } = stage({ receipt: resealed(Receipt, chiara) })
    // up to the receipt: no fold takes the settle that would pay her
    unverified(read({ log, told, head: log.anchors[0] as CID }), 'AUTHOR_MISMATCH')
    unverified(read({ log, told, head: log.anchors[1] as CID }), 'SETTLE_INVALID')
  })
  test('the checkpoint of an anchor: CHECKPOINT_INVALID', () => {
    for (const signer of [mallory, alice]) {
      const log = new Log()
      const told = tellJob(log)
      unverified(read({ log, told, head: log.anchor({ signer }) }), 'CHECKPOINT_INVALID')
    }
  })
})

/** Another job of the same federation, in another log of it: every block of it is valid. */
const other = stage({
  token: () => makeToken({ amount: 777 }),
  manifest: (_, { token }) => makeManifest(token as Token, { nonce: nonce(1) }),
})

const OF_ANOTHER_JOB: [string, Changes, string, Expect][] = [
  [
    'token',
    { token: () => other.told.token, manifest: () => stage().told.manifest },
    'DECISION_MISMATCH',
    nothing,
  ],
  [
    'manifest',
    {
      bid: () => other.told.bid,
      award: () => other.told.award,
      hold: ({ body }) => seal(Hold, body, alice),
    },
    'HOLD_UNKNOWN',
    nothing,
  ],
  [
    'hold',
    { hold: () => other.told.hold, decision: ({ body }) => seal(Decision, body, dora) },
    'DECISION_MISMATCH',
    nothing,
  ],
  ['decision', { decision: () => other.told.decision }, 'DECISION_MISMATCH', nothing],
  ['bid', { bid: () => other.told.bid }, 'LINK_MISMATCH', nothing],
  ['award', { award: () => other.told.award }, 'HOLD_UNKNOWN', nothing],
  ['lease', { lease: () => other.told.lease }, 'HOLD_UNKNOWN', nothing],
  ['receipt', { receipt: () => other.told.receipt }, 'LEASE_UNKNOWN', nothing],
  ['verdict', { verdicts: () => other.told.verdicts }, 'RECEIPT_UNKNOWN', unverified],
  ['settle', { settle: () => other.told.settle }, 'HOLD_UNKNOWN', unverified],
]

describe('a valid block of another job', () => {
  for (const [name, changes, code, expect] of OF_ANOTHER_JOB) {
    test(`${name}: ${code}`, () => {
      const log = new Log()
      for (const record of [
        other.told.manifest,
        other.told.bid,
        other.told.otherBid,
        other.told.award,
      ]) {
        log.know(record)
      }
      const { hold, decision, token, lease } = other.told
      for (const record of [hold, decision, token, lease, makeToken()]) log.put(record)
      expect(read(stage(changes, log)), code)
    })
  }
  test('charter of another federation: CHARTER_UNKNOWN', () => {
    const theirs = seal(Charter, { ...CHARTER.body, name: 'theirs' }, alice)
    nothing(read(stage({}, new Log(CHARTER, theirs))), 'CHARTER_UNKNOWN')
  })
  test('anchor of another log: LEASE_UNKNOWN, for it holds another history', () => {
    const scene = stage()
    const get = (cid: CID) => scene.log.get(cid) ?? other.log.get(cid)
    nothing(read(scene, { head: other.head, get }), 'LEASE_UNKNOWN')
  })
  test('receipt of a job in another log: ANCHOR_MISSING or LEASE_UNKNOWN', () => {
    const scene = stage()
    const get = (cid: CID) => scene.log.get(cid) ?? other.log.get(cid)
    nothing(read(scene, { receipt: other.told.receipt.cid, get }), 'LEASE_UNKNOWN')
    const elsewhere = makeReceipt(scene.told, { changed: { fuel: 1 } })
    scene.log.put(elsewhere)
    nothing(read(scene, { receipt: elsewhere.cid }), 'ANCHOR_MISSING')
  })
  test('module: BLOCK_CID_MISMATCH', () => {
    const scene = stage()
    const theirs = scene.log.get(RESULT.stdout.cid)
    const get = (cid: CID) => (cid.equals(MODULE_CID) ? theirs : scene.log.get(cid))
    unverified(read(scene, { get }), 'BLOCK_CID_MISMATCH')
  })
})

const otherOutput = encodeDirectory([{ path: 'summary.json', bytes: new Uint8Array([0x33]) }])
const outputRef = { cid: otherOutput.cid, bytes: otherOutput.bytes }
const claims = (changed: Partial<Result>): Changes => ({
  receipt: (_, so) => makeReceipt(so as Records, { changed }),
})

describe('a lie that the right key signed', () => {
  test('another output: OUTPUT_MISMATCH when the reader runs the job again', () => {
    const scene = stage(claims({ output: outputRef }))
    for (const block of otherOutput.blocks) scene.log.put(block)
    assert.equal(read(scene).verified.mark, '✓', 'all verifiers lie too, so only a run shows it')
    unverified(read(scene, { again: RESULT }), 'OUTPUT_MISMATCH')
  })
  test('one more unit of fuel: OUTPUT_MISMATCH likewise, or what its settle would be', () => {
    const scene = stage(claims({ fuel: RESULT.fuel + 1 }))
    const upToTheReceipt = { again: RESULT, head: scene.log.anchors[0] as CID }
    unverified(read(scene, upToTheReceipt), 'OUTPUT_MISMATCH')
    // 40 × (half + 1) is rounded up to 21
    unverified(read(scene), 'SETTLE_INVALID')
  })
  test('an award of another than the best: AWARD_INVALID', () => {
    const award: Changes['award'] = (honest, { manifest, otherBid }) => {
      const { cid } = otherBid as Bid
      return makeAward(manifest as Manifest, [], { ...honest.body, winner: cid })
    }
    nothing(read(stage({ award })), 'AWARD_INVALID')
  })
  test('another award than the one the lease follows from: LINK_MISMATCH', () => {
    const award: Changes['award'] = (_, { manifest, otherBid }) =>
      makeAward(manifest as Manifest, [otherBid as Bid])
    nothing(read(stage({ award })), 'LINK_MISMATCH')
  })
  test('an award that leaves a bid out of its ranking: AWARD_INVALID', () => {
    const award: Changes['award'] = (honest, { manifest, bid }) =>
      makeAward(manifest as Manifest, [], { ...honest.body, ranking: [(bid as Bid).cid] })
    nothing(read(stage({ award })), 'AWARD_INVALID')
  })
  test('a bid above the price of the job: AWARD_INVALID', () => {
    const bid: Changes['bid'] = (_, { manifest }) => makeBid(manifest as Manifest, { price: 101 })
    nothing(read(stage({ bid })), 'AWARD_INVALID')
  })
  test('a second receipt with another body: EQUIVOCATION for both', () => {
    const log = new Log()
    const written: AnyRecord[] = []
    const told = tellJob(log, {
      verdicts: (honest, receipt) => {
        const { lease, manifest, decision, cid } = receipt.body && {
          ...receipt.body,
          cid: receipt.cid,
        }
        assert.ok(cid.equals(receipt.cid) && decision !== undefined)
        const parts = { lease: { cid: lease, body: { decision } }, manifest: { cid: manifest } }
        const second = makeReceipt(parts as never, { changed: { fuel: 1 } })
        log.write(second)
        written.push(second)
        return honest
      },
      settle: ({ body }) =>
        seal(Settle, { ...body, post: 0, release: 100, verdicts: [], reason: 'refuted' }, dora),
    })
    const scene = { log, told, head: log.anchor() }
    assert.equal(log.lie, undefined, 'the fold takes both, as evidence')
    unverified(read(scene), 'EQUIVOCATION')
    unverified(read(scene, { receipt: written[0]?.cid as CID }), 'EQUIVOCATION')
  })
  test('a receipt of an ended lease: LEASE_ENDED', () => {
    const log = new Log()
    const late: Changes['receipt'] = (honest, { lease }) => {
      log.atMs = (lease as Lease).body.untilMs + 1
      return honest
    }
    nothing(read(stage({ receipt: late }, log)), 'LEASE_ENDED')
  })
  test('a stop that nobody asked for: CANCEL_UNKNOWN', () => {
    const outcome = { type: 'cancelled', atFuel: RESULT.fuel } as const
    nothing(read(stage(claims({ outcome }))), 'CANCEL_UNKNOWN')
  })
  test('a verdict of a non-member: ROLE_MISSING', () => {
    const verdicts: Changes['verdicts'] = (honest, receipt) => [
      ...honest.slice(0, 1),
      makeVerdict(receipt, {}, mallory),
    ]
    unverified(read(stage({ verdicts })), 'ROLE_MISSING')
  })
  test('the same verdict twice: RECORD_DUPLICATE; two of one verifier: VERDICT_DUPLICATE', () => {
    const twice: Changes['verdicts'] = ([first]) => [first as Verdict, first as Verdict]
    unverified(read(stage({ verdicts: twice })), 'RECORD_DUPLICATE')
    const again: Changes['verdicts'] = ([first], receipt) => [
      first as Verdict,
      makeVerdict(receipt, { result: 'cannot-replay' }),
    ]
    unverified(read(stage({ verdicts: again })), 'VERDICT_DUPLICATE')
  })
  test('a verdict without a replay: VERDICT_INVALID', () => {
    const verdicts: Changes['verdicts'] = (_, receipt) => [
      makeVerdict(receipt, { method: 'structure' }),
    ]
    unverified(read(stage({ verdicts })), 'VERDICT_INVALID')
  })
  test('a settle above the hold, or one unit too much: SETTLE_INVALID', () => {
    for (const post of [101, 21]) {
      const settle: Changes['settle'] = ({ body }) =>
        seal(Settle, { ...body, post, release: Math.max(0, 100 - post) }, dora)
      unverified(read(stage({ settle })), 'SETTLE_INVALID')
    }
  })
  test('a settle before the threshold: SETTLE_INVALID', () => {
    const verdicts: Changes['verdicts'] = (honest) => honest.slice(0, 1)
    unverified(read(stage({ verdicts })), 'SETTLE_INVALID')
  })
  test('a second settle: HOLD_ENDED', () => {
    const log = new Log()
    const told = tellJob(log)
    const { body } = told.settle
    log.write(seal(Settle, { ...body, post: 0, release: 100, reason: 'refuted' }, dora))
    unverified(read({ log, told, head: log.anchor() }), 'HOLD_ENDED')
  })
  test('a lease of a later epoch, or for longer than its term: LINK_MISMATCH', () => {
    for (const over of [{ epoch: 2 }, { untilMs: 2 ** 50 }]) {
      const lease: Changes['lease'] = ({ body }) => seal(Lease, { ...body, ...over }, dora)
      nothing(read(stage({ lease })), 'LINK_MISMATCH')
    }
  })
  test('a decision that never was: DECISION_MISMATCH', () => {
    const decision: Changes['decision'] = ({ body }) => seal(Decision, { ...body, cost: 3 }, dora)
    nothing(read(stage({ decision })), 'DECISION_MISMATCH')
  })
})
