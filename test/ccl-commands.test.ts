/** `ccl` and `meshctl ccl`: what each command prints, and how it ends. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { meshctl, ROOT, scratchFolder } from '../meshctl/test/start-meshctl.ts'

const work = scratchFolder()
const example = (name: string) => join(ROOT, 'examples/ccl', name)
const ANNA = 'did:key:z6Mkq1gpNaM45qY7XAVp94m4FDWjKQqS4Ykcs7wJptatfguE'

const BIN = join(ROOT, 'ccl-compiler/bin/ccl.js')

function ccl(args: string[], input = '') {
  const words = ['--conditions=source', BIN, ...args]
  const options = { cwd: ROOT, encoding: 'utf8', input, timeout: 60_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, words, options)
  return { status, stdout, stderr }
}

const SAME: [args: string[], input: string][] = [
  [['check', example('quota.ccl'), '--json'], ''],
  [['check', '-'], 'execution { submit_jbo(); }'],
  [['eval', '-', '--set', 'caller=nobody'], 'policy p { rule a: deny; }'],
  [['chekc'], ''],
]

for (const [args, input] of SAME) {
  test(`ccl ${args[0]} is meshctl ccl ${args[0]}`, () => {
    const long = meshctl(['ccl', ...args], { input })
    const said = (text: string) => text.replaceAll('meshctl ccl', 'ccl')
    const { status, stdout, stderr } = ccl(args, input)
    assert.deepEqual([status, stdout, stderr], [long.status, said(long.stdout), said(long.stderr)])
    assert.notEqual(stdout + stderr, '')
  })
}

test('every command has a help with an example of itself, and takes nothing unknown', () => {
  const names = 'check lint build fmt test eval cost inspect'.split(' ')
  const { status, stdout } = ccl(['--help'])
  assert.equal(status, 0)
  assert.deepEqual(
    [...stdout.matchAll(/^ {2}(\w+) {2}/gm)].map(([, name]) => name),
    names,
  )
  for (const name of names) {
    const help = ccl([name, '--help'])
    assert.equal(help.status, 0)
    assert.match(help.stdout, new RegExp(`Example:\\n {2}\\$ npx ccl ${name} `))
  }
  const wrong = ccl(['fmt', '--repiar', '-'])
  assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
  assert.equal(wrong.stderr, "ccl: unknown option '--repiar' (Did you mean --repair?)\n")
  assert.match(ccl(['build', '-', '-o']).stderr, /^ccl: -o needs file\n$/)
  assert.match(ccl(['cost']).stderr, /missing required argument 'file'/)
  assert.match(ccl(['check', 'a', 'b']).stderr, /one file at a time, found 2/)
})

test('what cannot be read ends with 2, and says why', () => {
  const absent = ccl(['check', join(work, 'absent.ccl'), '--json'])
  assert.equal(absent.status, 2)
  assert.match(JSON.parse(absent.stdout).error.detail, /absent\.ccl': there is no such file/)
  const folder = ccl(['fmt', work])
  assert.match(folder.stderr, /it is a folder\n {2}next: check the path\n$/)
  writeFileSync(join(work, 'latin1.ccl'), Buffer.from('title: "Bär";', 'latin1'))
  assert.match(ccl(['check', join(work, 'latin1.ccl')]).stderr, /latin1\.ccl is not UTF-8 text/)
})

test('check counts what is in a text', () => {
  const { status, stdout } = ccl(['check', example('quota.ccl')])
  assert.deepEqual([status, stdout], [0, `${example('quota.ccl')}: ok, 1 policy, 5 test cases\n`])
})

test('lint ends with 1 if it has advice, and with 0 if not', () => {
  assert.equal(ccl(['lint', example('quota.ccl')]).status, 0)
  const { status, stderr } = ccl(['lint', '-'], 'policy p { rule a: allow; }')
  assert.equal(status, 1)
  assert.match(stderr, /warning CCL0701: rule `a` gives no reason/)
})

test('build writes the module of a policy, with its header', () => {
  const output = join(work, 'quota.wasm')
  const built = JSON.parse(ccl(['build', example('quota.ccl'), '-o', output, '--json']).stdout)
  assert.deepEqual([built.header.kind, built.header.name], ['policy', 'quota_pool'])
  assert.equal(readFileSync(output).length, built.bytes)
})

test('eval decides: 0 for allow, 1 for deny, with the rule and its reason', () => {
  const request = join(work, 'request.json')
  const usage = { total: 9_000 }
  writeFileSync(request, JSON.stringify({ caller: ANNA, request: { amount: 1_000 }, usage }))
  const ask = (...set: string[]) =>
    ccl(['eval', example('quota.ccl'), '-i', request, '--json', ...set.flatMap((s) => ['-s', s])])
  const allowed = ask()
  assert.equal(allowed.status, 0)
  assert.equal(JSON.parse(allowed.stdout).rule, 'under_quota')
  const denied = ask(`roles.suspended=["${ANNA}"]`)
  assert.equal(denied.status, 1)
  const said = JSON.parse(denied.stdout)
  assert.deepEqual([said.effect, said.rule, said.error], ['deny', 'suspended', null])
  assert.equal(said.rules[1].because, 'suspended by the assembly')
  const missing = ccl(['eval', example('quota.ccl')])
  assert.equal(missing.status, 2)
  assert.match(missing.stderr, /usage\.total: it is missing/)
})

test('eval shows what a policy asks for', () => {
  const set = [`approvals=["${ANNA}"]`, 'request.amount=5', `caller=${ANNA}`]
  const { stdout } = ccl(['eval', example('treasurers.ccl'), ...set.flatMap((s) => ['-s', s])])
  assert.match(stdout, /^allow by small_sums\n {2}because: small sums need no approval\n/)
  assert.doesNotMatch(stdout, /asks/)
})

test('test runs the tests of texts, and ends with 1 when one fails', () => {
  const { status, stdout } = ccl(['test', example('quota.ccl'), example('quorum.ccl')])
  assert.equal(status, 0)
  assert.match(stdout, /5 of 5 cases passed, 2 of 2 rules seen both ways/)
  const wrong = readFileSync(example('quota.ccl'), 'utf8').replace('cu(9_001)', 'cu(8_000)')
  const failed = ccl(['test', '-'], wrong)
  assert.equal(failed.status, 1)
  assert.match(failed.stdout, /✗ .*case one more\n +expected deny, found allow by under_quota/)
  assert.equal(JSON.parse(ccl(['test', '-', '--json'], wrong).stdout).files[0].failed, 1)
})

test('cost says how many steps each rule takes at most', () => {
  const { stdout } = ccl(['cost', example('quota.ccl')])
  assert.match(stdout, /under_quota +5\n/)
  const [unit] = JSON.parse(ccl(['cost', example('quota.ccl'), '--json']).stdout).units
  assert.equal(
    unit.steps,
    unit.rules.reduce((sum: number, { steps }: { steps: number }) => sum + steps, 0),
  )
})

test('inspect lists what nothing acts on', () => {
  const { stdout } = ccl(['inspect', example('default-weights.ccl')])
  assert.match(stdout, /^job "Data processing task": 1000 compute\n/)
  assert.match(stdout, /nothing acts on it:\n {2}title: "Bids by weight" \(line 2\)\n/)
})

test('fmt lays out, checks, and mends what mails left', () => {
  const file = join(work, 'votes.ccl')
  writeFileSync(file, 'title:\u00a0“Votes”;\r\njob{deadline:10min}\r\n')
  assert.equal(ccl(['fmt', file]).status, 2)
  assert.equal(ccl(['fmt', '--check', '--repair', file]).status, 1)
  assert.equal(ccl(['fmt', '--repair', file]).status, 0)
  assert.equal(readFileSync(file, 'utf8'), 'title: "Votes";\njob { deadline: 10min }\n')
  assert.equal(ccl(['fmt', '--check', file]).status, 0)
  assert.equal(ccl(['fmt', '-'], 'a{b:1}').stdout, 'a { b: 1 }\n')
  const laid = JSON.parse(ccl(['fmt', '-', '--json'], 'a{b:1}').stdout)
  assert.deepEqual(laid, { ok: true, files: [{ file: '-', changed: true, text: 'a { b: 1 }\n' }] })
})
