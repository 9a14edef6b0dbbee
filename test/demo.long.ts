/**
 * Demos that must fail, each a whole mesh of six processes: verifiers that are away, a receipt
 * under another key, a block altered on its way to the reader. `demo.test.ts` has the demo that
 * succeeds, and alters the file that it leaves.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runDemo } from '@planetary-mesh/meshctl'
import { attempt, openAny, Refusal } from '@planetary-mesh/spec'
import { runHere } from '../meshctl/test/run-here.ts'
import { writeSmallExample } from './small-example.ts'

const work = mkdtempSync(join(tmpdir(), 'mesh-demo-long-'))
after(() => rmSync(work, { recursive: true, force: true }))

test('any example can be shown, and a block altered on its way to the reader costs the marks', async () => {
  const altered: string[] = []
  const said: string[] = []
  const out = join(work, 'small.car')
  const exit = await runDemo({
    example: writeSmallExample(join(work, 'small')),
    out,
    json: true,
    print: (text) => said.push(text),
    tamper: (block) => {
      const record = attempt(() => openAny(block.bytes, { cid: block.cid }))
      if (record instanceof Refusal || record.kind !== 'bid') return block
      altered.push(`${block.cid}`)
      const bytes = Uint8Array.from(block.bytes)
      bytes[40] = (bytes[40] as number) ^ 1
      return { cid: block.cid, bytes }
    },
  })
  const report = JSON.parse(said.join(''))
  assert.ok(altered.length > 0)
  assert.deepEqual([exit, report.ok], [1, false])
  assert.equal(report.verification.verified.code, 'BLOCK_CID_MISMATCH')
  // the file itself is whole: it was the reader who was lied to
  const { status, stdout } = await runHere(['verify', '--from', out, '--json'])
  assert.deepEqual([status, JSON.parse(stdout).ok], [0, true])
  assert.equal(report.state, 'verified')
  assert.deepEqual(report.status, ['Assigned', 'Running', 'Completed'])
  assert.equal(report.selection.winner, 'mesh-node-2')
})

const failing = (...words: string[]) =>
  runHere(['demo', '--example', writeSmallExample(join(work, 'small')), ...words, '--json'])

test('with two of three verifiers stopped the demo fails at "verified"', async () => {
  const { status, stdout, stderr } = await failing('--stop', 'federation-2,federation-3')
  assert.equal(status, 1, stderr)
  const report = JSON.parse(stdout)
  assert.equal(report.ok, false)
  const { anchored, verified } = report.verification
  assert.deepEqual([anchored.mark, verified.mark], ['✓', '…'])
  assert.match(stderr, /^meshctl: the demo stopped at "verified": 1 of 2 verdicts, and no other/)
  assert.equal(report.charged, null)
  assert.deepEqual(report.status, ['Assigned', 'Running', 'Completed'])
  assert.equal(report.selection.winner, 'mesh-node-2')
})

test('a winner that seals its receipt with another key fails the demo at the receipt', async () => {
  const extra = 'mesh-node-2=--seal-receipts-with-another-key'
  const { status, stdout, stderr } = await failing('--extra', extra)
  assert.equal(status, 1, stderr)
  const { code, detail } = JSON.parse(stdout).error
  assert.equal(code, 'RECEIPT_UNKNOWN')
  assert.match(detail, /^the demo stopped at the receipt: no receipt of mesh-node-2 that/)
})
