// Issue 5, point 5: a policy written in CCL decides at the ledger, everybody decides again from the
// record alone, and a selection written in CCL awards.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ledgerRole } from '@planetary-mesh/federation'
import { openPolicies } from '@planetary-mesh/runtime'
import {
  type Charter,
  charterAt,
  cidOf,
  type Decision,
  NO_POLICIES,
  type Policies,
  type Role,
  readPolicyHeader,
  replayDecision,
  tokenChain,
  verifyChain,
} from '@planetary-mesh/spec'
import { Log } from '../../spec/test/rules/log.ts'
import { awardOn, leaseOn, submit } from '../../spec/test/rules/story.ts'
import {
  CHARTER,
  makeBid,
  makeCharter,
  makeReceipt,
  makeToken,
  nextCharter,
} from '../../spec/test/rules/world.ts'
import { fakeExec } from '../mesh/fake-exec.ts'
import { openTestMesh } from '../mesh/harness.ts'
import { alice, foundCharter, hans } from '../mesh/people.ts'
import { refusedWith } from '../mesh/refused.ts'
import { CHEAPEST, compiled, policyOf, QUOTA } from './rules-in-force.ts'

const NOBODY = [{ name: 'suspended', members: [] }]
type Over = Partial<Charter['body']>

const openUnder = (source: string, over: Over = { circles: NOBODY }, pending = true) =>
  openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks, pending ? { gate: () => new Promise(() => {}) } : {}),
    charter: { policies: [policyOf(source)], ...over },
  })

test('a job beyond a quota in CCL is refused with the rule, its because and the numbers', async () => {
  await using mesh = await openUnder(QUOTA)
  await mesh.submit({ amount: 100 })
  await mesh.submit({ amount: 120 })
  await assert.rejects(
    mesh.submit({ amount: 151 }),
    refusedWith(
      'POLICY_DENIED',
      { 'usage.total': 220, 'request.amount': 151, 'usage.within.60000': 220 },
      /^rule too_large of policy quota_pool: one job takes too much of the pool \(bylaws §4\); /,
    ),
  )
  await assert.rejects(
    mesh.submit({ amount: 1 }),
    refusedWith('POLICY_DENIED', undefined, /^rule hurried of policy quota_pool: too much in one/),
  )
})

test('what no rule allows is refused with the rules that did not', async () => {
  const source = `policy p { rule small: allow when request.amount <= cu(10) because "small"; }`
  await using mesh = await openUnder(source, {})
  await mesh.submit({ amount: 10 })
  await assert.rejects(
    mesh.submit({ amount: 11 }),
    refusedWith(
      'POLICY_DENIED',
      { 'request.amount': 11 },
      /^no rule of policy p allows it: small \(small\) did not; request.amount 11$/,
    ),
  )
})

test('whoever is in a circle of the charter is known to a policy by its name', async () => {
  const circles = [{ name: 'suspended', members: [alice.did] }]
  await using mesh = await openUnder(QUOTA, { circles })
  await assert.rejects(
    mesh.submit({ amount: 1 }),
    refusedWith('POLICY_DENIED', undefined, /rule suspended .* suspended by the assembly/),
  )
  const token = { holder: hans.did }
  await using other = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks),
    charter: { policies: [policyOf(QUOTA)], circles },
    token,
  })
  await other.submit({ amount: 1, signer: hans })
})

test('a rule that errs denies, and is named', async () => {
  const source = `policy p {
    rule all: allow;
    rule over: deny when request.amount * 9_000_000_000_000_000 > cu(0) because "overflows";
  }`
  await using mesh = await openUnder(source, {})
  await assert.rejects(mesh.submit({ amount: 1 }), refusedWith('POLICY_DENIED'))
  await assert.rejects(
    mesh.submit({ amount: 2000 }),
    refusedWith(
      'POLICY_FAILED',
      { 'request.amount': 2000 },
      /^rule over of policy p ended in the error overflow, which denies/,
    ),
  )
})

