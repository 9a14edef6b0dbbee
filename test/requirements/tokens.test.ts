// S1-1 and S1-2: which token is accepted, and what the charter's policies leave of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authorise,
  cidOf,
  type Policy,
  type ResourceType,
  signerFromSeed,
  type Token,
} from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import {
  alice,
  type BodyOf,
  foundCharter,
  hans,
  ines,
  issueToken,
  mallory,
  SCOPE,
} from '../mesh/people.ts'
import { refusedWith } from '../mesh/refused.ts'

/** A mesh whose jobs never end by themselves: every hold stays pending. */
const openPending = (policies: readonly Policy[]) =>
  openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks, { gate: () => new Promise(() => {}) }),
    charter: {
      policies: [
        ...policies.map((policy) => ({ scope: SCOPE, resourceType: 'compute' as const, policy })),
        { scope: 'lab', resourceType: 'compute', policy: { type: 'quota', amount: 1 } },
      ],
    },
  })

const openFree = () => openTestMesh({ exec: (_, { blocks }) => fakeExec(blocks) })

/** Submits a job that `over` of a token by `signer` pays; its scope and type are the token's. */
async function pay(
  mesh: TestMesh,
  over: Partial<BodyOf<typeof Token>> = {},
  signer = ines,
  job: Parameters<TestMesh['submit']>[0] = {},
) {
  const token = issueToken(mesh.charter, mesh.clock.nowMs(), over, signer)
  return mesh.submit({ token, ...job })
}

test('S1-1 a token of a listed issuer pays for a job of its type and scope', async () => {
  await using mesh = await openFree()
  for (const resourceType of ['compute', 'storage', 'bandwidth'] satisfies ResourceType[]) {
    for (const scope of ['default', 'lab']) await pay(mesh, { resourceType, scope })
  }
  await pay(mesh, { expiresAtMs: null, issuer: ines.did })
})

test('S1-1 a token that its issuer may not give for its scope is refused', async () => {
  await using mesh = await openFree()
  const code = 'TOKEN_ISSUER_UNKNOWN'
  await assert.rejects(pay(mesh, {}, mallory), refusedWith(code))
  await assert.rejects(pay(mesh, {}, alice), refusedWith(code))
  await assert.rejects(pay(mesh, { scope: 'somewhere' }), refusedWith(code))
})

test('S1-1 a token whose issuer field names another than its author is refused', async () => {
  await using mesh = await openFree()
  await assert.rejects(pay(mesh, { issuer: alice.did }), refusedWith('TOKEN_ISSUER_UNKNOWN'))
})

test('S1-1 a token for another scope, type, holder or federation than the job is refused', async () => {
  await using mesh = await openFree()
  const otherScope = { manifest: { scope: 'lab' } }
  await assert.rejects(pay(mesh, {}, ines, otherScope), refusedWith('TOKEN_SCOPE_MISMATCH'))
  const otherType = { manifest: { resourceType: 'storage' as const } }
  await assert.rejects(pay(mesh, {}, ines, otherType), refusedWith('TOKEN_TYPE_MISMATCH'))
  await assert.rejects(pay(mesh, { holder: hans.did }), refusedWith('TOKEN_HOLDER_MISMATCH'))
  const elsewhere = cidOf('dag-cbor', new Uint8Array([1]))
  await assert.rejects(pay(mesh, { charter: elsewhere }), refusedWith('CHARTER_UNKNOWN'))
})

test('S1-1 a token that has expired, before or after it was logged, is refused', async () => {
  await using mesh = await openFree()
  const nowMs = mesh.clock.nowMs()
  await assert.rejects(pay(mesh, { expiresAtMs: nowMs }), refusedWith('TOKEN_EXPIRED'))
  const token = issueToken(mesh.charter, nowMs, { expiresAtMs: nowMs + 60_000 })
  await mesh.submit({ token })
  mesh.clock.advance(60_000)
  await assert.rejects(mesh.submit({ token }), refusedWith('TOKEN_EXPIRED'))
})

test('S1-1 a token expires at the very time it names, and not before', () => {
  const charter = foundCharter()
  const atMs = 1_800_000_000_000
  const effectAt = (expiresAtMs: number) => {
    const token = issueToken(charter, 0, { expiresAtMs })
    const asked = { holder: alice.did, scope: SCOPE, resourceType: 'compute' as const, amount: 1 }
    const request = { ...asked, atMs, token: token.cid }
    const values = { tokenFree: token.body.amount, used: 0, usedInPeriods: [] }
    return authorise({ charter, tokens: [token], request, values }).effect
  }
  assert.equal(effectAt(atMs + 1), 'allow')
  assert.equal(effectAt(atMs), 'deny')
  assert.equal(effectAt(atMs - 1), 'deny')
})

