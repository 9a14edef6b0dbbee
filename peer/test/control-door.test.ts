// Who may ask the control API, and what is refused before anything is done: requests by hand.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { openControl } from '@planetary-mesh/peer/network'
import {
  Cancel,
  ErrorJson,
  encodeBlock,
  encodeFile,
  LIMITS,
  MEDIA,
  NodeJson,
  seal,
} from '@planetary-mesh/spec'
import { alice } from '../../test/mesh/people.ts'
import { ask, begin, openStand, type Raw, refusedWith, TOKEN } from './control-stage.ts'

const stand = await openStand()
after(() => stand[Symbol.asyncDispose]())
const { control, mesh } = stand
const { port } = control

/** Status and code of a refusal. */
const line = async (path: string, raw?: Raw) => (await refusedWith(control, path, raw)).line

/** The beginning of the answer to what is written to the port. */
async function sayRaw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(text)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return `${answer}`
}

const UNKNOWN_JOB = encodeBlock('no job').cid
const block = { 'content-type': MEDIA.block }
const car = { 'content-type': MEDIA.car }

test('with the token and the name of this host one is answered, by any of its names', async () => {
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `LOCALHOST:${port}`,
    `[::1]:${port}`,
  ]) {
    const { status, body } = await ask(control, '/v0/node', { headers: { host } })
    assert.equal(status, 200, host)
    assert.equal(NodeJson.parse(JSON.parse(`${body}`)).name, 'bruno')
  }
})

test('without the token, or with another, nobody is answered', async () => {
  assert.equal(await line('/v0/node', { tokenless: true }), '401 CONTROL_TOKEN_REFUSED')
  const tries = ['', 'Bearer', 'Bearer ', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN} y`]
  for (const authorization of [...tries, `Bearer ${TOKEN.slice(0, -1)}`, TOKEN]) {
    const refused = await refusedWith(control, '/v0/node', { headers: { authorization } })
    assert.equal(refused.line, '401 CONTROL_TOKEN_REFUSED', authorization)
    assert.equal(refused.headers['www-authenticate'], 'Bearer')
  }
  // whoever does not know it does not learn which paths there are
  assert.equal(await line('/v0/nothing', { tokenless: true }), '401 CONTROL_TOKEN_REFUSED')
  assert.equal(await line('/v0/openapi.json', { tokenless: true }), '401 CONTROL_TOKEN_REFUSED')
})

test('another host name is refused, as a page that rebinds its own would send', async () => {
  const hosts = ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`]
  for (const host of [...hosts, `localhost.evil.example:${port}`, `127.0.0.1:${port}:1`]) {
    const refused = await line('/v0/node', { headers: { host } })
    assert.equal(refused, '403 CONTROL_ORIGIN_REFUSED', host)
  }
})

test('no host name at all is refused', async () => {
  for (const version of ['1.0', '1.1']) {
    const head = `GET /v0/node HTTP/${version}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`
    assert.match(await sayRaw(head), /^HTTP\/1.1 403 /)
  }
})

test('a request target that names another host is refused', async () => {
  const path = `http://evil.example:${port}/v0/node`
  const { status } = await ask(control, path, { headers: { host: `evil.example:${port}` } })
  assert.equal(status, 403)
})

test('a page of another origin is refused, of this one it is answered', async () => {
  const host = `127.0.0.1:${port}`
  for (const origin of [
    'http://evil.example',
    'null',
    `https://${host}`,
    `http://localhost:${port}`,
  ]) {
    const refused = await refusedWith(control, '/v0/node', { headers: { host, origin } })
    assert.equal(refused.line, '403 CONTROL_ORIGIN_REFUSED', origin)
    assert.equal(refused.headers['access-control-allow-origin'], undefined)
  }
  const same = await ask(control, '/v0/node', { headers: { host, origin: `http://${host}` } })
  assert.equal(same.status, 200)
  assert.equal(same.headers['access-control-allow-origin'], undefined)
})

test('a preflight of a browser is answered with nothing that would let it on', async () => {
  const headers = { origin: `http://127.0.0.1:${port}`, 'access-control-request-method': 'POST' }
  const refused = await refusedWith(control, '/v0/jobs', { method: 'OPTIONS', headers })
  assert.equal(refused.line, '405 METHOD_REFUSED')
  assert.equal(refused.headers['access-control-allow-origin'], undefined)
})

