// What the pages say is so: each path and symbol they name exists, and each code they explain is
// used by the program and named by a test.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { CODES } from '@planetary-mesh/spec'
import { danglingNames } from '../tools/check-pages.ts'
import { ERRORS_PAGE, errorsPage } from '../tools/make-docs.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const find = (patterns: string[]) =>
  globSync(patterns, {
    cwd: ROOT,
    exclude: (name) => ['node_modules', 'dist', '.git'].includes(name),
  })

/** The codes of the table that some files name. */
const codesIn = (paths: readonly string[]) =>
  new Set(paths.flatMap((path) => read(path).match(/\b[A-Z][A-Z0-9_]{5,}\b/g) ?? []))

test('docs/errors.md is what the table of codes says', () => {
  assert.equal(read(ERRORS_PAGE), errorsPage(), 'run `npm run docs`')
  for (const code of Object.keys(CODES)) assert.ok(errorsPage().includes(`\`${code}\``), code)
})

test('each code is used somewhere in the program', () => {
  const used = codesIn(find(['*/src/**/*.ts']).filter((path) => path !== 'spec/src/codes.ts'))
  assert.deepEqual(
    Object.keys(CODES).filter((code) => !used.has(code)),
    [],
  )
})

test('each code is named in a test or a vector that a test reads', () => {
  const tests = find(['*/test/**/*.ts', 'test/**/*.ts', 'spec/vectors/*.json'])
  const named = codesIn(tests.filter((path) => path !== 'test/docs.test.ts'))
  assert.deepEqual(
    Object.keys(CODES).filter((code) => !named.has(code)),
    [],
  )
})

test('a page that names what is not there is caught', () => {
  const files = ['spec', 'spec/src/a.ts', 'index.ts']
  const there = {
    exists: (path: string) => files.includes(path),
    scripts: ['demo'],
    source: 'export function open(): Blocks {}',
  }
  const dangling = (page: string) => danglingNames(page, there)
  assert.deepEqual(dangling('`spec/src/a.ts`, `open(bytes)`, `Blocks`, `index.ts`, `spec`'), [])
  assert.deepEqual(dangling('`npm test`, `--json`, `*.car`, `mesh/0`, `/out/a.json`, `closed`'), [])
  assert.deepEqual(dangling('`spec/src/b.ts`'), ['spec/src/b.ts'])
  assert.deepEqual(dangling('`spec/wire`'), ['spec/wire'])
  assert.deepEqual(dangling('`peers/`'), ['peers/'])
  assert.deepEqual(dangling('`close()`, `Block` and `openBlocks`'), [
    'close()',
    'Block',
    'openBlocks',
  ])
  assert.deepEqual(dangling('[a](docs/x.md#y), [b](https://example.org)'), ['docs/x.md'])
  assert.deepEqual(dangling('```\nnpm run demo\nnpm run dmeo\n```'), ['npm run dmeo'])
})

for (const [page, linesMax] of [
  ['README.md', 150],
  ['ARCHITECTURE.md', 300],
] as const) {
  test(`${page} is short, and all that it names exists`, () => {
    assert.ok(existsSync(join(ROOT, page)), page)
    const text = read(page)
    const lines = text.replace(/\n$/, '').split('\n').length
    assert.ok(lines <= linesMax, `${page} has ${lines} lines, at most ${linesMax}`)
    const files = find(['**/*'])
    const names = new Set(files.map((file) => basename(file)))
    const there = {
      exists: (path: string) => existsSync(join(ROOT, path)) || names.has(path),
      scripts: Object.keys(JSON.parse(read('package.json')).scripts),
      source: files
        .filter((file) => /^[^/]+\/.*\.[tj]s$/.test(file))
        .map(read)
        .join('\n'),
    }
    assert.deepEqual(danglingNames(text, there), [])
  })
}
