// What the client believes of a node that lies: nothing that it can check.
import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type ControlClient, openControlClient } from '@planetary-mesh/peer'
import {
  cidOf,
  encodeFile,
  JobJson,
  MEDIA,
  TokensJson,
  textOf,
  VerdictsJson,
} from '@planetary-mesh/spec'
import { makeBid, makeManifest, makeToken } from '../../spec/test/rules/world.ts'
import { carPieces } from '../src/control/car-stream.ts'
import { readEvents } from '../src/control/event-stream.ts'
import { refuses, TOKEN } from './control-stage.ts'

/** A client of a server that answers as the test says. */
async function clientOf(t: TestContext, answer: RequestListener): Promise<ControlClient> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = openControlClient({ url: `http://127.0.0.1:${port}`, token: TOKEN })
  t.after(() => {
    client.close()
    server.closeAllConnections()
    server.close()
  })
  return client
}

/** Answers everything with this. */
const says =
  (body: unknown, media: string = MEDIA.json, status = 200): RequestListener =>
  (_, outgoing) => {
    outgoing.writeHead(status, { 'content-type': media })
    const isBytes = body instanceof Uint8Array || typeof body === 'string'
    outgoing.end(isBytes ? body : JSON.stringify(body))
  }

const utf8 = (text: string) => new TextEncoder().encode(text)
const base64 = ({ bytes }: { bytes: Uint8Array }) => Buffer.from(bytes).toString('base64')
const TRUE = encodeFile(utf8('the truth'))
const MANIFEST = makeManifest(makeToken())
const OTHER = makeManifest(makeToken(), { nonce: new Uint8Array(16).fill(7) })

const job = (over: object) => ({
  job: textOf(MANIFEST.cid),
  manifest: base64(MANIFEST),
  status: { state: 'submitted' },
  phase: null,
  detail: null,
  waitingFor: null,
  ...over,
})

test('a block that is another is refused', async (t) => {
  const honest = await clientOf(t, says(utf8('the truth'), MEDIA.raw))
  assert.deepEqual(await honest.block(TRUE.cid), utf8('the truth'))
  const lying = await clientOf(t, says(utf8('a lie'), MEDIA.raw))
  await refuses(() => lying.block(TRUE.cid), 'BLOCK_CID_MISMATCH')
  const endless = await clientOf(t, says(new Uint8Array(3 * 1024 * 1024), MEDIA.raw))
  await refuses(() => endless.block(TRUE.cid), 'BLOCK_TOO_LARGE')
})

test('a manifest that is not the one asked for is refused, and so is one that was altered', async (t) => {
  const honest = await clientOf(t, says(JobJson.parse(job({}))))
  assert.ok((await honest.job(MANIFEST.cid)).manifest?.cid.equals(MANIFEST.cid))
  const other = await clientOf(t, says(job({ manifest: base64(OTHER) })))
  await refuses(() => other.job(MANIFEST.cid), 'BLOCK_CID_MISMATCH')
  const another = job({ job: textOf(OTHER.cid), manifest: base64(OTHER) })
  const answersAnother = await clientOf(t, says(another))
  await refuses(() => answersAnother.job(MANIFEST.cid), 'LINK_MISMATCH')
  const shapeless = await clientOf(t, says(job({ status: { state: 'happy' } })))
  await refuses(() => shapeless.job(MANIFEST.cid), 'RECORD_MALFORMED')
})

test('bids that do not verify, or are on another job, are left out and reported', async (t) => {
  const good = makeBid(MANIFEST)
  const forged = Uint8Array.from(makeBid(MANIFEST).bytes)
  const at = Buffer.from(forged).indexOf('signature') + 'signature'.length + 2
  forged[at] = (forged[at] as number) ^ 1
  const blocks = [base64(good), base64({ bytes: forged }), base64(makeBid(OTHER)), 'AA==', '']
  const bids = blocks.map((block) => ({ block, reputation: 50 }))
  const client = await clientOf(t, says({ bids, passes: [], closed: true, remembered: true }))
  const view = await client.bids(MANIFEST.cid)
  assert.deepEqual(
    view.bids.map(({ bid }) => textOf(bid.cid)),
    [textOf(good.cid)],
  )
  assert.deepEqual(
    view.refused.map(({ code }) => code),
    ['SIGNATURE_INVALID', 'LINK_MISMATCH', 'RECORD_MALFORMED', 'BLOCK_MALFORMED'],
  )
})

