/** A federation founded with policies in CCL: real processes decide by them, and show them. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { encodeFile } from '@planetary-mesh/spec'
import { gone, pidsOf } from './processes.ts'
import { runHere } from './run-here.ts'
import { guest, type Started, scratchFolder, startMeshctl } from './start-meshctl.ts'

const scratch = scratchFolder()
const home = join(scratch, 'home')
const TIMEOUT = { timeout: 180_000 }
/** An `up` that stays, in another terminal. */
let up: Started
const run = (...args: string[]) => runHere(args, { meshHome: home })

function file(name: string, text: string): string {
  const path = join(scratch, name)
  writeFileSync(path, text)
  return path
}

after(() => {
  for (const pid of pidsOf(scratch)) process.kill(pid, 'SIGKILL')
})

const POOL = `policy pool for token("compute", scope: "coop:farm") {
  rule inside: allow when usage.total + request.amount <= cu(30) because "inside the quota";
  rule suspended: deny when caller in roles.suspended because "suspended by the assembly";
}
`

test('a file that cannot be in force founds nothing, and says why', async () => {
  const wrong = (text: string) => run('init', '--policy', file('wrong.ccl', text))
  const broken = await wrong('policy p { rule r: allow when usage.totl > cu(1); }')
  assert.equal(broken.status, 2)
  assert.match(broken.stderr, /CCL0\d{3}.*totl/)
  const asks = await wrong('policy p { input load: int; rule r: allow when load < 5; }')
  assert.equal(asks.status, 1)
  assert.match(asks.stderr, /POLICY_UNSUPPORTED.*asks for `load`/)
})

test('daemons refuse by the policy, with its words and numbers, and show it', TIMEOUT, async () => {
  const made = await run('init', '--policy', file('pool.ccl', POOL), '--json')
  assert.equal(made.status, 0, made.stderr)
  assert.equal(JSON.parse(made.stdout).token.scope, 'coop:farm')
  // nothing is run here: the log's writer need not judge, and starts without a sandbox
  const config = join(home, 'nodes/federation-1/config.toml')
  writeFileSync(config, readFileSync(config, 'utf8').replace(', "verifier"', ''))
  up = startMeshctl(['up', '--nodes', '1', '--federation', '1'], { meshHome: home })
  await up.saw('All 2 serve. Ctrl-C stops them.')
  const submit = (amount: string, ...more: string[]) => {
    const words = ['--wasm', guest('sum'), '--description', 'x', '--resource-amount', amount]
    return run('submit-job', ...words, ...more)
  }
  const refused = await submit('31')
  assert.equal(refused.status, 1)
  assert.match(
    refused.stderr,
    /POLICY_DENIED.*no rule of policy pool allows it: inside \(inside the quota\) did not; /,
  )
  assert.match(refused.stderr, /usage\.total 0, request\.amount 31/)
  assert.equal((await submit('20')).status, 0)
  assert.match((await submit('11')).stderr, /usage\.total 20, request\.amount 11/)
  const job = (more: string) =>
    file(
      'job.ccl',
      `execution {
        submit_job(
          wasm_cid: "${encodeFile(readFileSync(guest('sum'))).cid}",
          description: "x", resource_type: "compute", resource_amount: 5, priority: "low"
        );
        ${more}
      }
      selection cheapest { score: bid.price; order: "ascending"; }`,
    )
  const mint = job('mint_tokens("receipt", 1, "me");')
  const beyond = await run('submit-job', '--ccl', mint, '--dry-run')
  assert.equal(beyond.status, 1)
  assert.match(beyond.stderr, /EFFECT_UNSUPPORTED.*asks for mint_tokens/)
  const log = job('log("asked");')
  const dry = await run('submit-job', '--ccl', log, '--wasm', guest('sum'), '--dry-run')
  assert.match(dry.stderr, /job\.ccl: asked/)
  assert.match(dry.stdout.replace(/\s+/g, ' '), /best bid by its rule \(the selection cheapest\)/)
  const shown = await run('policy', 'show')
  assert.match(shown.stdout, /pool: inside allows, suspended denies/)
  assert.match(shown.stdout, /what decides is what this text compiles to/)
  assert.ok(shown.stdout.includes('because "suspended by the assembly";'))
})

test('attached processes end with an up that ends by SIGINT', TIMEOUT, async () => {
  const pids = pidsOf(home)
  assert.ok(pids.length >= 2)
  up.child.kill('SIGINT')
  const { status, signal } = await up.ended
  assert.deepEqual([status, signal], [null, 'SIGINT'])
  await gone(pids)
})
