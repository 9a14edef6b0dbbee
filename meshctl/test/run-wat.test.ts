/** `meshctl run` takes WebAssembly's text format as well. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Refusal } from '@planetary-mesh/spec'
import { isWatText, moduleOfWat } from '../src/run/wat-text.ts'
import { meshctl } from './start-meshctl.ts'

const folder = mkdtempSync(join(tmpdir(), 'run-wat-'))
after(() => rmSync(folder, { recursive: true }))

const bytes = (text: string) => new TextEncoder().encode(text)
const EXITS = `
;; leaves with 7
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7))))
`

test('a module given as text runs, whatever its file is called', () => {
  for (const name of ['exits.wat', 'exits.txt']) {
    const path = join(folder, name)
    writeFileSync(path, EXITS)
    const { status, stdout, stderr } = meshctl(['run', path, '--json'])
    assert.equal(status, 1, stderr)
    const said = JSON.parse(stdout)
    assert.equal(said.exitCode, 7)
    assert.ok(said.fuel > 0)
  }
})

test('a mistake in the text is refused with its line and column', () => {
  const path = join(folder, 'wrong.wat')
  writeFileSync(path, '(module\n  (func (result i32) i64.const 1))\n')
  const { status, stderr } = meshctl(['run', path])
  assert.equal(status, 1)
  assert.match(stderr, /MODULE_REFUSED.*wrong\.wat:2:22: type mismatch/)
})

test('what is text is seen by its name or its beginning, and what is not is left alone', () => {
  for (const text of ['(module)', ' \n(; a\nb ;) ;; c\n (module)', '(func)'])
    assert.ok(isWatText('job', bytes(text)), text)
  assert.ok(isWatText('JOB.WAT', bytes('')))
  for (const text of ['', '\0asm\x01\0\0\0', 'hello (module)', ';; only a comment'])
    assert.ok(!isWatText('job.wasm', bytes(text)), text)
})

test('text that is no module is a refusal, whatever it is', async () => {
  for (const text of [
    '(',
    '(module',
    '(module) (module)',
    '(module (func $a) (func $a))',
    '((((',
  ]) {
    await assert.rejects(moduleOfWat('a.wat', bytes(text)), (error) => {
      assert.ok(error instanceof Refusal && error.code === 'MODULE_REFUSED', String(error))
      assert.ok((error.values.line ?? 0) >= 1 && (error.values.column ?? 0) >= 1)
      return true
    })
  }
})

test('text of features that no guest may use is translated, and refused by admission', () => {
  const path = join(folder, 'tail.wat')
  writeFileSync(path, '(module (func $f (export "_start") (return_call $f)))')
  const { status, stderr } = meshctl(['run', path])
  assert.equal(status, 1)
  assert.match(stderr, /MODULE_REFUSED.*tail calls are not available/)
})
