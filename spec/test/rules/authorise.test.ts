/** Who may use how much: the built-in policies and the token, each refusal with its numbers. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AuthorisationRequest,
  type AuthorisationValues,
  authorise,
  type Charter,
  policiesFor,
  type Ruling,
  type Token,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import {
  alice,
  bruno,
  CHARTER,
  hans,
  ines,
  makeCharter,
  makeToken,
  mallory,
  nextCharter,
  startMs,
} from './world.ts'

type Policy = Charter['body']['policies'][0]['policy']
const ALLOW_ALL: Policy = { type: 'allow-all' }

const token = makeToken({ amount: 1000 })

const under = (...policies: Policy[]) =>
  makeCharter({
    policies: policies.map((policy) => ({ scope: 'default', resourceType: 'compute', policy })),
  })

type Case = {
  charter?: Charter
  tokens?: readonly Token[]
  request?: Partial<AuthorisationRequest>
  values?: Partial<AuthorisationValues>
}

function ask({ charter = CHARTER, tokens = [token], request, values }: Case = {}) {
  return authorise({
    charter,
    tokens,
    request: {
      holder: alice.did,
      scope: 'default',
      resourceType: 'compute',
      amount: 100,
      atMs: startMs,
      token: token.cid,
      ...request,
    },
    values: { tokenFree: 1000, used: 0, usedInPeriods: [], ...values },
  })
}

/** The one ruling that denies, by its code and numbers. */
function denied(asked: Case): Omit<Ruling, 'detail' | 'effect' | 'rule'> {
  const { effect, rulings } = ask(asked)
  assert.equal(effect, 'deny')
  const [first, ...others] = rulings.filter((ruling) => ruling.effect === 'deny')
  assert.deepEqual(others, [], 'one ruling denies')
  assert.ok(first !== undefined)
  const { code, asked: wanted, available, limit } = first
  return { code, asked: wanted, available, limit }
}

const allowed = (asked: Case) => assert.equal(ask(asked).effect, 'allow')

describe('S1-2 a policy decides for its scope and resource type', () => {
  test('allow-all allows whatever the token has', () => {
    allowed({ request: { amount: 1000 } })
  })
  test('without a policy the answer is no', () => {
    const numbers = { asked: 100, available: 0, limit: 0 }
    assert.deepEqual(denied({ charter: under() }), { code: 'NOT_PERMITTED', ...numbers })
  })
  test('a policy of another type or scope does not count', () => {
    const elsewhere = makeCharter({
      policies: [
        { scope: 'default', resourceType: 'storage', policy: ALLOW_ALL },
        { scope: 'lab', resourceType: 'compute', policy: ALLOW_ALL },
      ],
    })
    assert.equal(denied({ charter: elsewhere }).code, 'NOT_PERMITTED')
    assert.deepEqual(policiesFor(elsewhere, 'lab', 'compute'), [ALLOW_ALL])
  })
  test('a quota allows up to its amount, use included, and refuses one more', () => {
    const charter = under({ type: 'quota', amount: 300 })
    allowed({ charter, values: { used: 200 } })
    const numbers = { asked: 101, available: 100, limit: 300 }
    const over = { charter, request: { amount: 101 }, values: { used: 200 } }
    assert.deepEqual(denied(over), { code: 'QUOTA_EXCEEDED', ...numbers })
  })
  test('a quota that was lowered below the use has nothing left', () => {
    const charter = under({ type: 'quota', amount: 300 })
    const numbers = { asked: 100, available: 0, limit: 300 }
    assert.deepEqual(denied({ charter, values: { used: 400 } }), {
      code: 'QUOTA_EXCEEDED',
      ...numbers,
    })
  })
  test('a rate limit allows up to its amount in the period and refuses one more', () => {
    const charter = under({ type: 'rate-limit', amount: 300, periodMs: 1000 })
    allowed({ charter, values: { usedInPeriods: [200] } })
    const numbers = { asked: 101, available: 100, limit: 300 }
    const over = { charter, request: { amount: 101 }, values: { usedInPeriods: [200] } }
    assert.deepEqual(denied(over), { code: 'RATE_EXCEEDED', ...numbers })
  })
  test('a rate limit without its counter refuses', () => {
    const charter = under({ type: 'rate-limit', amount: 300, periodMs: 1000 })
    assert.equal(denied({ charter, values: { usedInPeriods: [] } }).code, 'RATE_EXCEEDED')
  })
  test('each rate limit reads its own counter, in the order of the charter', () => {
    const charter = under(
      { type: 'rate-limit', amount: 300, periodMs: 1000 },
      { type: 'quota', amount: 10_000 },
      { type: 'rate-limit', amount: 500, periodMs: 9000 },
    )
    allowed({ charter, values: { usedInPeriods: [200, 400] } })
    assert.equal(denied({ charter, values: { usedInPeriods: [200, 401] } }).limit, 500)
    assert.equal(denied({ charter, values: { usedInPeriods: [201, 400] } }).limit, 300)
  })
  test('a permit list refuses whoever is not on it', () => {
    allowed({ charter: under({ type: 'permit-list', holders: [hans.did, alice.did] }) })
    const charter = under({ type: 'permit-list', holders: [hans.did] })
    const numbers = { asked: 100, available: 0, limit: 0 }
    assert.deepEqual(denied({ charter }), { code: 'NOT_PERMITTED', ...numbers })
    assert.equal(
      denied({ charter: under({ type: 'permit-list', holders: [] }) }).code,
      'NOT_PERMITTED',
    )
  })
  test('one deny overrides every allow, wherever it stands', () => {
    const no: Policy = { type: 'permit-list', holders: [] }
    for (const policies of [
      [no, ALLOW_ALL],
      [ALLOW_ALL, no],
      [ALLOW_ALL, no, ALLOW_ALL],
    ]) {
      assert.equal(denied({ charter: under(...policies) }).code, 'NOT_PERMITTED')
    }
  })
})

