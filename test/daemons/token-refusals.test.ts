// A job that its token does not pay for is refused by the ledger, whoever asks: a client written by
// hand that checks nothing, or a home that asks and announces by itself. Nobody else hears of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { before, test } from 'node:test'
import {
  type Block,
  type Code,
  Decision,
  encodeBlock,
  recordsMessage,
  seal,
} from '@planetary-mesh/spec'
import type { Job, JobPlan } from '../mesh/jobs.ts'
import { runOf, signerOf } from './daemons.ts'
import { addressOf, issue, sealed, TIMEOUT, token, up } from './six.ts'
import { openPeer, type TestPeer } from './test-peer.ts'

const mallory = signerOf('mallory')

type Refused = { what: string; code: Code; plan: () => JobPlan; values?: object }

const REFUSED: readonly Refused[] = [
  {
    what: 'above what is left on its token',
    code: 'TOKEN_EXHAUSTED',
    plan: () => ({ token: issue({ amount: 120 }), amount: 121 }),
    values: { asked: 121, available: 120, limit: 120 },
  },
  {
    what: 'with a token that has expired',
    code: 'TOKEN_EXPIRED',
    plan: () => ({ token: issue({ expiresAtMs: Date.now() - 1 }) }),
  },
  {
    what: 'with a token that its holder issued',
    code: 'TOKEN_ISSUER_UNKNOWN',
    plan: () => ({ token: issue({ holder: mallory.did }, mallory), signer: mallory }),
  },
  {
    what: "with somebody else's token",
    code: 'TOKEN_HOLDER_MISMATCH',
    plan: () => ({ token, signer: mallory }),
  },
  {
    what: 'in another scope than its token',
    code: 'TOKEN_SCOPE_MISMATCH',
    plan: () => ({ token, manifest: { scope: 'lab' } }),
  },
  {
    what: 'of another resource than its token',
    code: 'TOKEN_TYPE_MISMATCH',
    plan: () => ({ token, manifest: { resourceType: 'storage' } }),
  },
]

let listener: TestPeer

/** A log writer and a home are enough: neither runs anything here. */
before(async () => {
  await up(['mesh-node-1'], {
    'federation-1': { roles: ['ledger'] },
    'mesh-node-1': { roles: ['home'] },
  })
  listener = await openPeer('listener', { bootstrap: [addressOf('mesh-node-1')] })
}, TIMEOUT)

/** Whether it heard the job, or a word that names it. */
function isHeard({ manifest, hold }: Job): boolean {
  const names = [manifest, hold].flatMap(({ cid, bytes }) => [cid.bytes, bytes])
  return listener.heard.some((bytes) => names.some((name) => Buffer.from(bytes).includes(name)))
}

const announced = ({ manifest }: Job) =>
  listener.hears(({ type, opened: [first] }) =>
    type === 'announce' && first?.cid.equals(manifest.cid) ? true : undefined,
  )

/** The job that is heard afterwards went the same way: whatever came before it was heard before. */
async function assertUnheard(unheard: readonly Job[], heard: Job): Promise<void> {
  await announced(heard)
  assert.ok(isHeard(heard))
  for (const job of unheard) assert.equal(isHeard(job), false, `${job.manifest.cid}`)
}

test('a client that checks nothing is refused with the code and numbers', TIMEOUT, async () => {
  const refused: Job[] = []
  for (const { what, code, plan, values } of REFUSED) {
    const job = sealed(plan())
    refused.push(job)
    const { status, body } = await postJob(job)
    assert.deepEqual([status, body.error?.code], [403, code], what)
    if (values !== undefined) assert.deepEqual(body.error?.values, values)
    const again = await postJob(job)
    assert.equal(again.body.error?.code, code, `${what}, asked again`)
  }
  const good = sealed()
  const { status, body } = await postJob(good)
  assert.deepEqual([status, body.job], [201, `${good.manifest.cid}`])
  await assertUnheard(refused, good)
})

test('a home that asks and announces by itself is not heard either', TIMEOUT, async () => {
  const home = await openPeer('mallory', { bootstrap: [addressOf('federation-1')] })
  const ask = ({ token, hold, manifest }: Job) => home.append([token, hold], [manifest])
  const allowed = sealed()
  const decision = (await ask(allowed)).opened[0]
  assert.ok(decision?.kind === 'decision')
  const refused: Job[] = []
  for (const { what, code, plan } of REFUSED) {
    const job = sealed(plan())
    refused.push(job)
    const answer = await ask(job)
    assert.equal(answer.type === 'refused' && answer.error.code, code, what)
    const { manifest, hold } = job
    // a decision of her own, the one on another job, and none
    const own = seal(Decision, { ...decision.body, hold: hold.cid }, mallory)
    home.broadcast(recordsMessage('announce', [manifest, hold, own]))
    if (job !== refused[0]) continue
    home.broadcast(recordsMessage('announce', [manifest, hold, decision]))
    home.broadcast(recordsMessage('announce', [manifest, hold]))
  }
  home.broadcast(recordsMessage('announce', [allowed.manifest, allowed.hold, decision]))
  await assertUnheard(refused, allowed)
  await home.close()
})

type Answer = {
  status: number | undefined
  body: { job?: string; error?: { code: string; values: object } }
}

/** What any program can do that has read the OpenAPI document: one CAR file in one request. */
async function postJob({ token, manifest, hold }: Job): Promise<Answer> {
  const { url, token: bearer } = runOf('mesh-node-1').control
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/vnd.ipld.car' }
  const sent = request(`${url}/v0/jobs`, { method: 'POST', headers })
  sent.end(carOf(hold, [token, manifest, hold]))
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const parts: Buffer[] = []
  for await (const part of answer) parts.push(part)
  return { status: answer.statusCode, body: JSON.parse(Buffer.concat(parts).toString()) }
}

/** A CARv1 file: a header, then CID and bytes of each block, each with its length before it. */
function carOf(root: Block, blocks: readonly Block[]): Buffer {
  const header = encodeBlock({ version: 1, roots: [root.cid] }).bytes
  const frames = [header, ...blocks.map(({ cid, bytes }) => Buffer.concat([cid.bytes, bytes]))]
  return Buffer.concat(frames.flatMap((frame) => [lengthOf(frame), frame]))
}

/** An unsigned LEB128 number. */
function lengthOf({ length }: Uint8Array): Buffer {
  const bytes: number[] = []
  let left = length
  for (; left >= 0x80; left >>>= 7) bytes.push((left & 0x7f) | 0x80)
  return Buffer.from([...bytes, left])
}
