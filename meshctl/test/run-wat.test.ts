/** What `meshctl run` takes for WebAssembly's text format, and makes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '@planetary-mesh/spec'
import { isWatText, moduleOfWat } from '../src/run/wat-text.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const isModule = (found: Uint8Array) => Buffer.from(found).toString('latin1', 0, 4) === '\0asm'

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

test('text is nested as deep as the translator can follow, and refused where it is deeper', async () => {
  const folded = (depth: number) => `(module (func ${'(block '.repeat(depth)}${')'.repeat(depth)}))`
  const flat = (depth: number) =>
    `(module (func\n${'block '.repeat(depth)}${'end '.repeat(depth)}))`
  for (const nested of [folded, flat]) {
    assert.ok(isModule(await moduleOfWat('a.wat', bytes(nested(126)))))
    await assert.rejects(moduleOfWat('a.wat', bytes(nested(127))), (error) => {
      assert.ok(error instanceof Refusal && error.code === 'MODULE_REFUSED', String(error))
      assert.match(error.detail, /a\.wat:\d:\d+: nested too deeply.*binary/)
      return true
    })
  }
  const aside = `(; (; ( " ;) "( ;) ;; ((( block \n (data "\\"((( (; block")`
  const text = `(module (memory 1) (func i32.const 0 if end ${'block end '.repeat(300)}) ${aside})`
  const passive = text.replace('(data', '(data (i32.const 0)')
  assert.ok(isModule(await moduleOfWat('a.wat', bytes(passive))))
  assert.ok(await moduleOfWat('a.wat', bytes(`(module (func ${'(block) nop '.repeat(500)}))`)))
})

test('a piece of a larger buffer is taken for what it is', async () => {
  const whole = bytes('junk(module)junk')
  assert.ok(isModule(await moduleOfWat('a.wat', whole.subarray(4, 12))))
})