describe('S1-1 a token is accepted only for what it says', () => {
  const code = (asked: Case) => denied(asked).code
  const nothing = { asked: 100, available: 0, limit: 1000 }

  test('its holder, no other', () => {
    const tokens = [makeToken({ holder: bruno.did })]
    assert.deepEqual(denied({ tokens }), { code: 'TOKEN_HOLDER_MISMATCH', ...nothing })
  })
  test('its scope, no other', () => {
    const tokens = [makeToken({ scope: 'lab' })]
    assert.deepEqual(denied({ tokens }), { code: 'TOKEN_SCOPE_MISMATCH', ...nothing })
  })
  test('its resource type, no other', () => {
    const tokens = [makeToken({ resourceType: 'storage' })]
    assert.deepEqual(denied({ tokens }), { code: 'TOKEN_TYPE_MISMATCH', ...nothing })
  })
  test('sealed by an issuer of the scope', () => {
    const tokens = [makeToken({}, mallory)]
    assert.deepEqual(denied({ tokens }), { code: 'TOKEN_ISSUER_UNKNOWN', ...nothing })
    const lab = makeCharter({ issuers: [{ did: ines.did, scopes: ['lab'] }] })
    assert.equal(code({ charter: lab }), 'TOKEN_ISSUER_UNKNOWN')
  })
  test('by whoever is an issuer now: a later charter can take it back', () => {
    const later = nextCharter(CHARTER, { issuers: [] })
    assert.equal(code({ charter: later }), 'TOKEN_ISSUER_UNKNOWN')
  })
  test('until the very moment it expires', () => {
    const tokens = [makeToken({ expiresAtMs: startMs + 1 })]
    allowed({ tokens })
    const late = { tokens, request: { atMs: startMs + 1 } }
    assert.deepEqual(denied(late), { code: 'TOKEN_EXPIRED', ...nothing })
    allowed({ tokens: [makeToken({ expiresAtMs: null })], request: { atMs: 2 ** 53 - 1 } })
  })
  test('a parent that expired takes its child with it', () => {
    const parent = makeToken({ holder: hans.did, expiresAtMs: startMs + 10 })
    const child = makeToken({ parent: parent.cid, expiresAtMs: null }, hans)
    const tokens = [child, parent]
    allowed({ tokens })
    assert.equal(code({ tokens, request: { atMs: startMs + 10 } }), 'TOKEN_EXPIRED')
  })
  test('S1-3 up to what it has left; one more is refused with asked, available, limit', () => {
    allowed({ values: { tokenFree: 100 } })
    const numbers = { asked: 100, available: 99, limit: 1000 }
    assert.deepEqual(denied({ values: { tokenFree: 99 } }), { code: 'TOKEN_EXHAUSTED', ...numbers })
  })
  test('a token that nobody logged is none', () => {
    const numbers = { asked: 100, available: 0, limit: 0 }
    assert.deepEqual(denied({ tokens: [] }), { code: 'TOKEN_UNKNOWN', ...numbers })
  })
})

test('the more was used, the less is allowed: no answer turns from no to yes', () => {
  const amounts = fc.integer({ min: 0, max: 1000 })
  fc.assert(
    fc.property(amounts, amounts, amounts, amounts, (quota, amount, used, more) => {
      const charter = under({ type: 'quota', amount: quota })
      const at = (use: number) =>
        ask({ charter, request: { amount }, values: { used: use } }).effect
      assert.equal(at(used), used + amount <= quota ? 'allow' : 'deny')
      if (at(used) === 'deny') assert.equal(at(used + more), 'deny')
    }),
  )
})
