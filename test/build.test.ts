// What is published runs without the checkout: every room is built, packed, unpacked into an empty
// tree where only its own dependencies are at hand, and used from there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { runHere, sharedSandbox } from '../meshctl/test/run-here.ts'
import { install, packed, ROOT, rooms, run, SCOPE, tree, work } from './installed.ts'

const openSandbox = sharedSandbox()

before(install)

test('a tarball holds what runs, its page and the licence, and neither source nor tests', () => {
  assert.deepEqual([...packed.keys()].sort(), [...rooms].sort())
  for (const [room, files] of packed) {
    for (const file of ['package.json', 'README.md', 'dist/LICENSE', 'dist/index.js']) {
      assert.ok(files.includes(file), `${room} lacks ${file}`)
    }
    const strange = files.filter(
      (file) => !/^(package\.json|README\.md|(dist|bin)\/.*)$/.test(file),
    )
    assert.deepEqual(strange, [], room)
    // a template is source, for whoever begins a job with it
    const ours = files.filter((file) => !file.startsWith('dist/examples/guests/'))
    const wrong = ours.filter((file) => /\.test\.|tsbuildinfo|\.map$|(?<!\.d)\.ts$/.test(file))
    assert.deepEqual(wrong, [], room)
  }
})

test('the installed meshctl brings the templates of jobs, and nothing that was built', () => {
  for (const lang of ['c', 'as', 'js']) {
    const { status, stdout, stderr } = run('new', 'job', '--lang', lang, `made-${lang}`)
    assert.equal(status, 0, stderr)
    assert.doesNotMatch(stdout, /node_modules|job\.wasm,|build,/)
  }
  const templates = (packed.get('meshctl') ?? []).filter((file) => file.includes('/guests/'))
  assert.ok(templates.includes('dist/examples/guests/assemblyscript/assembly/job.ts'))
  assert.ok(!templates.some((file) => file.endsWith('.wasm')))
})

test('every package can be imported from the empty tree', () => {
  for (const room of rooms) {
    const code = `console.log(Object.keys(await import('${SCOPE}/${room}')).length)`
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { cwd: tree, encoding: 'utf8' },
    )
    assert.equal(status, 0, `${room}: ${stderr}`)
    assert.ok(Number(stdout) > 0, `${room} exports nothing`)
  }
})

test('the installed meshctl helps, and ends with 2 on what it does not know', () => {
  const help = run('--help')
  assert.equal(help.status, 0, help.stderr)
  for (const command of ['demo', 'run', 'verify', 'receipt', 'ccl', 'put', 'get']) {
    assert.match(help.stdout, new RegExp(`\\b${command}\\b`))
  }
  assert.equal(run('no-such-command').status, 2)
})

test('the installed meshctl compiles CCL, and ends with 2 on a text that does not compile', () => {
  const good = join(ROOT, 'examples/01-voting-analysis/job.ccl')
  assert.deepEqual(
    { ...run('ccl', 'check', good), stdout: '' },
    { status: 0, stdout: '', stderr: '' },
  )
  const bad = join(work, 'bad.ccl')
  writeFileSync(bad, readFileSync(good, 'utf8').replace('submit_job', 'submit_jbo'))
  const refused = run('ccl', 'check', bad)
  assert.equal(refused.status, 2)
  assert.match(refused.stdout + refused.stderr, /bad\.ccl:\d+:\d+/)
})

test('the installed meshctl runs a module to the same result as the checkout', async () => {
  const guest = join(ROOT, 'runtime/test/guests/echo.wasm')
  for (const exitCode of [0, 3]) {
    const args = ['run', guest, '--arg', `${exitCode}`, '--arg', 'alpha', '--env', 'A=b', '--json']
    const here = run(...args)
    assert.equal(here.status, exitCode === 0 ? 0 : 1, here.stderr)
    const result = JSON.parse(here.stdout)
    assert.equal(result.exitCode, exitCode)
    assert.equal(result.stdout, `arg 0: job\narg 1: ${exitCode}\narg 2: alpha\nenv: A=b\n`)
    const checkout = await runHere(args, { cwd: tree, openSandbox })
    assert.deepEqual(JSON.parse(checkout.stdout), result)
  }
})

test('the installed meshctl finds the example it brings, all of it, before it shows anything', () => {
  const { status, stdout, stderr } = run('demo', '--extra', 'nobody=--version')
  assert.deepEqual([status, stdout], [2, ''])
  assert.match(stderr, /'nobody' is no process of the demo/)
})
