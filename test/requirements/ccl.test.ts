// S1-5 and S1-6: a CCL program becomes the module that asks for the job, or says what is wrong.
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { evaluate } from '@planetary-mesh/runtime'
import { WebAssembly } from '../../ccl-compiler/test/engine.ts'
import { meshctl, scratchFolder } from '../../meshctl/test/start-meshctl.ts'
import { CID_TEXT, S1_PROGRAM, WRONG_TEXTS } from './wrong-texts.ts'

const FUEL_MAX = 1_000_000_000
const work = scratchFolder()

function built(text: string): Uint8Array {
  const result = compile(text, { file: 'job.ccl' })
  assert.ok(result.ok, formatDiagnostics(result.diagnostics, text))
  return result.wasm
}

test('S1-5 the program of S1 becomes a module that asks for exactly its five arguments', () => {
  const wasm = built(S1_PROGRAM)
  assert.equal(WebAssembly.validate(wasm), true)
  assert.deepEqual(evaluate(wasm, { fuelMax: FUEL_MAX }), [
    {
      wasm_cid: CID_TEXT,
      description: 'Data processing task',
      resource_type: 'compute',
      resource_amount: 1000,
      priority: 'medium',
    },
  ])
})

test('S1-5 the module imports host_submit_job and nothing else', () => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(built(S1_PROGRAM)))
  assert.deepEqual(imports, [{ module: 'mesh', name: 'host_submit_job', kind: 'function' }])
})

test('S1-5 a second program with other values gives those values', () => {
  const other = 'bafkreibkaenwfna6ygzuuraxevkc5wz27nlrremanyf5n7x3m4a6b6qpga'
  const text = S1_PROGRAM.replace(CID_TEXT, other)
    .replace('Data processing task', 'Zähle „alles“ zweimal')
    .replace('"compute"', '"storage"')
    .replace('1000', '7')
    .replace('"medium"', '"critical"')
  assert.deepEqual(evaluate(built(text), { fuelMax: FUEL_MAX }), [
    {
      wasm_cid: other,
      description: 'Zähle „alles“ zweimal',
      resource_type: 'storage',
      resource_amount: 7,
      priority: 'critical',
    },
  ])
})

test('S1-5 the same text gives the same bytes, another text others', () => {
  assert.deepEqual(built(S1_PROGRAM), built(S1_PROGRAM))
  assert.notDeepEqual(built(S1_PROGRAM), built(S1_PROGRAM.replace('1000', '1001')))
})

test('S1-6 at least fifteen texts are wrong in different ways', () => {
  assert.ok(WRONG_TEXTS.length >= 15)
  assert.equal(new Set(WRONG_TEXTS.map(({ text }) => text)).size, WRONG_TEXTS.length)
})

for (const { what, text, at, marked } of WRONG_TEXTS) {
  test(`S1-6 ${what}: an error at ${at} with caret and help, and no output`, () => {
    const result = compile(text, { file: 'job.ccl' })
    assert.equal(result.ok, false)
    assert.ok(!('wasm' in result))
    const [place, bar, line = '', caret = '', help = '', ...more] = formatDiagnostics(
      result.diagnostics,
      text,
    ).split('\n')
    assert.match(place ?? '', new RegExp(`^job\\.ccl:${at}: error CCL\\d{4}: .`))
    const [row = 0, column = 0] = at.split(':').map(Number)
    const gutter = `${row} | `.length + 1
    assert.equal(line, ` ${row} | ${text.split('\n')[row - 1]}`)
    assert.match(bar ?? '', /^ +\|$/)
    assert.equal(caret.indexOf('^'), gutter + column - 1, caret)
    const carets = caret.length - caret.indexOf('^')
    const over = line.slice(caret.indexOf('^'), caret.indexOf('^') + carets)
    if (marked !== '') assert.equal(over, marked)
    assert.match(help, /^ {2}= help: .+/)
    assert.equal(
      more.filter((rest) => rest.includes(': error ')).length,
      0,
      'one mistake, one error',
    )
  })
}

test('S1-6 a wrong file gives exit code 2 and the error, and no module is written', () => {
  const [wrong] = WRONG_TEXTS
  const file = join(work, 'wrong.ccl')
  const module = join(work, 'wrong.wasm')
  writeFileSync(file, wrong?.text ?? '')
  const { status, stdout, stderr } = meshctl(['ccl', 'build', file, '-o', module])
  assert.deepEqual([status, stdout], [2, ''])
  assert.ok(stderr.startsWith(`${file}:${wrong?.at}: error CCL`), stderr)
  assert.equal(existsSync(module), false)
})

test('S1-6 the text that is right is no error', () => {
  const file = join(work, 'right.ccl')
  const module = join(work, 'right.wasm')
  writeFileSync(file, S1_PROGRAM)
  assert.equal(meshctl(['ccl', 'build', file, '-o', module]).status, 0)
  assert.equal(existsSync(module), true)
})
