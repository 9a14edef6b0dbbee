/** Each example's job.ccl compiles, and asks for the module and the input that lie beside it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from '@planetary-mesh/ccl-compiler'
import { encodeFile, type JobRequest } from '@planetary-mesh/spec'
import { DEFAULT_BALLOTS, makeBallots } from '../../examples/01-voting-analysis/make-ballots.ts'
import { DEFAULT_LEDGER, makeLedger } from '../../examples/02-member-budget/make-ledger.ts'
import { readExample } from './run-example.ts'

const cidText = (bytes: Uint8Array) => encodeFile(bytes).cid.toString()

function requestOf(folder: string): JobRequest {
  const built = compile(new TextDecoder().decode(readExample(`${folder}/job.ccl`)), {
    file: `${folder}/job.ccl`,
  })
  assert(built.ok, JSON.stringify(built))
  assert.deepEqual(built.diagnostics, [])
  assert.equal(built.requests.length, 1)
  return built.requests[0] as JobRequest
}

test('the voting analysis asks for its module and the default ballots by their CIDs', () => {
  const csv = makeBallots(DEFAULT_BALLOTS)
  const request = requestOf('01-voting-analysis')
  assert(DEFAULT_BALLOTS.ballots >= 200_000)
  assert(csv.length > 1024 * 1024 && csv.length < 16 * 1024 * 1024)
  assert.equal(request.description, 'Analyze cooperative voting patterns')
  assert.equal(
    request.wasm_cid,
    cidText(readExample('01-voting-analysis/voting-analysis.wasm')),
    'put this CID into job.ccl',
  )
  assert.deepEqual(request.inputs, { 'ballots.csv': cidText(csv) }, 'put this CID into job.ccl')
  assert.deepEqual(request.selection, {
    price: 350_000,
    resources: 150_000,
    reputation: 400_000,
    timeliness: 100_000,
  })
  assert.deepEqual(
    [request.resource_amount, request.required_validators, request.federation_quorum],
    [100, 2, 500_000],
  )
})

test('the member budget asks for its module and the default ledger by their CIDs', () => {
  const request = requestOf('02-member-budget')
  assert(DEFAULT_LEDGER.rows >= 50_000)
  assert.equal(
    request.wasm_cid,
    cidText(readExample('02-member-budget/member-budget.wasm')),
    'put this CID into job.ccl',
  )
  assert.deepEqual(
    request.inputs,
    { 'ledger.csv': cidText(makeLedger(DEFAULT_LEDGER)) },
    'put this CID into job.ccl',
  )
  assert.deepEqual(request.args, ['--opening', '2500000', '--months', '6'])
})

test('another seed makes other ballots and another ledger', () => {
  for (const make of [
    (seed: number) => makeBallots({ seed, ballots: 500 }),
    (seed: number) => makeLedger({ seed, rows: 500 }),
  ]) {
    assert.equal(cidText(make(1)), cidText(make(1)))
    assert.notEqual(cidText(make(1)), cidText(make(2)))
  }
})
