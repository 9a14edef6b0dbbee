/** What `ccl check` needs to start: little, because it starts at every save of a file. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { it } from 'node:test'
import { encodeBlock } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { encodedBytes } from '../src/requests.ts'
import { byteLength } from '../src/source.ts'
import { anyText } from './any-text.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Tells every address that is loaded, on stderr. */
const TELL = `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { process._rawDebug(url); return next(url, context) } })`

it('a check loads no schemas, no encoder of blocks or modules, and the parser as one file', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      ...['--conditions=source', '--import', `data:text/javascript,${encodeURIComponent(TELL)}`],
      ...['ccl-compiler/bin/ccl.js', 'check', 'examples/ccl/quota.ccl'],
    ],
    { cwd: ROOT, encoding: 'utf8' },
  )
  assert.equal(status, 0, stderr)
  const loaded = stderr.split('\n').filter((line) => line.startsWith('file:'))
  assert.ok(loaded.some((url) => url.endsWith('/src/check.ts')))
  const parser = loaded.filter((url) => url.includes('/chevrotain/'))
  assert.deepEqual(
    parser.map((url) => url.slice(url.lastIndexOf('/') + 1)),
    ['chevrotain.min.mjs'],
  )
  const heavy = /\/(zod|cborg|@ipld|@noble)\/|\/src\/(wasm\/encode|job-module)/
  assert.deepEqual(
    loaded.filter((url) => heavy.test(url)),
    [],
  )
})

it('the bytes of a text are counted as they would be encoded', () => {
  const units = fc.string({
    unit: fc.constantFrom(...'aäß€🌾\u07ff\u0800\ud800\udc00'),
    maxLength: 20,
  })
  fc.assert(
    fc.property(units, (text) => {
      assert.equal(byteLength(text), new TextEncoder().encode(text).length)
    }),
  )
})

it('the bytes of a request are counted as they would be encoded', () => {
  const plain = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      anyText(300).filter((text) => !text.startsWith('\ufeff')),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32),
      fc.array(tie('value'), { maxLength: 30 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,30}$/), tie('value'), { maxKeys: 30 }),
    ),
  })).value
  fc.assert(
    fc.property(plain, (value) => {
      const counted = encodedBytes(value as Parameters<typeof encodedBytes>[0])
      assert.equal(counted, encodeBlock(value).bytes.length)
    }),
    { numRuns: 300 },
  )
})