test('the decision names the policy, what fired and what it cost; anybody decides it again', async () => {
  const source = `policy p {
    rule small: allow when usage.total + request.amount <= cu(500) because "small";
    rule lost: allow when request.amount * 90_000_000_000_000_000 > cu(0);
    on allow { log(message: "one more"); }
  }`
  await using mesh = await openUnder(source, {}, false)
  await assert.rejects(
    mesh.submit({ amount: 2000 }),
    refusedWith('POLICY_FAILED', undefined, /^rule lost of policy p ended in the error overflow/),
  )
  const { logged, receipt } = await mesh.settled(
    await mesh.submit({ amount: 400, chooser: 'home' }),
  )
  const { body } = logged.decision.record
  const { policy } = policyOf(source)
  assert.ok(policy.type === 'ccl' && receipt)
  assert.equal(`${body.policy}`, `${cidOf('raw', policy.module)}`)
  assert.deepEqual(body.rules, [
    { name: 'token', effect: 'allow' },
    { name: 'p.small', effect: 'allow' },
    { name: 'p.lost', effect: 'allow', error: 'overflow' },
  ])
  assert.deepEqual(body.log, ['one more'])
  assert.ok(body.cost > 2 && body.cost <= 2 + readPolicyHeader(policy.module).costMax)
  const ledger = mesh.machine('fatou').process.replica.ledger
  const charter = charterAt(ledger, logged.hold.index)
  const replay = (decision: Decision, policies: Policies = openPolicies()) =>
    replayDecision(decision, charter, tokenChain(logged.token), policies)
  assert.equal(replay(logged.decision.record), true)
  const other = (over: Partial<Decision['body']>) => ({
    ...logged.decision.record,
    body: { ...body, ...over },
  })
  assert.equal(replay(other({ cost: body.cost + 1 })), false)
  assert.equal(replay(other({ log: [] })), false)
  assert.equal(replay(other({ values: { ...body.values, used: 101 } })), false)
  assert.throws(
    () => replay(logged.decision.record, NO_POLICIES),
    refusedWith('POLICY_UNSUPPORTED'),
  )
  const checked = await mesh.check(receipt)
  assert.deepEqual(checked.findings, [])
  assert.deepEqual([checked.anchored.mark, checked.verified.mark], ['✓', '✓'])
})

/** Says yes to everything, with the first rule, as a writer might. */
const LENIENT: Policies = {
  ...openPolicies(),
  decide: (module) => ({
    effect: 'allow',
    rule: 0,
    error: null,
    statuses: readPolicyHeader(module).rules.map((_, at) => (at === 0 ? 'fired' : 'quiet')),
    score: null,
    ties: [],
    effects: [],
    steps: 5,
  }),
}

test('an allow where the policy denies loses the mark', () => {
  const source = `policy p { rule large: allow when request.amount > cu(100); }`
  const charter = nextCharter(CHARTER, { policies: [policyOf(source)] })
  const log = new Log(CHARTER, CHARTER, LENIENT)
  log.append(charter)
  const token = makeToken()
  log.append(token)
  const submitted = submit(log, token)
  const lease = leaseOn(log, awardOn(log, submitted.manifest, [makeBid(submitted.manifest)]))
  const receipt = makeReceipt({ ...submitted, lease })
  log.append(receipt)
  const read = { receipt: receipt.cid, genesis: CHARTER.cid, get: log.get, head: log.anchor() }
  const believed = verifyChain({ ...read, policies: LENIENT })
  assert.deepEqual(believed.findings, [])
  const checked = verifyChain({ ...read, policies: openPolicies() })
  assert.deepEqual(
    [checked.anchored.code, checked.verified.code],
    Array(2).fill('DECISION_MISMATCH'),
  )
  const blind = verifyChain(read)
  assert.equal(blind.verified.code, 'POLICY_UNSUPPORTED')
})