test('no answer is kept by caches or taken for a page', async () => {
  const { headers } = await ask(control, '/v0/node')
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(headers['x-content-type-options'], 'nosniff')
})

test('an unknown path is 404, another method 405 with those that are answered', async () => {
  assert.equal(await line('/v0/nothing'), '404 REQUEST_UNKNOWN')
  assert.equal(await line('/'), '404 REQUEST_UNKNOWN')
  assert.equal(await line('/v1/node'), '404 REQUEST_UNKNOWN')
  for (const [method, path, allow] of [
    ['POST', '/v0/node', 'GET, HEAD'],
    ['DELETE', '/v0/jobs', 'POST, GET, HEAD'],
    ['GET', '/v0/awards', 'POST'],
    ['PUT', '/v0/blocks', 'POST'],
  ] as const) {
    const refused = await refusedWith(control, path, { method })
    assert.equal(refused.line, '405 METHOD_REFUSED')
    assert.equal(refused.headers.allow, allow)
  }
})

test('HEAD says what GET would, without a body', async () => {
  const { status, headers, body } = await ask(control, '/v0/node', { method: 'HEAD' })
  assert.equal(status, 200)
  assert.equal(headers['content-type'], MEDIA.json)
  assert.equal(body.length, 0)
})

test('parameters of another shape are refused', async () => {
  for (const path of [
    '/v0/jobs?limit=0',
    `/v0/jobs?limit=${LIMITS.controlListMax + 1}`,
    '/v0/jobs?limit=ten',
    '/v0/jobs?limit=1&limit=2',
    '/v0/jobs?limit=',
    '/v0/jobs?limit=1e1',
    '/v0/jobs?other=1',
    '/v0/node?limit=1',
    '/v0/tokens',
    '/v0/tokens?holder=alice',
    '/v0/log?from=-1',
    '/v0/log?via=fatou',
  ]) {
    assert.equal(await line(path), '400 REQUEST_MALFORMED', path)
  }
  assert.equal(await line('/v0/blocks/nonsense'), '400 CID_REFUSED')
  assert.equal((await ask(control, '/v0/jobs?limit=1')).status, 200)
})

test('a job, a block or a file that nobody has is 404', async () => {
  assert.equal(await line(`/v0/jobs/${UNKNOWN_JOB}`), '404 JOB_UNKNOWN')
  assert.equal(await line(`/v0/jobs/${UNKNOWN_JOB}/bids`), '404 JOB_UNKNOWN')
  assert.equal(await line(`/v0/jobs/${UNKNOWN_JOB}/events`), '404 JOB_UNKNOWN')
  assert.equal(await line(`/v0/blocks/${UNKNOWN_JOB}`), '404 BLOCK_MISSING')
  const file = encodeFile(new TextEncoder().encode('nowhere'))
  assert.equal(await line(`/v0/dag/${file.cid}`), '404 BLOCK_MISSING')
  // records are no files
  assert.equal(await line(`/v0/dag/${UNKNOWN_JOB}`), '400 CID_REFUSED')
})

test('a body of another media type is refused, and so is a compressed one', async () => {
  for (const headers of [
    {},
    car,
    { 'content-type': 'text/plain' },
    { 'content-type': MEDIA.json },
  ]) {
    const refused = await line('/v0/awards', { method: 'POST', headers, body: 'x' })
    assert.equal(refused, '415 MEDIA_REFUSED')
  }
  const headers = { ...block, 'content-encoding': 'gzip' }
  assert.equal(
    await line('/v0/awards', { method: 'POST', headers, body: 'x' }),
    '415 MEDIA_REFUSED',
  )
})

test('a record that is none is refused with what is wrong with it', async () => {
  const post = (path: string, body: Uint8Array) =>
    line(path, { method: 'POST', headers: block, body })
  assert.equal(await post('/v0/awards', new Uint8Array()), '400 BLOCK_MALFORMED')
  assert.equal(await post('/v0/awards', Uint8Array.of(0xff)), '400 BLOCK_MALFORMED')
  assert.equal(await post('/v0/awards', encodeBlock({ a: 1 }).bytes), '400 RECORD_MALFORMED')
  const cancel = seal(Cancel, { manifest: UNKNOWN_JOB }, alice)
  assert.equal(await post('/v0/awards', cancel.bytes), '400 RECORD_KIND_MISMATCH')
  const forged = Uint8Array.from(cancel.bytes)
  const at = Buffer.from(forged).indexOf('signature') + 'signature'.length + 2
  forged[at] = (forged[at] as number) ^ 1
  assert.equal(await post('/v0/cancels', forged), '400 SIGNATURE_INVALID')
  assert.equal(await post('/v0/cancels', cancel.bytes), '404 JOB_UNKNOWN')
})

