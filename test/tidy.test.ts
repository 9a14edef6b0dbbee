// The repository checks its own shape: which room may import which, where things are decided, how
// long a file may grow, what nothing is called. Each rule is first shown to find a planted fault.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { roomsOf } from '../tools/build.ts'
import * as tidy from '../tools/tidy/check.ts'
import {
  COLUMNS_MAX,
  INDEX_LINES_MAX,
  LINES_MAX,
  MAY_IMPORT,
  RULES_INDEX,
} from '../tools/tidy/house-rules.ts'
import { readSource, type Source } from '../tools/tidy/source.ts'

const ROOT = join(import.meta.dirname, '..')
const SKIPPED = ['node_modules', 'dist', '.git', 'build']

const sources = globSync('**/*.{ts,js,mjs}', {
  cwd: ROOT,
  exclude: (name) => SKIPPED.includes(name),
}).map((path) => readSource(path, readFileSync(join(ROOT, path), 'utf8')))

const dependencies = new Map(
  roomsOf(ROOT).map((room) => {
    const json = JSON.parse(readFileSync(join(ROOT, room, 'package.json'), 'utf8'))
    return [room, Object.keys(json.dependencies ?? {})]
  }),
)
const dependenciesOf = (source: Source) => dependencies.get(tidy.roomOf(source.path) ?? '') ?? []
const rulesIndex = sources.find(({ path }) => path === RULES_INDEX) as Source

/** Asserts that nothing in the repository breaks the rule. */
const holds = (rule: (source: Source) => string[]) =>
  assert.deepEqual(sources.flatMap(rule), [], 'see the rules in tools/tidy')

/** Asserts that the rule finds the planted text, with a sentence that matches, and only there. */
function finds(rule: (source: Source) => string[], path: string, text: string, sentence: RegExp) {
  const problems = rule(readSource(path, text))
  assert.equal(problems.length, 1, `${path}: ${JSON.stringify(problems)}\n${text}`)
  assert.match(problems[0] as string, sentence)
  assert.ok((problems[0] as string).startsWith(`${path}:`))
}

/** Asserts that the rule leaves the text in peace. */
const passes = (rule: (source: Source) => string[], path: string, text: string) =>
  assert.deepEqual(rule(readSource(path, text)), [])

test('the rules see the whole repository', () => {
  assert.deepEqual(roomsOf(ROOT).sort(), Object.keys(MAY_IMPORT).sort())
  for (const room of roomsOf(ROOT)) {
    assert.ok(
      sources.some(({ path }) => path.startsWith(`${room}/src/`)),
      room,
    )
  }
  assert.ok(sources.some(({ path }) => path === 'test/tidy.test.ts'))
  assert.ok(!sources.some(({ path }) => path.includes('node_modules')))
})

test('a file is read without its comments and without the insides of its strings', () => {
  const text = [
    "// import a from 'a'",
    "/* import b from 'b' */ const c = \"import c from 'c'\"",
    'const d = `import d from ${`${"Date"}` + e} Date`',
    "const f = /[/'\"]/g.test(x) ? 1 / 2 / y : 'g' // Date",
    "import { h, type I, j as k } from 'hjk'",
  ].join('\n')
  const source = readSource('a.ts', text)
  assert.deepEqual(
    source.imports.map(({ specifier, values }) => ({ specifier, values })),
    [{ specifier: 'hjk', values: ['h', 'j'] }],
  )
  assert.ok(!source.bare.includes('Date'))
  assert.ok(source.bare.includes('1 / 2 / y'))
  assert.equal(source.bare.length, text.length)
})

const arrows = (source: Source) => tidy.arrows(source, dependenciesOf(source))

test('a room imports only the rooms below it', () => {
  const up = "import { serve } from '@planetary-mesh/peer'\n"
  finds(arrows, 'spec/src/a.ts', up, /spec may not import peer/)
  finds(arrows, 'runtime/src/a.ts', up, /runtime may not import peer/)
  finds(arrows, 'federation/src/main.ts', up.replace('peer', 'mesh-node'), /not import mesh-node/)
  finds(arrows, 'spec/src/a.ts', up.replace('peer', 'spec'), /spec may not import spec/)
  passes(arrows, 'meshctl/src/a.ts', up)
})

test('an arrow is seen in every way to write an import', () => {
  for (const text of [
    "import '@planetary-mesh/peer'",
    "import type { Ports } from '@planetary-mesh/peer'",
    "import {\n  a,\n  b,\n} from '@planetary-mesh/peer'",
    "import * as peer from '@planetary-mesh/peer/shell'",
    "export * from '@planetary-mesh/peer'",
    "export { serve } from '@planetary-mesh/peer'",
    "const peer = await import('@planetary-mesh/peer/x')",
    "const path = import.meta.resolve('@planetary-mesh/peer')",
    "const peer = require('@planetary-mesh/peer')",
    "type Ports = import('@planetary-mesh/peer').Ports",
  ]) {
    finds(arrows, 'runtime/src/a.ts', text, /runtime may not import peer/)
  }
  finds(arrows, 'runtime/src/a.ts', 'await import(name)', /imports what is computed/)
})