test('a writer that allows what the policy denies is followed by nobody', async () => {
  const over = { policies: [policyOf(QUOTA)], circles: NOBODY }
  const lying = ledgerRole({ charter: foundCharter(over), batchMs: 5, policies: LENIENT }) as Role
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks),
    charter: over,
    replaceRoles: (_, roles) => roles.map((role) => (role.name === 'ledger' ? lying : role)),
  })
  await mesh.submit({ amount: 151 })
  const problem = await mesh.until('the finding', () => {
    return mesh.machine('fatou').process.replica.problem
  })
  assert.equal(problem.code, 'DECISION_MISMATCH')
})

test('a selection in CCL awards, and everybody recomputes the winner', async () => {
  await using mesh = await openTestMesh({
    exec: (_, { blocks }) => fakeExec(blocks),
    nodes: {
      bruno: { location: 'eu-west' },
      chiara: { location: 'us-east' },
      gita: { location: 'eu-north' },
    },
  })
  const rule = { module: compiled(CHEAPEST) }
  const job = await mesh.submit({ chooser: 'home', manifest: { rule } })
  const { logged, receipt } = await mesh.settled(job)
  const [lease] = logged.leases
  assert.ok(lease && receipt)
  // chiara is cheapest but too far away; of the others gita is cheaper
  assert.equal(lease.record.body.executor, mesh.machine('gita').signer.did)
  assert.deepEqual(
    lease.award.body.ranking.map((cid) => lease.bids.find((bid) => bid.cid.equals(cid))?.author),
    ['gita', 'bruno'].map((name) => mesh.machine(name).signer.did),
  )
  assert.deepEqual((await mesh.check(receipt)).findings, [])
})

test('a charter with a policy that cannot be in force is refused with the reason', () => {
  const enter = (source: string, over: Over = {}) =>
    new Log(makeCharter({ policies: [policyOf(source)], ...over }), undefined, openPolicies())
  assert.throws(() => enter(QUOTA), refusedWith('POLICY_UNSUPPORTED', undefined, /roles.suspended/))
  assert.equal(enter(QUOTA, { circles: NOBODY }).size, 1)
  const asks = (what: string, rule: string) => `policy p { ${what} rule r: allow when ${rule}; }`
  assert.throws(
    () => enter(asks('input load: int;', 'load < 5')),
    refusedWith('POLICY_UNSUPPORTED', undefined, /asks for `load`/),
  )
  assert.throws(
    () => enter(asks('on allow { emit(event: "x", subject: caller); }', 'true')),
    refusedWith('EFFECT_UNSUPPORTED', undefined, /asks for emit/),
  )
  assert.throws(
    () => enter('policy p for token("storage") { rule r: allow; }'),
    refusedWith('CHARTER_INVALID', undefined, /not written for compute/),
  )
  assert.throws(() => enter(CHEAPEST), refusedWith('CHARTER_INVALID', undefined, /is a selection/))
  const slow = asks('', 'any(for a in roles.member: count(for b in roles.member if a == b: b) > 1)')
  assert.throws(() => enter(slow), refusedWith('LIMIT_EXCEEDED', undefined, /steps a decision/))
  const twice = { circles: [...NOBODY, ...NOBODY] }
  assert.throws(() => enter(QUOTA, twice), refusedWith('CHARTER_INVALID', undefined, /one name/))
})

test('a charter whose policy is no compiled policy is refused', () => {
  const enter = (module: Uint8Array) => {
    const policy = { type: 'ccl' as const, module, source: '' }
    const policies = [{ scope: 'default', resourceType: 'compute' as const, policy }]
    return new Log(makeCharter({ policies }), undefined, openPolicies())
  }
  const good = compiled('policy p { rule r: allow; }')
  assert.equal(enter(good).size, 1)
  assert.throws(() => enter(new Uint8Array(8)), refusedWith('MODULE_REFUSED'))
  assert.throws(() => enter(good.slice(0, -1)), refusedWith('MODULE_REFUSED'))
  const without = new TextEncoder().encode('\0asm\u0001\0\0\0')
  assert.throws(() => enter(without), refusedWith('MODULE_REFUSED', undefined, /no section/))
})