test('a CAR file that is none is refused, and so is a submission without its records', async () => {
  const post = (body: Uint8Array) => line('/v0/jobs', { method: 'POST', headers: car, body })
  assert.equal(await post(new Uint8Array()), '400 FILE_MALFORMED')
  assert.equal(await post(Uint8Array.of(1, 2, 3)), '400 FILE_MALFORMED')
  assert.equal(await post(encodeBlock({ version: 2 }).bytes), '400 FILE_MALFORMED')
  const header = encodeBlock({ version: 1, roots: [UNKNOWN_JOB] }).bytes
  assert.equal(
    await post(Buffer.concat([Uint8Array.of(header.length), header])),
    '400 REQUEST_MALFORMED',
  )
})

test('a body above its limit is refused: at once where the head says so, else when it is', async () => {
  const tooMuch = Buffer.alloc(LIMITS.recordBytesMax + 1)
  const whole = await line('/v0/awards', { method: 'POST', headers: block, body: tooMuch })
  assert.equal(whole, '413 REQUEST_TOO_LARGE')
  const headers = { ...block, 'transfer-encoding': 'chunked' }
  const chunked = await line('/v0/awards', { method: 'POST', headers, body: tooMuch })
  assert.equal(chunked, '413 REQUEST_TOO_LARGE')
  // nothing of it was sent, and still it is answered
  const head = [
    'POST /v0/blocks HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${TOKEN}`,
    `Content-Type: ${MEDIA.car}`,
    `Content-Length: ${LIMITS.carBytesMax + 1}`,
  ]
  assert.match(await sayRaw(`${head.join('\r\n')}\r\n\r\n`), /^HTTP\/1.1 413 /)
})

test('invitations are refused where no admin key is held, and made where one is', async () => {
  const json = { 'content-type': MEDIA.json }
  const body = JSON.stringify({ role: 'executor', expiresInMs: 1000 })
  const raw = { method: 'POST', headers: json, body }
  assert.equal(await line('/v0/invites', raw), '404 REQUEST_UNKNOWN')
  const asked: unknown[] = []
  const invites = {
    invite: async (given: object) => {
      asked.push(given)
      return { line: 'mesh-join:abc', expiresAtMs: 5 }
    },
  }
  const [dora] = await stand.open('dora', { invites })
  const made = await ask(dora, '/v0/invites', raw)
  assert.equal(made.status, 201)
  assert.deepEqual(JSON.parse(`${made.body}`), { line: 'mesh-join:abc', expiresAtMs: 5 })
  assert.deepEqual(asked, [{ role: 'executor', expiresInMs: 1000 }])
  for (const body of ['', '{', '[]', '{"role":"king","expiresInMs":1}', '{"role":"executor"}']) {
    const refused = await refusedWith(dora, '/v0/invites', { ...raw, body })
    assert.equal(refused.line, '400 REQUEST_MALFORMED', body)
  }
})

test('more requests than may go on at once are refused with 503, and later ones answered', async () => {
  const never = Promise.withResolvers<undefined>()
  const { blocks } = mesh.machine('gita')
  const [control] = await stand.open('gita', { blocks: { ...blocks, get: () => never.promise } })
  const path = `/v0/blocks/${UNKNOWN_JOB}`
  const waiting = Array.from({ length: LIMITS.controlRequestsMax }, () => begin(control, path))
  const refused = async () => (await refusedWith(control, '/v0/node')).line
  let last = ''
  // the requests above are on their way
  for (let tries = 0; tries < 100 && last === ''; tries++) {
    const { status } = await ask(control, '/v0/node')
    if (status === 503) last = await refused()
  }
  assert.equal(last, '503 OVERLOADED')
  never.resolve(undefined)
  for (const { incoming } of await Promise.all(waiting)) {
    assert.equal(incoming.statusCode, 404)
    incoming.destroy()
  }
  let status = 503
  for (let tries = 0; tries < 100 && status === 503; tries++) {
    status = (await ask(control, '/v0/node')).status
  }
  assert.equal(status, 200)
})

