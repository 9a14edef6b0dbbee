/** Policies that use other texts: a federation is founded with them, and shown by them. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compile } from '@planetary-mesh/ccl-compiler'
import { cidOf } from '@planetary-mesh/spec'
import { openHome } from '../src/state/home.ts'
import { openJobsStage } from './jobs-stage.ts'
import { runHere } from './run-here.ts'
import { guest, scratchFolder } from './start-meshctl.ts'

const SHARED = 'const most: cu = cu(30);\n'
const CID = `${cidOf('raw', new TextEncoder().encode(SHARED))}`
const POOL = `use "${CID}" as coop;
policy pool for token("compute") {
  rule inside: allow when usage.total + request.amount <= coop.most because "inside";
}
`
const built = compile(POOL, { imports: (cid) => (cid === CID ? SHARED : undefined) })
assert.ok(built.ok && built.units[0] !== undefined)
const { wasm } = built.units[0]

const scratch = scratchFolder()

test('init compiles a policy with the texts beside it, and refuses it without them', async () => {
  const file = join(scratch, 'pool.ccl')
  writeFileSync(file, POOL)
  const home = join(scratch, 'home')
  const init = () => runHere(['init', '--policy', file], { meshHome: home })
  const alone = await init()
  assert.equal(alone.status, 2)
  assert.match(alone.stderr, /pool\.ccl:1:5: error CCL0542: the text bafk\S+ is not here/)
  assert.match(
    alone.stderr,
    /meshctl: \S+pool\.ccl does not compile: CCL0542, .*\n {2}next: put the /,
  )
  const beside = join(scratch, 'shared.ccl')
  writeFileSync(beside, `${SHARED}// another one\n`)
  assert.equal((await init()).status, 2, 'a text of another CID is another text')
  writeFileSync(beside, SHARED)
  const made = await init()
  assert.equal(made.status, 0, made.stderr)
  const { policies } = (await openHome({ folder: home })).charter().body
  const found = policies.find(({ policy }) => policy.type === 'ccl')?.policy
  assert.ok(found?.type === 'ccl')
  assert.deepEqual([found.source, Buffer.from(found.module)], [POOL, Buffer.from(wasm)])
})

const policyOf = (module: Uint8Array) => ({
  scope: 'default',
  resourceType: 'compute' as const,
  policy: { type: 'ccl' as const, module, source: POOL },
})

test('policy show compares the text with what decides, if what it uses is there', async (t) => {
  const stage = await openJobsStage({ charter: { policies: [policyOf(wasm)] } })
  t.after(() => stage[Symbol.asyncDispose]())
  const missing = await stage.run('policy', 'show')
  assert.equal(missing.status, 2)
  assert.match(missing.stdout, /pool: inside allows/)
  assert.match(missing.stdout, /not compared with what decides: what it uses is not in this folder/)
  assert.match(missing.stderr, /charter:1:5: error CCL0542: the text bafk\S+ is not here/)
  assert.equal((await stage.json('policy', 'show')).policies[0].policy.name, 'pool')
  stage.write('shared.ccl', SHARED)
  const shown = await stage.run('policy', 'show')
  assert.equal(shown.status, 0, shown.stderr)
  assert.match(shown.stdout, /what decides is what this text compiles to/)
})

test('policy show says so when the text is not what decides', async (t) => {
  const other = compile(POOL.replace('<= coop.most', '<= coop.most * 2'), {
    imports: () => SHARED,
  })
  assert.ok(other.ok && other.units[0] !== undefined)
  const stage = await openJobsStage({ charter: { policies: [policyOf(other.units[0].wasm)] } })
  t.after(() => stage[Symbol.asyncDispose]())
  stage.write('shared.ccl', SHARED)
  const { status, stdout } = await stage.run('policy', 'show')
  assert.equal(status, 0)
  assert.match(stdout, /this text does not compile to what decides/)
})

test('submit-job --ccl takes what the program uses from beside it', async (t) => {
  const stage = await openJobsStage()
  t.after(() => stage[Symbol.asyncDispose]())
  const module = stage.write('hello.wasm', readFileSync(guest('hello')))
  const program = stage.path('job.ccl')
  assert.equal((await stage.run('new', 'ccl', '--wasm', module, '-o', program)).status, 0)
  stage.write('job.ccl', `use "${CID}" as coop;\n${readFileSync(program, 'utf8')}`)
  const dryRun = () => stage.run('submit-job', '--ccl', program, '--dry-run')
  const missing = await dryRun()
  assert.equal(missing.status, 2)
  assert.match(missing.stderr, /job\.ccl:1:5: error CCL0542: the text bafk\S+ is not here/)
  stage.write('shared.ccl', SHARED)
  const found = await dryRun()
  assert.equal(found.status, 0, found.stderr)
})