test('a step of a role imports spec alone, its bin may import what acts', () => {
  for (const room of ['mesh-node', 'federation']) {
    const peer = "import { serve } from '@planetary-mesh/peer'"
    finds(arrows, `${room}/src/executor.ts`, peer, /is a step and imports peer/)
    finds(arrows, `${room}/src/executor.ts`, "import 'multiformats'", /a step and imports multif/)
    finds(arrows, `${room}/src/a.ts`, "import fs from 'node:fs'", /may not import node:fs/)
    passes(arrows, `${room}/src/main.ts`, peer)
    passes(arrows, `${room}/src/executor.ts`, "import { open } from '@planetary-mesh/spec'")
  }
})

test('meshctl names the bins of roles by path, and imports them never', () => {
  passes(arrows, 'meshctl/src/up.ts', "import.meta.resolve('@planetary-mesh/mesh-node/bin')")
  finds(arrows, 'meshctl/src/up.ts', "import '@planetary-mesh/mesh-node'", /may not import mesh-n/)
  finds(arrows, 'meshctl/src/up.ts', "import('@planetary-mesh/mesh-node/bin')", /may not import/)
})

test('what a room imports from others is a dependency of its own', () => {
  finds(arrows, 'runtime/src/a.ts', "import { z } from 'zod'", /imports zod, no dependency/)
  finds(arrows, 'peer/src/a.ts', "import x from '@ipld/dag-pb/x'", /imports @ipld\/dag-pb, no/)
  passes(arrows, 'spec/src/a.ts', "import { z } from 'zod/mini'")
})

test('builtins are named as such, and few in what is pure', () => {
  finds(arrows, 'peer/src/a.ts', "import fs from 'fs'", /without node:/)
  finds(arrows, 'spec/src/rules/a.ts', "import c from 'node:crypto'", /may not import node:crypto/)
  finds(arrows, 'spec/src/records/a.ts', "import fs from 'node:fs'", /may not import node:fs/)
  finds(arrows, 'ccl-compiler/src/a.ts', "import fs from 'node:fs'", /may not import node:fs/)
  passes(arrows, 'spec/src/records/a.ts', "import { verify } from 'node:crypto'")
  passes(arrows, 'peer/src/a.ts', "import fs from 'node:fs'")
})

test('no path leads out of a room', () => {
  const sentence = /reaches outside its room/
  finds(arrows, 'peer/src/a.ts', "import '../../spec/src/index.ts'", sentence)
  finds(arrows, 'peer/src/a.ts', "import '../test/a.ts'", sentence)
  finds(arrows, 'peer/src/a.ts', "new URL('../../runtime/x', import.meta.url)", sentence)
  finds(arrows, 'peer/src/a.ts', "import 'file:///x.js'", /imports by address/)
  passes(arrows, 'peer/src/memory/a.ts', "import '../ports.ts'")
})

test('every arrow of the repository is allowed', () => holds(arrows))

test('code that decides has no clock, no chance and no waiting', () => {
  for (const [text, word] of [
    ['const now = Date.now()', 'Date'],
    ['const x = Math.random()', 'Math.random'],
    ['process.nextTick(f)', 'process'],
    ['setTimeout(f, 1)', 'setTimeout'],
    ['export async function f() {}', 'async'],
    ['const p: Promise<void> = f()', 'Promise'],
    ['names.sort((a, b) => `${performance.now()}`)', 'performance'],
  ] as const) {
    for (const path of ['spec/src/rules/a.ts', 'mesh-node/src/home.ts', 'federation/src/a.ts']) {
      finds(tidy.purity, path, text, new RegExp(`uses ${word} where`))
    }
    passes(tidy.purity, 'peer/src/a.ts', text)
    passes(tidy.purity, 'federation/src/main.ts', text)
  }
  passes(tidy.purity, 'spec/src/rules/a.ts', '// a Date\nconst s = "await"\nlog.process(s)')
})

test('what decides is pure in the whole repository', () => holds(tidy.purity))

test('nothing decides outside of rules and steps', () => {
  const index = readSource(
    RULES_INDEX,
    "export { authorise, type Asked } from './authorise.ts'\n" +
      "export { jobStatus } from './job-status.ts'\nexport * from './tree.ts'",
  )
  const deciding = tidy.deciders(index)
  assert.deepEqual(deciding, ['authorise'])
  const rule = (source: Source) => tidy.decisions(source, deciding)
  const text = "import { authorise as may, seal } from '@planetary-mesh/spec'"
  finds(rule, 'meshctl/src/submit.ts', text, /imports authorise of spec: only steps decide/)
  finds(rule, 'peer/src/shell.ts', text, /only steps decide/)
  finds(rule, 'federation/src/main.ts', text, /only steps decide/)
  finds(rule, 'peer/src/a.ts', "import * as spec from '@planetary-mesh/spec'", /imports \* of spec/)
  finds(rule, 'peer/src/a.ts', "export * from '@planetary-mesh/spec'", /imports \* of spec/)
  finds(rule, 'peer/src/a.ts', "await import('@planetary-mesh/spec/rules')", /imports \* of spec/)
  passes(rule, 'federation/src/ledger.ts', text)
  passes(rule, 'meshctl/src/a.ts', "import { jobStatus, seal } from '@planetary-mesh/spec'")
  passes(rule, 'meshctl/src/a.ts', "import type { authorise } from '@planetary-mesh/spec'")
})

