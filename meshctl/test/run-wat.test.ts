/** What `meshctl run` takes for WebAssembly's text format, and makes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '@planetary-mesh/spec'
import { isWatText, moduleOfWat } from '../src/run/wat-text.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
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
