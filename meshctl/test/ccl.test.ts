/** `meshctl ccl` on texts that compile and texts that do not. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { cidOf } from '@planetary-mesh/spec'
import { runHere } from './run-here.ts'
import { meshctl, ROOT, scratchFolder } from './start-meshctl.ts'

const work = scratchFolder()
const GOOD = join(ROOT, 'ccl-compiler/test/programs/s1.ccl')
const BAD = 'execution {\n  submit_jbo();\n}\n'

test('check says that a text compiles, and how many jobs it asks for', async () => {
  const { status, stdout, stderr } = await runHere(['ccl', 'check', GOOD])
  assert.deepEqual([status, stderr], [0, ''])
  assert.equal(stdout, `${GOOD}: ok, 1 job request\n`)
})

test('check shows the mistake with its place, a caret and help, and ends with 2', () => {
  const { status, stdout, stderr } = meshctl(['ccl', 'check', '-'], { input: BAD })
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /^-:2:3: error CCL\d{4}: .+submit_jbo/)
  assert.match(stderr, /\n {3}\| {3}\^{10}\n {2}= help: did you mean `submit_job`\?\n1 error\n$/)
})

test('check --json gives diagnostics or requests as data', async () => {
  const bad = JSON.parse((await runHere(['ccl', 'check', '-', '--json'], { input: BAD })).stdout)
  assert.equal(bad.ok, false)
  assert.deepEqual([bad.diagnostics[0].span.line, bad.diagnostics[0].severity], [2, 'error'])
  const good = JSON.parse((await runHere(['ccl', 'check', GOOD, '--json'])).stdout)
  assert.deepEqual([good.ok, good.diagnostics], [true, []])
  assert.equal(good.requests[0].resource_amount, 1000)
})

test('build writes the module beside the text, and says its CID and header', async () => {
  const text = join(work, 'job.ccl')
  writeFileSync(text, readFileSync(GOOD))
  const { status, stdout } = await runHere(['ccl', 'build', text])
  const wasm = new Uint8Array(readFileSync(join(work, 'job.wasm')))
  assert.equal(status, 0)
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
  assert.deepEqual([...wasm.subarray(0, 8)], magic)
  assert.match(stdout, new RegExp(`^CID: ${cidOf('raw', wasm)}$`, 'm'))
  assert.match(stdout, /^imports: mesh\.host_submit_job$/m)
  const again = JSON.parse((await runHere(['ccl', 'build', text, '--json'])).stdout)
  assert.deepEqual(
    [again.cid, again.bytes, again.header.requests],
    [`${cidOf('raw', wasm)}`, wasm.length, 1],
  )
})

test('build writes nothing for a text that does not compile', async () => {
  const { status, stderr } = await runHere(['ccl', 'build', '-', '-o', join(work, 'bad.wasm')], {
    input: BAD,
  })
  assert.equal(status, 2)
  assert.match(stderr, /error CCL/)
  assert.throws(() => readFileSync(join(work, 'bad.wasm')), { code: 'ENOENT' })
})

test('build of stdin needs a name for the module', async () => {
  const { status, stderr } = await runHere(['ccl', 'build', '-'], { input: BAD })
  assert.equal(status, 2)
  assert.match(stderr, /give -o FILE/)
})