test('a fault of the node is 500 with a code, and its log says why', async () => {
  const { blocks } = mesh.machine('emil')
  const get = async () => {
    throw new TypeError('a fault')
  }
  const [control] = await stand.open('emil', { blocks: { ...blocks, get } })
  const refused = await refusedWith(control, `/v0/blocks/${UNKNOWN_JOB}`)
  assert.equal(refused.line, '500 NODE_FAULT')
  assert.ok(!refused.error.detail.includes('a fault'))
  assert.ok(stand.notices.includes('a request failed: TypeError: a fault'))
})

test('a token that could be guessed, or is not one word, opens nothing', async () => {
  const { process, blocks } = mesh.machine('fatou')
  const options = {
    process,
    blocks,
    network: { isConnected: () => false, multiaddrs: () => [], pullLog: () => stand.client.log() },
    about: { name: 'fatou', roles: [], version: '', startedAtMs: 0 },
    storage: () => ({ usedBytes: 0, maxBytes: null }),
    port: 0,
    log: () => {},
  }
  for (const token of ['', 'short', 'with a space in the middle']) {
    await assert.rejects(openControl({ ...options, token }), /the token is long enough/)
  }
})

test('a target or a second header that names another host counts more than the first', async () => {
  const ours = `127.0.0.1:${port}`
  const evil = `evil.example:${port}`
  const head = (target: string, ...hosts: string[]) => {
    const lines = [`GET ${target} HTTP/1.1`, ...hosts.map((host) => `Host: ${host}`)]
    return `${[...lines, `Authorization: Bearer ${TOKEN}`].join('\r\n')}\r\n\r\n`
  }
  assert.match(await sayRaw(head(`http://${ours}/v0/node`, ours)), /^HTTP\/1\.1 200 /)
  for (const text of [
    head(`http://${evil}/v0/node`, ours),
    head(`http://${ours}@${evil}/v0/node`, ours),
    head(`https://${ours}/v0/node`, ours),
    head('/v0/node', ours, evil),
    head('/v0/node', ours, ours),
  ]) {
    assert.match(await sayRaw(text), /^HTTP\/1\.1 403 .*"CONTROL_ORIGIN_REFUSED"/s, text)
  }
})

test('a stranger has one answer for each connection', async () => {
  const one = `GET /v0/node HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
  const socket = connect(port, '127.0.0.1')
  socket.write(one.repeat(3))
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part)
  assert.equal(`${Buffer.concat(parts)}`.match(/HTTP\/1\.1 401 /g)?.length, 1)
})

test('what is no HTTP is refused as everything else is, by status and code', async () => {
  const head = `GET /v0/node HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`
  const wrong: [text: string, status: number, code: string][] = [
    ['\x16\x03\x01 hello\r\n\r\n', 400, 'REQUEST_MALFORMED'],
    [`${head}X : 1\r\n\r\n`, 400, 'REQUEST_MALFORMED'],
    [`${head}X: ${'x'.repeat(20_000)}\r\n\r\n`, 413, 'REQUEST_TOO_LARGE'],
  ]
  for (const [text, status, code] of wrong) {
    const answer = await sayRaw(text)
    const [top = '', body = ''] = answer.split('\r\n\r\n')
    assert.match(top, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.match(top, /content-type: application\/json/)
    assert.equal(ErrorJson.parse(JSON.parse(body)).error.code, code)
  }
})

test('who waits before sending a body hears first whether anybody would take it', async () => {
  const head = (...more: string[]) => {
    const lines = ['POST /v0/awards HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Content-Length: 1']
    return `${[...lines, ...more].join('\r\n')}\r\n\r\n`
  }
  const token = `Authorization: Bearer ${TOKEN}`
  const media = `Content-Type: ${MEDIA.block}`
  const waits = 'Expect: 100-continue'
  assert.match(await sayRaw(head(waits, media)), /^HTTP\/1\.1 401 /)
  assert.match(await sayRaw(head(waits, token, 'Content-Type: text/plain')), /^HTTP\/1\.1 415 /)
  assert.match(await sayRaw(head(waits, token, media)), /^HTTP\/1\.1 100 /)
})
