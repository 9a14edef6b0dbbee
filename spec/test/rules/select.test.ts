/** Which bid wins: published vectors, and what no other bid, order or stranger may change. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Bid,
  DEFAULT_RULE,
  type Manifest,
  NEWCOMER,
  onTimePpm,
  reputation,
  type Standing,
  select,
  sha256,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import { readText } from '../records/vector-files.ts'
import {
  alice,
  bruno,
  chiara,
  FREE,
  gita,
  makeBid,
  makeManifest,
  makeToken,
  nonce,
} from './world.ts'

const token = makeToken()
const manifest = makeManifest(token)
const people = { bruno, chiara, gita }
type Name = keyof typeof people

const newcomer = () => NEWCOMER
const winners = (
  of: Manifest,
  bids: readonly Bid[],
  standingOf: (did: string) => Standing = newcomer,
) => select(of, bids, of.body.rule ?? DEFAULT_RULE, standingOf)

describe('S1-9 the published vectors of the score', () => {
  type Vector = {
    name: string
    manifest: Partial<Manifest['body']>
    bids: (Partial<Bid['body']> & {
      bidder: Name
      receipts: { all: number; valid: number; onTime: number }
    })[]
    ranking: { bidder: Name; score: number; reputation: number }[]
  }
  const { vectors } = JSON.parse(readText('select.json')) as { vectors: Vector[] }
  for (const vector of vectors) {
    test(vector.name, () => {
      const job = makeManifest(token, vector.manifest)
      const standings = new Map<string, Standing>()
      const bids = vector.bids.map(({ bidder, receipts, ...body }) => {
        const { did } = people[bidder]
        standings.set(did, receipts)
        return makeBid(job, body, people[bidder])
      })
      const ranked = winners(job, bids, (did) => standings.get(did) ?? NEWCOMER)
      const named = ranked.map(({ bid, score, reputation }) => {
        const bidder = Object.entries(people).find(([, { did }]) => did === bid.author)?.[0]
        return { bidder, score, reputation }
      })
      assert.deepEqual(named, vector.ranking)
    })
  }
})

describe('reputation is folded from receipts', () => {
  test('a newcomer has 50', () => assert.equal(reputation(NEWCOMER), 50))
  test('it is round(100 × (valid + 1) / (all + 2))', () => {
    // 100 × 2 / 3 = 66.7, 100 × 1 / 3 = 33.3, 100 × 11 / 12 = 91.7, 100 × 2 / 16 = 12.5
    assert.equal(reputation({ all: 1, valid: 1, onTime: 0 }), 67)
    assert.equal(reputation({ all: 1, valid: 0, onTime: 0 }), 33)
    assert.equal(reputation({ all: 10, valid: 10, onTime: 0 }), 92)
    assert.equal(reputation({ all: 14, valid: 1, onTime: 0 }), 13)
  })
  test('it stays within 0 and 100', () => {
    fc.assert(
      fc.property(fc.nat(400), fc.nat(400), (some, more) => {
        const value = reputation({ all: some + more, valid: some, onTime: 0 })
        assert.ok(Number.isInteger(value) && value >= 0 && value <= 100)
      }),
    )
  })
  test('on time is a floored share, a half without history', () => {
    assert.equal(onTimePpm(NEWCOMER), 500_000)
    assert.equal(onTimePpm({ all: 3, valid: 0, onTime: 2 }), 666_666)
    assert.equal(onTimePpm({ all: 3, valid: 0, onTime: 3 }), 1_000_000)
  })
})

describe('who may not win', () => {
  test('a price equal to the most may, one above may not', () => {
    const job = makeManifest(token, { priceMax: 50 })
    assert.equal(winners(job, [makeBid(job, { price: 50 })]).length, 1)
    assert.deepEqual(winners(job, [makeBid(job, { price: 51 })]), [])
  })
  test('a reputation equal to the least may, one below may not', () => {
    const trust = { ...manifest.body.trust }
    const at50 = makeManifest(token, { trust: { ...trust, reputationMin: 50 } })
    assert.equal(winners(at50, [makeBid(at50)]).length, 1)
    const at51 = makeManifest(token, { trust: { ...trust, reputationMin: 51 } })
    assert.deepEqual(winners(at51, [makeBid(at51)]), [])
  })
  test('a job for nothing is won by whoever asks nothing', () => {
    const job = makeManifest(token, { priceMax: 0 })
    const [first, ...rest] = winners(job, [
      makeBid(job, { price: 0 }),
      makeBid(job, { price: 1 }, chiara),
    ])
    assert.equal(first?.bid.author, bruno.did)
    assert.deepEqual(rest, [])
  })
})

describe('what fits', () => {
  const score = (over: Partial<typeof FREE>) =>
    winners(manifest, [makeBid(manifest, { free: { ...FREE, ...over } })])[0]?.score
  const fits = score({})
  test('exactly what was asked is enough', () => {
    assert.equal(score({ slots: 1, memoryPages: 8192, cores: 1 }), fits)
  })
  test('one page, core or slot less loses the whole term', () => {
    for (const less of [{ slots: 0 }, { memoryPages: 8191 }, { cores: 0 }]) {
      assert.equal(score(less), (fits ?? 0) - 200_000)
    }
  })
})

describe('equal scores go by sha-256 of manifest and DID', () => {
  test('the smaller hash comes first', () => {
    for (let count = 0; count < 8; count++) {
      const job = makeManifest(token, { nonce: nonce(count) })
      const hash = (did: string) =>
        Buffer.from(sha256(Buffer.concat([job.cid.bytes, Buffer.from(did)]))).toString('hex')
      const bids = Object.values(people).map((who) => makeBid(job, {}, who))
      const expected = bids.map(({ author }) => author).sort((a, b) => (hash(a) < hash(b) ? -1 : 1))
      assert.deepEqual(
        winners(job, bids).map(({ bid }) => bid.author),
        expected,
      )
    }
  })
  test('two equal bids of one author stand in one order, whichever came first', () => {
    const bids = ['Porto', 'Lisboa'].map((location) => makeBid(manifest, { location }))
    const order = (list: readonly Bid[]) => winners(manifest, list).map(({ bid }) => `${bid.cid}`)
    assert.deepEqual(order([...bids].reverse()), order(bids))
  })
  test('nobody wins them all: another job has another order', () => {
    const first = new Set(
      [...Array(20).keys()].map((count) => {
        const job = makeManifest(token, { nonce: nonce(count) })
        return winners(
          job,
          Object.values(people).map((who) => makeBid(job, {}, who)),
        )[0]?.bid.author
      }),
    )
    assert.equal(first.size, 3)
  })
})

describe('for any bids', () => {
  const price = fc.nat(120)
  const offer = fc.record({
    who: fc.constantFrom(bruno, chiara, gita, alice),
    price,
    memoryPages: fc.constantFrom(0, 8192, 10_000),
    all: fc.nat(6),
  })
  const made = (offers: readonly (typeof offer extends fc.Arbitrary<infer T> ? T : never)[]) => ({
    bids: offers.map(({ who, price, memoryPages }) =>
      makeBid(manifest, { price, free: { ...FREE, memoryPages } }, who),
    ),
    standingOf: (did: string) => {
      const all = offers.find(({ who }) => who.did === did)?.all ?? 0
      return { all, valid: Math.floor(all / 2), onTime: Math.floor(all / 3) }
    },
  })
  const offers = fc.array(offer, { maxLength: 8 })
  const order = (bids: readonly Bid[], standingOf: (did: string) => Standing) =>
    winners(manifest, bids, standingOf).map(({ bid }) => bid.cid.toString())

  test('the order of arrival changes nothing, two bids of one author included', () => {
    fc.assert(
      fc.property(offers, fc.array(fc.nat(), { maxLength: 8 }), (list, swaps) => {
        const { bids, standingOf } = made(list)
        const shuffled = [...bids]
        for (const [at, to] of swaps.entries()) {
          if (at >= bids.length) break
          const other = to % bids.length
          ;[shuffled[at], shuffled[other]] = [shuffled[other] as Bid, shuffled[at] as Bid]
        }
        assert.deepEqual(order(shuffled, standingOf), order(bids, standingOf))
      }),
      { numRuns: 60 },
    )
  })
  test('a shill bid never turns the order of two others', () => {
    fc.assert(
      fc.property(offers, offers, (honest, shills) => {
        const { bids, standingOf } = made(honest)
        const before = order(bids, standingOf)
        const added = made(shills.map((shill) => ({ ...shill, who: gita }))).bids
        const news = added.filter(({ cid }) => !before.includes(cid.toString()))
        const after = order([...news, ...bids], standingOf).filter((cid) => before.includes(cid))
        assert.deepEqual(after, before)
      }),
      { numRuns: 60 },
    )
  })
  test('every score is an integer of 0 to 10^6', () => {
    fc.assert(
      fc.property(offers, (list) => {
        const { bids, standingOf } = made(list)
        for (const { score } of winners(manifest, bids, standingOf)) {
          assert.ok(Number.isInteger(score) && score >= 0 && score <= 1_000_000)
        }
      }),
      { numRuns: 60 },
    )
  })
})