test('tokens and verdicts that are none are refused', async (t) => {
  const counts = { free: 1, held: 0, spent: 0, returned: 0 }
  const tokens = { tokens: [{ block: base64(MANIFEST), ...counts }] }
  const client = await clientOf(t, says(TokensJson.parse(tokens)))
  await refuses(() => client.tokens(MANIFEST.author), 'RECORD_KIND_MISMATCH')
  const receipt = { job: textOf(MANIFEST.cid), receipt: textOf(OTHER.cid), threshold: 1 }
  const verdicts = { receipts: [{ ...receipt, verdicts: [base64(MANIFEST)] }] }
  const other = await clientOf(t, says(VerdictsJson.parse(verdicts)))
  await refuses(() => other.verdicts(), 'RECORD_KIND_MISMATCH')
})

test('a file that holds what is no part of it is refused, in place of a part or after it', async (t) => {
  const lie = encodeFile(utf8('a lie'))
  for (const blocks of [lie.blocks, [...TRUE.blocks, ...lie.blocks]]) {
    const parts: Uint8Array[] = []
    for await (const piece of carPieces([TRUE.cid], blocks)) parts.push(piece)
    const client = await clientOf(t, says(Buffer.concat(parts), MEDIA.car))
    await refuses(async () => {
      for await (const { cid } of client.dag(TRUE.cid)) assert.ok(cid.equals(TRUE.cid))
    }, 'BLOCK_CID_MISMATCH')
  }
})

test('a log of which a block is altered is refused where it stands', async (t) => {
  const parts: Uint8Array[] = []
  const blocks = [
    ...encodeFile(utf8('one')).blocks,
    { cid: cidOf('raw', utf8('x')), bytes: utf8('y') },
  ]
  for await (const piece of carPieces([], blocks)) parts.push(piece)
  const client = await clientOf(t, says(Buffer.concat(parts), MEDIA.car))
  let taken = 0
  await refuses(async () => {
    for await (const _ of client.log()) taken += 1
  }, 'BLOCK_CID_MISMATCH')
  assert.equal(taken, 1)
})

test('where nobody answers, or something else does, the node is away', async (t) => {
  const gone = openControlClient({ url: 'http://127.0.0.1:1', token: TOKEN })
  await refuses(() => gone.node(), 'NODE_AWAY')
  const page = await clientOf(t, says('<html>', 'text/html'))
  await refuses(() => page.node(), 'NODE_AWAY')
  const elsewhere = await clientOf(t, says('<html>', 'text/html', 404))
  await refuses(() => elsewhere.node(), 'NODE_AWAY')
  const cut = await clientOf(t, (_, outgoing) => {
    outgoing.writeHead(200, { 'content-type': MEDIA.json, 'content-length': 100 })
    outgoing.write('{')
    setImmediate(() => outgoing.destroy())
  })
  await refuses(() => cut.node(), 'NODE_AWAY')
  const redirecting = await clientOf(t, (_, outgoing) => {
    outgoing.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()
  })
  await refuses(() => redirecting.node(), 'NODE_AWAY')
})

test('a refusal comes with its numbers; a code that nobody knows is no refusal of a node', async (t) => {
  const values = { asked: 5, available: 3 }
  const error = { code: 'TOKEN_EXHAUSTED', detail: '5 asked, 3 left', values }
  const client = await clientOf(t, says({ error }, MEDIA.json, 403))
  await assert.rejects(client.node(), {
    code: 'TOKEN_EXHAUSTED',
    detail: '5 asked, 3 left',
    values,
  })
  const odd = await clientOf(t, says({ error: { ...error, code: 'MADE_UP' } }, MEDIA.json, 403))
  await refuses(() => odd.node(), 'RECORD_MALFORMED')
})

test('a client that was closed asks nothing more, and ends what it was asking', async (t) => {
  const asked = Promise.withResolvers<void>()
  const client = await clientOf(t, () => asked.resolve())
  const waiting = client.node()
  const ended = refuses(() => waiting, 'NODE_AWAY')
  await asked.promise
  client.close()
  await ended
  await refuses(() => client.node(), 'NODE_AWAY')
})

test('events are read however they are cut into chunks, with either line end', async () => {
  const text =
    ': hello\r\nid: 1\nevent: status\ndata: ä1\ndata:2\n\n\n: x\n\ndata: {"a": "b: c"}\r\n\r\ndata: half'
  const bytes = utf8(text)
  const wanted = [
    { event: 'status', data: 'ä1\n2' },
    { event: 'message', data: '{"a": "b: c"}' },
  ]
  for (let size = 1; size <= bytes.length; size++) {
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
    }
    const seen = []
    for await (const event of readEvents(chunks())) seen.push(event)
    assert.deepEqual(seen, wanted, `in chunks of ${size}`)
  }
})
