/** A federation founded with policies in CCL: real processes decide by them, and show them. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { encodeFile } from '@planetary-mesh/spec'
import { pidsOf } from './processes.ts'
import { guest, meshctl, scratchFolder } from './start-meshctl.ts'

const scratch = scratchFolder()
const home = join(scratch, 'home')
const TIMEOUT = { timeout: 180_000 }
const run = (...args: string[]) => meshctl(args, { meshHome: home })

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

test('a file that cannot be in force founds nothing, and says why', () => {
  const wrong = (text: string) => run('init', '--policy', file('wrong.ccl', text))
  const broken = wrong('policy p { rule r: allow when usage.totl > cu(1); }')
  assert.equal(broken.status, 2)
  assert.match(broken.stderr, /CCL0\d{3}.*totl/)
  const asks = wrong('policy p { input load: int; rule r: allow when load < 5; }')
  assert.equal(asks.status, 1)
  assert.match(asks.stderr, /POLICY_UNSUPPORTED.*asks for `load`/)
})

test('daemons refuse by the policy, with its words and numbers, and show it', TIMEOUT, () => {
  const made = run('init', '--policy', file('pool.ccl', POOL), '--json')
  assert.equal(made.status, 0, made.stderr)
  assert.equal(JSON.parse(made.stdout).token.scope, 'coop:farm')
  assert.equal(run('up', '--nodes', '1', '--federation', '1', '--detach').status, 0)
  const submit = (amount: string, ...more: string[]) => {
    const words = ['--wasm', guest('sum'), '--description', 'x', '--resource-amount', amount]
    return run('submit-job', ...words, ...more)
  }
  const refused = submit('31')
  assert.equal(refused.status, 1)
  assert.match(
    refused.stderr,
    /POLICY_DENIED.*no rule of policy pool allows it: inside \(inside the quota\) did not; /,
  )
  assert.match(refused.stderr, /usage\.total 0, request\.amount 31/)
  assert.equal(submit('20').status, 0)
  assert.match(submit('11').stderr, /usage\.total 20, request\.amount 11/)
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
  const beyond = run('submit-job', '--ccl', job('mint_tokens("receipt", 1, "me");'), '--dry-run')
  assert.equal(beyond.status, 1)
  assert.match(beyond.stderr, /EFFECT_UNSUPPORTED.*asks for mint_tokens/)
  const dry = run('submit-job', '--ccl', job('log("asked");'), '--wasm', guest('sum'), '--dry-run')
  assert.match(dry.stderr, /job\.ccl: asked/)
  assert.match(dry.stdout.replace(/\s+/g, ' '), /best bid by its rule \(the selection cheapest\)/)
  const shown = run('policy', 'show')
  assert.match(shown.stdout, /pool: inside allows, suspended denies/)
  assert.match(shown.stdout, /what decides is what this text compiles to/)
  assert.ok(shown.stdout.includes('because "suspended by the assembly";'))
  assert.equal(run('down').status, 0)
})
