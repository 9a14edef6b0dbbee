/**
 * The second example from its CCL text to a paid receipt: compiled, evaluated, sealed, run by a
 * node, replayed by three verifiers, and its forecast is what exact fractions give.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { compile } from '@planetary-mesh/ccl-compiler'
import { evaluate, openSandbox } from '@planetary-mesh/runtime'
import { encodeFile, type JobRequest, LIMITS, readDirectory } from '@planetary-mesh/spec'
import { DEFAULT_LEDGER, makeLedger } from '../../examples/02-member-budget/make-ledger.ts'
import { planOfRequest } from '../../meshctl/src/jobs/plan.ts'
import { sealJob } from '../../meshctl/src/jobs/seal-job.ts'
import { fit, monthAfter, parseLedger, sumMonths } from '../examples/count-ledger.ts'
import { openTestMesh, type TestMesh } from '../mesh/harness.ts'
import type { Job } from '../mesh/jobs.ts'
import { alice } from '../mesh/people.ts'
import { assertPaid, doneOf } from './scene.ts'

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../examples/02-member-budget/${name}`, import.meta.url)))
const LEDGER = makeLedger(DEFAULT_LEDGER)
const VERIFIERS = 3

/** What the program asks for as it runs, and the program itself as the file it is. */
function readProgram(): { request: JobRequest; program: ReturnType<typeof encodeFile> } {
  const built = compile(new TextDecoder().decode(read('job.ccl')), { file: 'job.ccl' })
  assert.ok(built.ok)
  const [request, another] = evaluate(built.wasm, { fuelMax: 10_000_000 })
  assert.ok(request && another === undefined, 'the program submits one job')
  return { request, program: encodeFile(built.wasm) }
}

/** The job that alice seals from the request, with the files that it names by CID. */
function jobFor(mesh: TestMesh): Job {
  const { request, program } = readProgram()
  const [module, ledger] = [encodeFile(read('member-budget.wasm')), encodeFile(LEDGER)]
  const { token } = mesh
  const plan = planOfRequest(request, { inputs: [], auto: false })
  const [input] = plan.inputs
  assert.ok(input)
  assert.deepEqual(plan.module, { cid: module.cid })
  assert.deepEqual(input.source, { cid: ledger.cid })
  const ref = ({ cid, bytes }: typeof module) => ({ cid, bytes })
  const { manifest, hold } = sealJob(
    plan,
    {
      token,
      files: {
        module: ref(module),
        stdin: null,
        inputs: [{ name: input.name, file: ref(ledger) }],
      },
      program: program.cid,
      profile: mesh.profile,
      verifiers: VERIFIERS,
      createdAtMs: mesh.clock.nowMs(),
      nonce: new Uint8Array(16),
    },
    alice,
  )
  const blocks = [module, ledger, program].flatMap((file) => file.blocks)
  return { token, manifest, hold, blocks }
}

/** The months to come as exact fractions give them, from an opening balance of 2,500,000 cents. */
function expectedForecast() {
  const past = sumMonths(parseLedger(LEDGER))
  const counted = past.slice(-24)
  const firstMonth = Number(counted[0]?.month.slice(5)) - 1
  const [income, outgoings] = (['income', 'outgoings'] as const).map(
    (side) =>
      fit(
        counted.map((month) => month[side]),
        firstMonth,
        6,
      ).ahead,
  )
  const last = past.at(-1)?.month ?? ''
  let balance = past.reduce((sum, month) => sum + month.income - month.outgoings, 2_500_000n)
  return (income ?? []).map((cents, index) => {
    const spent = outgoings?.[index] ?? 0n
    balance += cents - spent
    return {
      month: monthAfter(last, index + 1),
      income_cents: Number(cents),
      outgoings_cents: Number(spent),
      balance_cents: Number(balance),
    }
  })
}

test('the member budget goes from CCL to a paid receipt, and its forecast is the right one', async () => {
  const sandbox = await openSandbox({ slots: 2, spares: 0 })
  try {
    await using mesh = await openTestMesh({ sandbox })
    const job = jobFor(mesh)
    assert.equal(job.manifest.body.trust.threshold, 2)
    assert.equal(job.manifest.body.fuelMax, 20 * LIMITS.fuelPerUnit)
    const done = await doneOf(mesh, await mesh.submitSealed(job))
    assert.deepEqual(done.receipt.body.result.outcome, { type: 'exited', code: 0 })
    assertPaid(mesh, done)
    // the third verifier may speak after the settle
    await mesh.logged(job, 'the third verdict', ({ leases }) =>
      leases[0]?.receipts[0]?.verdicts.length === VERIFIERS ? true : undefined,
    )
    const { findings, anchored, verified, facts } = await mesh.check(done.receipt)
    assert.deepEqual([findings, anchored.mark, verified.mark], [[], '✓', '✓'])
    assert.equal(facts?.valid.length, VERIFIERS)

    const blocks = await mesh.blocks(['fatou'])
    const { output } = done.receipt.body.result
    const files = readDirectory(output, (cid) => blocks.get(`${cid}`))
    assert.deepEqual(
      files.map(({ path }) => path),
      ['forecast.json', 'forecast.txt'],
    )
    const json = JSON.parse(new TextDecoder().decode(files[0]?.bytes))
    assert.equal(json.rows.counted, DEFAULT_LEDGER.rows)
    assert.deepEqual(json.forecast, expectedForecast())
  } finally {
    await sandbox.close()
  }
})
