/** S1-7 and S1-8: what alice's command line says of a job and its bids, and what proves it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bid, encodeFile, Manifest, open, parseCid } from '@planetary-mesh/spec'
import { HOME, runOf } from '../daemons.ts'
import {
  alice,
  bidsOf,
  client,
  didOf,
  guest,
  knownAt,
  meshctl,
  NODES,
  pretend,
  six,
  submit,
  sum,
  TIMEOUT,
} from '../six.ts'

test('S1-7 submit-job gives an id that opens elsewhere as her manifest', TIMEOUT, async () => {
  await six()
  const file = join(HOME, 'example.wasm')
  const module = guest('sum')
  writeFileSync(file, module)
  const { exit, stdout, stderr } = await meshctl(
    ...['submit-job', '--wasm', file, '--description', 'Data analysis'],
    ...['--resource-amount', '500'],
  )
  assert.equal(exit, 0, stderr)
  const [, id = ''] = /^Job submitted successfully\nJob ID: (bafyrei\w{52})\n$/.exec(stdout) ?? []
  const cid = parseCid(id)
  assert.equal((await client('mesh-node-1').job(cid)).job, id)
  await knownAt('mesh-node-3', cid)
  const { author, body } = open(Manifest, await client('mesh-node-3').block(cid), { cid })
  assert.equal(author, alice.did)
  assert.deepEqual(body.module, { cid: encodeFile(module).cid, bytes: module.length })
  assert.deepEqual([body.description, body.amount], ['Data analysis', 500])
  assert.deepEqual([body.resourceType, body.scope, body.priority], ['compute', 'default', 'medium'])
  assert.equal(body.memoryPagesMax, 8192)
})

test('S1-8 nodes with room bid once, the one without says why', TIMEOUT, async () => {
  await six()
  const job = await submit(sum({ chooser: 'submitter', manifest: { memoryPagesMax: 8192 } }))
  const bidders = [didOf('mesh-node-1'), didOf('mesh-node-2')]
  await bidsOf(job, bidders)
  const { exit, stdout, stderr } = await meshctl('get-bids', '--job-id', `${job.manifest.cid}`)
  assert.equal(exit, 0, stderr)
  assert.match(stdout, /^\nNode ID +Bid +Est\. Time +Reputation +Location\n-{64}\n/)
  const rows = stdout.split('\n').slice(3, -1)
  assert.deepEqual(
    rows.map((row) => row.split(/ +/)[0]),
    ['mesh-node-1', 'mesh-node-2'],
  )
  for (const row of rows) assert.match(row, /^mesh-node-\d +100 +100s +\d+ *$/)
  const { bids, passes } = await client('mesh-node-1').bids(job.manifest.cid)
  assert.deepEqual(bids.map(({ bid }) => bid.author).sort(), bidders.sort())
  for (const { bid } of bids) {
    assert.deepEqual(open(Bid, bid.bytes, { cid: bid.cid }).body.manifest, job.manifest.cid)
  }
  assert.deepEqual(
    passes.map(({ node, code }) => [node, code]),
    [[didOf('mesh-node-3'), 'CAPACITY_MISSING']],
  )
})

test('S1-8 a bid that was altered on the way is not listed', TIMEOUT, async () => {
  await six()
  const job = await submit(sum({ chooser: 'submitter' }))
  await bidsOf(job, NODES.map(didOf))
  const { token } = runOf('mesh-node-1').control
  const proxy = alteringProxy().listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  try {
    const { port } = proxy.address() as AddressInfo
    pretend('altering', `http://127.0.0.1:${port}`, token, didOf('mesh-node-1'))
    const bidsFrom = async (node: string) => {
      const asked = ['--job-id', `${job.manifest.cid}`, '--node', node, '--json']
      const { bids, leftOut } = JSON.parse((await meshctl('get-bids', ...asked)).stdout)
      return [bids.length, leftOut]
    }
    assert.deepEqual(await bidsFrom('mesh-node-1'), [3, 0])
    assert.deepEqual(await bidsFrom('altering'), [2, 1])
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
})

/** Answers as mesh-node-1 does, but for one bit of one bid. */
function alteringProxy() {
  const { url, token } = runOf('mesh-node-1').control
  return createServer(async (request, response) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${url}${request.url}`, { headers })
    const type = answer.headers.get('content-type') ?? ''
    const text = await answer.text()
    response.writeHead(answer.status, { 'content-type': type })
    response.end(request.url?.endsWith('/bids') ? altered(text) : text)
  })
}

function altered(text: string): string {
  const told = JSON.parse(text)
  const bytes = Buffer.from(told.bids[0].block, 'base64')
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
  told.bids[0].block = bytes.toString('base64')
  return JSON.stringify(told)
}