test('S1-2 AllowAll always allows, until the token itself is used up', async () => {
  await using mesh = await openPending([{ type: 'allow-all' }])
  const token = issueToken(mesh.charter, mesh.clock.nowMs(), { amount: 300 })
  for (let job = 0; job < 3; job++) await mesh.submit({ token })
  const values = { asked: 1, available: 0, limit: 300 }
  await assert.rejects(mesh.submit({ token, amount: 1 }), refusedWith('TOKEN_EXHAUSTED', values))
})

test('S1-2 where the charter sets no policy for the scope and type, nothing is allowed', async () => {
  await using mesh = await openPending([])
  await assert.rejects(mesh.submit(), refusedWith('NOT_PERMITTED'))
})

test('S1-2 Quota counts what is pending, and allows exactly its amount', async () => {
  await using mesh = await openPending([{ type: 'quota', amount: 150 }])
  await mesh.submit({ amount: 100 })
  const values = { asked: 51, available: 50, limit: 150 }
  const used = /100 of 150 in use/
  await assert.rejects(mesh.submit({ amount: 51 }), refusedWith('QUOTA_EXCEEDED', values, used))
  await mesh.submit({ amount: 50 })
  await assert.rejects(mesh.submit({ amount: 1 }), refusedWith('QUOTA_EXCEEDED'))
})

test('S1-2 Quota counts what was posted, and no more what was released', async () => {
  const policies = [
    {
      scope: SCOPE,
      resourceType: 'compute' as const,
      policy: { type: 'quota' as const, amount: 150 },
    },
  ]
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks),
    charter: { policies },
  })
  const { settle } = await mesh.settled(await mesh.submit({ amount: 100 }))
  const left = 150 - settle.body.post
  assert.equal(settle.body.post, 40, 'half of the fuel at a price of 80')
  const values = { asked: left + 1, available: left, limit: 150 }
  await assert.rejects(
    mesh.submit({ amount: left + 1 }),
    refusedWith('QUOTA_EXCEEDED', values, /40 of 150 in use/),
  )
  await mesh.submit({ amount: left })
})

test('S1-2 Quota is counted for each holder', async () => {
  await using mesh = await openPending([{ type: 'quota', amount: 100 }])
  await mesh.submit()
  await pay(mesh, { holder: hans.did }, ines, { signer: hans })
  await assert.rejects(mesh.submit({ amount: 1 }), refusedWith('QUOTA_EXCEEDED'))
})

test('S1-2 RateLimit allows its amount in any period, and again when the period has slid on', async () => {
  await using mesh = await openPending([{ type: 'rate-limit', amount: 100, periodMs: 60_000 }])
  await mesh.submit({ amount: 60 })
  const values = { asked: 41, available: 40, limit: 100 }
  const used = /60 of 100 used/
  await assert.rejects(mesh.submit({ amount: 41 }), refusedWith('RATE_EXCEEDED', values, used))
  mesh.clock.advance(30_000)
  await mesh.submit({ amount: 40 })
  await assert.rejects(mesh.submit({ amount: 1 }), refusedWith('RATE_EXCEEDED'))
  // the first job is a minute ago, the second is not
  mesh.clock.advance(30_000)
  await assert.rejects(mesh.submit({ amount: 61 }), refusedWith('RATE_EXCEEDED'))
  await mesh.submit({ amount: 60 })
})

test('S1-2 PermitList allows whom it lists and refuses everybody else', async () => {
  await using mesh = await openPending([{ type: 'permit-list', holders: [hans.did] }])
  const values = { asked: 100, available: 0, limit: 0 }
  await assert.rejects(mesh.submit(), refusedWith('NOT_PERMITTED', values))
  await pay(mesh, { holder: hans.did }, ines, { signer: hans })
})

test('S1-2 of several policies each must allow', async () => {
  await using mesh = await openPending([
    { type: 'allow-all' },
    { type: 'quota', amount: 200 },
    { type: 'rate-limit', amount: 100, periodMs: 60_000 },
    { type: 'permit-list', holders: [alice.did] },
  ])
  await mesh.submit({ amount: 100 })
  await assert.rejects(mesh.submit({ amount: 100 }), refusedWith('RATE_EXCEEDED'))
  mesh.clock.advance(60_000)
  await mesh.submit({ amount: 100 })
  mesh.clock.advance(60_000)
  await assert.rejects(mesh.submit({ amount: 1 }), refusedWith('QUOTA_EXCEEDED'))
  const stranger = signerFromSeed(new Uint8Array(32))
  const theirs = { signer: stranger }
  await assert.rejects(
    pay(mesh, { holder: stranger.did }, ines, theirs),
    refusedWith('ROLE_MISSING'),
  )
})
