// Issue 5, point 5, over daemons: under a policy in CCL a job is refused with the rule and the
// numbers, one that is allowed is decided again by a verifier, and a log writer that allows what
// the policy denies is followed by no daemon, nor believed by whoever reads its log.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ledgerRole, verifierRole } from '@planetary-mesh/federation'
import { executorRole, homeRole } from '@planetary-mesh/mesh-node'
import { openExec } from '@planetary-mesh/peer'
import { openPolicies, RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import {
  type Answer,
  Award,
  type Block,
  type Call,
  type CID,
  type Policies,
  type Receipt,
  readPolicyHeader,
  seal,
} from '@planetary-mesh/spec'
import { runHere } from '../../meshctl/test/run-here.ts'
import { writeEvidence } from '../attacks/evidence.ts'
import { judge } from '../attacks/judge.ts'
import { oneSandbox } from '../attacks/one-sandbox.ts'
import type { Job } from '../mesh/jobs.ts'
import { refusedWith } from '../mesh/refused.ts'
import { policyOf } from '../policies/rules-in-force.ts'
import { found, HOME, ROLES, type Started, sealCharter, serveFrom } from './daemons.ts'
import { EXECUTOR } from './lying-executor.ts'
import { type Member, nextEvent, openMember, until } from './member.ts'
import {
  alice,
  BALLOTS,
  client,
  didOf,
  endOf,
  guest,
  issue,
  sealed,
  submit,
  TIMEOUT,
  writeHome,
} from './six.ts'

const POOL = `policy pool for token("compute", scope: "default") {
  rule inside: allow when usage.total + request.amount <= cu(250)
    because "inside the member quota";
  rule too_large: deny when request.amount > cu(150)
    because "one job takes too much of the pool" cite "bylaws §4";
}`
const DENIED = 151
const charter = sealCharter({ policies: [policyOf(POOL)] })
const token = issue({ charter: charter.cid })
const BATCH_MS = 20
const RESEND_MS = 500
const HOME_TIMES = {
  bidWindowMs: 30_000,
  rebidMs: 1000,
  resendMs: RESEND_MS,
  adoptMs: 60_000,
  submitTries: 10,
}
const honest = openPolicies()
let lies = false

/** Asks the policy; once it lies, whatever that denies was allowed by the first rule. */
const SWITCHED: Policies = {
  ...honest,
  decide(module, ...asked) {
    const decided = honest.decide(module, ...asked)
    if (!lies || decided.effect === 'allow') return decided
    const { rules } = readPolicyHeader(module)
    const statuses = rules.map((_, at) => (at === 0 ? ('fired' as const) : ('quiet' as const)))
    return { ...decided, effect: 'allow', rule: 0, error: null, statuses }
  },
}

let writer: Member
const members: Member[] = []
const daemons = new Map<string, Started>()

/** The log writer, in this process, is also one of the two verifiers that the charter asks for. */
before(async () => {
  const roles = [
    ledgerRole({ charter, batchMs: BATCH_MS, policies: SWITCHED }),
    verifierRole({ profile: RUNTIME_PROFILE, resendMs: RESEND_MS }),
  ]
  const listen = ['/ip4/127.0.0.1/tcp/0']
  writer = await openHere('federation-1', roles, { bootstrap: [], listen })
  const names = ['federation-2', 'mesh-node-1'] as const
  const [address = ''] = writer.node.multiaddrs()
  await Promise.all(
    names.map(async (name) => {
      await found(name, ROLES[name], {}, { under: charter })
      const started = await serveFrom(name, ['--bootstrap', address])
      await started.says('charter in force')
      daemons.set(name, started)
    }),
  )
  await writeHome(charter, token)
}, TIMEOUT)

after(async () => {
  for (const member of members) await member.close()
})

/** A member here; whoever it is, policies are asked through what lies when it is told to. */
async function openHere(
  name: 'federation-1' | 'mesh-node-3',
  roles: readonly unknown[],
  reach: { bootstrap: readonly string[]; listen?: readonly string[] },
): Promise<Member> {
  const sandbox = await oneSandbox()
  const member = await openMember(name, {
    ...reach,
    roles,
    under: charter,
    policies: SWITCHED,
    openExec: (given) => openExec({ ...given, sandbox }),
  })
  members.push(member)
  return member
}

const meshctl = (...args: string[]) => runHere(args, { meshHome: HOME, openSandbox: oneSandbox })

const jobOf = (amount: number, chooser: 'home' | 'submitter'): Job =>
  sealed({
    module: guest('sum'),
    args: ['/in/ballots'],
    inputs: { ballots: BALLOTS },
    chooser,
    amount,
    token,
  })

const loggedAt = ({ process }: Member, job: CID) => process.replica.ledger.jobs.get(`${job}`)

test(
  'a job that the policy denies is refused with the rule, its because and the numbers',
  TIMEOUT,
  async () => {
    const sum = join(import.meta.dirname, '../../runtime/test/guests/sum.wasm')
    const words = ['--wasm', sum, '--description', 'x', '--resource-amount', `${DENIED}`]
    const { status, stderr } = await meshctl('submit-job', ...words)
    assert.equal(status, 1)
    assert.match(stderr, /POLICY_DENIED/)
    assert.match(
      stderr,
      /rule too_large of policy pool: one job takes too much of the pool \(bylaws §4\)/,
    )
    assert.match(stderr, /usage\.total 0, request\.amount 151/)
  },
)

test(
  'a job that it allows is decided again by a verifier, and by who reads it',
  TIMEOUT,
  async () => {
    const job = await submit(jobOf(100, 'home'))
    assert.equal(await endOf(job), 'verified')
    const logged = loggedAt(writer, job.manifest.cid)
    assert.ok(logged)
    assert.deepEqual(logged.decision.record.body.rules, [
      { name: 'token', effect: 'allow' },
      { name: 'pool.inside', effect: 'allow' },
    ])
    const verdicts = logged.leases.flatMap(({ receipts }) => receipts[0]?.verdicts ?? [])
    const its = verdicts.find(({ record }) => record.author === didOf('federation-2'))
    assert.equal(its?.record.body.result, 'valid')
    const { status, stdout } = await meshctl('verify', `${job.manifest.cid}`, '--no-replay')
    assert.equal(status, 0)
    assert.match(stdout, /^Receipt anchored to DAG ✓\nReceipt verified by federation ✓$/m)
  },
)

test(
  'an allow where it denies: no executor runs it, no verifier judges it, no reader believes it',
  TIMEOUT,
  async () => {
    const nodes = [executorRole(EXECUTOR), homeRole(HOME_TIMES)]
    const accomplice = await openHere('mesh-node-3', nodes, { bootstrap: writer.node.multiaddrs() })
    lies = true
    const job = jobOf(DENIED, 'submitter')
    const { cid } = job.manifest
    await accomplice.node.blocks.put(job.blocks)
    await ask(accomplice, { type: 'submit', tokens: [], manifest: job.manifest, hold: job.hold })
    const logged = await until(writer.process, () => loggedAt(writer, cid))
    assert.equal(logged.decision.record.body.effect, 'allow')
    for (const [name, daemon] of daemons) {
      const { level, code } = await daemon.says('the log writer lied: the log stops here')
      assert.deepEqual([name, level, code], [name, 'error', 'DECISION_MISMATCH'])
    }
    await give(job, accomplice)
    const receipt = await until(accomplice.process, () => {
      const receipts = loggedAt(accomplice, cid)?.leases.flatMap((lease) => lease.receipts)
      return receipts?.find(({ verdicts }) => verdicts.length > 0)
    })
    const judges = receipt.verdicts.map(({ record }) => record.author)
    assert.deepEqual(judges, [didOf('federation-1')], 'the liar alone')
    for (const name of ['mesh-node-1', 'federation-2'] as const) {
      const { log } = await client(name).node()
      assert.equal(log.problem?.code, 'DECISION_MISMATCH')
      await assert.rejects(client(name).job(cid), refusedWith('JOB_UNKNOWN'))
    }
    const roots = [receipt.record.cid, accomplice.process.replica.head as CID, charter.cid] as const
    const car = await writeEvidence({
      roots,
      blocks: await blocksOf(accomplice, job, receipt.record),
    })
    const judged = await judge(car, charter.cid)
    const marks = [judged.anchored, judged.verified].map(({ mark, code }) => [mark, code])
    assert.deepEqual(marks, Array(2).fill(['✗', 'DECISION_MISMATCH']))
    assert.equal(judged.exit, 1)
    const { status, stdout } = await meshctl('verify', '--from', car, '--no-replay')
    assert.equal(status, 1)
    assert.match(stdout, /^Receipt verified by federation ✗ {2}DECISION_MISMATCH: /m)
  },
)

async function ask(member: Member, call: Call): Promise<Answer> {
  const answer = await member.process.call(call)
  assert.ok(answer.type !== 'refused', answer.type === 'refused' ? answer.error.detail : '')
  return answer
}

/** alice gives the job to the node that is her home, once it has bid on it. */
async function give({ manifest }: Job, home: Member): Promise<void> {
  for (;;) {
    const answer = await ask(home, { type: 'bids', job: manifest.cid })
    const bids = answer.type === 'bids' ? answer.bids : []
    const bid = bids.find(({ author }) => author === home.process.did)
    if (bid === undefined) {
      await nextEvent(home)
      continue
    }
    const body = { manifest: manifest.cid, bids: [bid.cid], ranking: [bid.cid], winner: bid.cid }
    const award = seal(Award, { ...body, reason: 'she knows it', logSize: 1 }, alice)
    await ask(home, { type: 'award', award })
    return
  }
}

/** Every block of the log and of the job's files. */
async function blocksOf(member: Member, job: Job, { body }: Receipt): Promise<Map<string, Block>> {
  const blocks = new Map(job.blocks.map((block) => [`${block.cid}`, block]))
  for await (const block of member.process.logBlocks(0)) blocks.set(`${block.cid}`, block)
  for (const { cid } of [body.result.stdout, body.result.stderr, body.result.output]) {
    const bytes = await member.node.blocks.get(cid)
    assert.ok(bytes)
    blocks.set(`${cid}`, { cid, bytes })
  }
  return blocks
}
