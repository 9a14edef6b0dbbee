/**
 * The examples of examples/ccl/: each compiles, is laid out, passes its tests, and its tests see
 * every rule both ways; its twin `…_bad.ccl` shows exactly the errors that its second line names.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, it } from 'node:test'
import { check, compile, format, runTests } from '@planetary-mesh/ccl-compiler'

const FOLDER = join(import.meta.dirname, '..', 'examples', 'ccl')
const files = globSync('*.ccl', { cwd: FOLDER }).sort()
const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8')
const good = files.filter((file) => !file.endsWith('_bad.ccl'))

describe('examples of CCL', () => {
  it('are these, each with a twin that is wrong', () => {
    const names =
      'allow-all bid-selection budget bylaws default-weights dues fair-share governance permit-list'
    const wanted = `${names} quorum quota rate-limit treasurers`
      .split(' ')
      .map((name) => `${name}.ccl`)
    assert.deepEqual(good, wanted)
    assert.equal(files.length, 2 * good.length)
  })

  for (const file of good) {
    it(`${file} is right, laid out, explained and tested`, () => {
      const text = read(file)
      const checked = check(text, { file, lint: true })
      assert.deepEqual(checked.diagnostics, [])
      assert.ok(checked.ok)
      assert.equal(format(text), text)
      const report = runTests(checked)
      assert.deepEqual(
        report.cases.filter(({ passed }) => !passed),
        [],
      )
      // a document of a community decides nothing: all of it is listed
      const lists = checked.programs.length === 0 && checked.descriptive.length > 1
      assert.ok(checked.requests.length > 0 || report.passed > 1 || lists)
    })

    const bad = `${basename(file, '.ccl')}_bad.ccl`
    it(`${bad} shows its errors`, () => {
      const text = read(bad)
      const wanted = /^\/\/ errors: (.+)$/m.exec(text)?.[1]
      const { diagnostics } = check(text, { file: bad })
      const found = diagnostics.map(({ code, span }) => `${code} at ${span.line}:${span.column}`)
      assert.equal(found.join(', '), wanted)
      assert.ok(found.length >= 1)
    })
  }

  it('small policies are modules of at most a KiB, header and names included', () => {
    for (const file of ['allow-all.ccl', 'quota.ccl', 'permit-list.ccl']) {
      const built = compile(read(file))
      assert.ok(built.ok)
      const bytes = built.units.map(({ wasm }) => wasm.length)
      assert.ok(Math.max(...bytes) <= 1024, `${file}: ${bytes} bytes`)
    }
  })
})
