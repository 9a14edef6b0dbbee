/**
 * Executors that lie with their own key in a federation that is honest: the receipt is logged as
 * evidence, every verifier finds the lie, nobody is paid, and the file says ✗ to whoever reads it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  appendMessage,
  type Effect,
  type Env,
  type Event,
  encodeDirectory,
  open,
  Receipt,
  type Result,
  type Role,
  type Step,
  seal,
} from '@planetary-mesh/spec'
import { type Ended, openTestMesh, type TestMesh } from '../mesh/harness.ts'
import { dora } from '../mesh/people.ts'
import { writeEvidence } from './evidence.ts'
import { judge } from './judge.ts'
import { oneSandbox } from './one-sandbox.ts'
import { BUDGET, evidenceFor } from './scene.ts'

/** Every executor of the mesh, as `lie` makes it; the other roles are what they are. */
const executors =
  (lie: (role: Role) => Role) =>
  (_name: string, roles: readonly Role[]): readonly Role[] =>
    roles.map((role) => (role.name === 'executor' ? lie(role) : role))

/** Seals whatever `change` makes of the result that its machine gave. */
const claiming =
  (change: (result: Result) => Result) =>
  (role: Role): Role => ({
    ...role,
    step(state, event, env) {
      if (event.type !== 'ran' || event.end.type !== 'done') return role.step(state, event, env)
      const end = { ...event.end, result: change(event.end.result) }
      return role.step(state, { ...event, end }, env)
    },
  })

/** Seals a second receipt with another body and sends both. */
function sealingTwice(role: Role): Role {
  const second = (effect: Effect, env: Env): Effect[] => {
    const entry = effect.do === 'record' ? (effect.entry as { receipt?: Uint8Array }) : {}
    if (entry.receipt === undefined) return []
    const { body } = open(Receipt, entry.receipt)
    const result = { ...body.result, fuel: body.result.fuel - 1 }
    const message = appendMessage([seal(Receipt, { ...body, result }, env.self)])
    return [{ do: 'send', to: dora.did, message }]
  }
  return {
    ...role,
    step(state: unknown, event: Event, env: Env): Step<unknown> {
      const done = role.step(state, event, env)
      return { ...done, effects: [...done.effects, ...done.effects.flatMap((e) => second(e, env))] }
    },
  }
}

/** The job ended refuted: nothing posted, everything released. */
function assertRefuted({ settle, logged }: Ended): void {
  const { reason, post, release } = settle.body
  assert.deepEqual([reason, post, release], ['refuted', 0, BUDGET.amount])
  assert.deepEqual([logged.token.held, logged.token.spent], [0, 0])
}

async function assertFileRefuses(mesh: TestMesh, receipt: Receipt, code: string): Promise<void> {
  const path = await writeEvidence(await evidenceFor(mesh, receipt))
  const { anchored, verified, exit, codes } = await judge(path, mesh.charter.cid)
  assert.equal(anchored.mark, '✓', 'the lie is in the log, where everybody can see it')
  assert.deepEqual([verified.mark, verified.code, exit], ['✗', code, 1], `${codes}`)
}

const OTHER = encodeDirectory([
  { path: 'forecast.json', bytes: new TextEncoder().encode('{"all":"is well"}') },
])

for (const [what, change] of [
  ['another output CID', (result) => ({ ...result, output: refOf(OTHER) })],
  ['a unit of fuel more', (result) => ({ ...result, fuel: result.fuel + 1 })],
  ['a stdout that it never printed', (result) => ({ ...result, stdout: result.stderr })],
] as [string, (result: Result) => Result][]) {
  test(`an executor that seals ${what} is refuted by every verifier: OUTPUT_MISMATCH`, async () => {
    await using mesh = await openTestMesh({
      sandbox: await oneSandbox(),
      replaceRoles: executors(claiming(change)),
    })
    for (const { blocks } of mesh.machines.values()) await blocks.put(OTHER.blocks)
    const job = await mesh.submit(BUDGET)
    const ended = await mesh.settled(job)
    assertRefuted(ended)
    const [receipt] = ended.logged.leases[0]?.receipts ?? []
    assert.ok(receipt)
    assert.ok(receipt.verdicts.length >= 2)
    for (const { record } of receipt.verdicts) {
      assert.equal(record.body.result, 'invalid')
      assert.equal(record.body.findings[0]?.code, 'OUTPUT_MISMATCH')
    }
    await assertFileRefuses(mesh, receipt.record, 'OUTPUT_MISMATCH')
  })
}

test('an executor that seals two receipts for one lease is refuted with both: EQUIVOCATION', async () => {
  await using mesh = await openTestMesh({
    sandbox: await oneSandbox(),
    replaceRoles: executors(sealingTwice),
  })
  const job = await mesh.submit(BUDGET)
  const ended = await mesh.settled(job)
  assertRefuted(ended)
  const receipts = ended.logged.leases[0]?.receipts ?? []
  assert.equal(receipts.length, 2)
  for (const { record } of receipts) await assertFileRefuses(mesh, record, 'EQUIVOCATION')
})

const refOf = ({ cid, bytes }: typeof OTHER) => ({ cid, bytes })