test('the rules are exported, and only steps use those that decide', () => {
  const deciding = tidy.deciders(rulesIndex)
  assert.ok(!deciding.includes('*'), `${RULES_INDEX} names what it exports`)
  for (const name of ['append', 'authorise', 'select', 'settleAmount'])
    assert.ok(deciding.includes(name), name)
  holds((source) => tidy.decisions(source, deciding))
})

test('files and lines are short', () => {
  const lines = (count: number) => 'x\n'.repeat(count)
  finds(tidy.sizes, 'peer/src/a.ts', lines(LINES_MAX + 1), /401 lines, at most 400/)
  passes(tidy.sizes, 'peer/src/a.ts', lines(LINES_MAX))
  finds(tidy.sizes, 'peer/src/index.ts', lines(INDEX_LINES_MAX + 1), /61 lines, at most 60/)
  finds(tidy.sizes, 'a.test.ts', `${'x'.repeat(COLUMNS_MAX + 1)}\n`, /101 columns, at most 100/)
  passes(tidy.sizes, 'a.test.ts', `// https://example.org/${'x'.repeat(COLUMNS_MAX)}\n`)
  holds(tidy.sizes)
})

test('nothing half-finished is left behind', () => {
  for (const word of ['TODO', 'FIXME', 'XXX', 'not implemented', 'a stub', 'placeholder']) {
    finds(tidy.leftovers, 'bench/a.ts', `// ${word}: later`, /leftover/)
  }
  finds(tidy.leftovers, 'peer/src/a.ts', 'console.log(1)', /leftover/)
  finds(tidy.leftovers, 'peer/src/a.ts', 'export default 1', /leftover/)
  finds(tidy.leftovers, 'peer/test/a.test.ts', "test.only('x', f)", /leftover/)
  passes(tidy.leftovers, 'tools/a.ts', 'console.log(1)')
  holds(tidy.leftovers)
})

test('no file holds what is true on one machine only', () => {
  finds(tidy.machines, 'README.md', 'see /root/mesh/spec', /README\.md:1: true on one machine/)
  finds(tidy.machines, 'package-lock.json', '"https://registry.npmjs.org/a"', /one machine only/)
  passes(tidy.machines, 'README.md', 'see `spec/src/index.ts`')
  const texts = globSync(['**/*.{c,ccl,csv,h,json,md,sh,toml,txt,wat,wit,yml}', '.ci/*'], {
    cwd: ROOT,
    exclude: (name) => SKIPPED.includes(name),
  }).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
  assert.deepEqual([...sources, ...texts].flatMap(tidy.machines), [])
})

test('names say something', () => {
  finds(tidy.names, 'peer/src/utils/bytes.ts', '', /utils is a name that says nothing/)
  finds(tidy.names, 'peer/src/helpers.ts', '', /helpers\.ts is a name that says nothing/)
  finds(tidy.names, 'peer/src/blockStore.ts', '', /not kebab-case/)
  finds(tidy.names, 'peer/src/a.ts', 'class BlockManager {}', /class BlockManager/)
  finds(tidy.names, 'peer/src/a.ts', 'interface IBlocks {}', /interface IBlocks/)
  passes(tidy.names, 'peer/src/in-memory-blocks.ts', 'interface Input {}\nclass Blocks {}')
  holds(tidy.names)
})

test('every file of source opens with what it is about', () => {
  finds(tidy.opening, 'peer/src/a.ts', "import 'node:fs'\n", /does not open with/)
  finds(tidy.opening, 'peer/src/a.ts', "import 'node:fs'\nconst a = 1 // one\n", /does not/)
  passes(tidy.opening, 'peer/src/a.ts', '/** What a peer is. */\n')
  passes(tidy.opening, 'peer/src/a.ts', "import { a } from 'b'\n\n/** A bid. */\nconst b = a")
  passes(tidy.opening, 'meshctl/bin/a.js', '#!/usr/bin/env node\n// Starts it.\n')
  holds(tidy.opening)
})

for (const room of roomsOf(ROOT)) {
  test(`${room} has a page for readers, and all that its index exports exists`, async () => {
    assert.ok(existsSync(join(ROOT, room, 'README.md')), `${room}/README.md`)
    const exported = await import(`@planetary-mesh/${room}`)
    assert.ok(Object.keys(exported).length > 0, `${room} exports nothing`)
  })
}
