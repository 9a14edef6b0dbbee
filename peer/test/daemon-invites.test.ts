// Letting in: an admin's process invites by a line, a newcomer brings its secret once, and the
// charter has one member more. Who comes too late, twice, or under a taken name stays outside.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ledgerRole } from '@planetary-mesh/federation'
import {
  openMemoryDisk,
  openMemoryHub,
  openSystemClock,
  parseJoinLine,
  serve,
} from '@planetary-mesh/peer'
import {
  Charter,
  charterNow,
  type Did,
  decodeBlock,
  encodeBlock,
  hasRole,
  type Role,
  type Signer,
  seal,
  signerFromSeed,
} from '@planetary-mesh/spec'
import { alice, CHARTER, dora, membersWith } from '../../spec/test/rules/world.ts'
import { openInvites } from '../src/daemon/invites.ts'
import { refuses } from './exams/refuses.ts'

const folder = mkdtempSync(join(tmpdir(), 'mesh-invites-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const HOUR_MS = 3_600_000
const newcomer = (count: number) => signerFromSeed(new Uint8Array(32).fill(count)).did
const signal = () => AbortSignal.timeout(20_000)

/** dora writes the log and, if the charter says so, is an admin. */
async function openAdmin(file: string, genesis = adminCharter()) {
  const disk = openMemoryDisk()
  const clock = openSystemClock()
  const process = await serve([ledgerRole({ charter: genesis, batchMs: 1 }) as Role], {
    signer: dora,
    genesis: genesis.cid,
    writer: dora.did,
    ports: {
      blocks: disk.openBlocks(),
      journal: disk.openJournal(),
      transport: openMemoryHub().join(dora.did),
      clock,
      exec: { run: () => Promise.reject(new Error('nothing runs')), close: async () => {} },
    },
  })
  const now = { ms: 1_800_000_000_000 }
  const opened: string[] = []
  const invites = await openInvites({
    file: join(folder, file),
    signer: dora,
    process,
    genesis,
    addresses: () => ['/ip4/192.0.2.1/tcp/4801'],
    nowMs: () => now.ms,
    onOpen: async () => void opened.push('open'),
  })
  const read = Promise.withResolvers<void>()
  const look = () => {
    if (process.replica.ledger.charters.length > 0) read.resolve()
  }
  process.watch(look)
  look()
  await read.promise
  const ask = (from: Did, line: string, name: string, role = 'executor') => {
    const { secret } = parseJoinLine(line)
    const question = encodeBlock({ secret, name, role, location: 'lab' }).bytes
    return invites.answer(from, question, signal())
  }
  const charter = () => charterNow(process.replica.ledger)
  return { process, invites, now, opened, ask, charter, [Symbol.asyncDispose]: process.close }
}

function adminCharter(admin: Signer = dora): Charter {
  const roles = ['ledger', 'witness', 'verifier', 'admin']
  return seal(Charter, { ...CHARTER.body, members: membersWith(CHARTER, admin, roles) }, alice)
}

test('who brings the secret is a member with the roles of the invite', async () => {
  await using admin = await openAdmin('one.json')
  const { line, expiresAtMs } = await admin.invites.invite({ role: 'executor', expiresInMs: 1000 })
  assert.equal(expiresAtMs, admin.now.ms + 1000)
  const did = newcomer(1)
  const answer = decodeBlock(await admin.ask(did, line, 'node-1'))
  assert.deepEqual(Object(answer).addresses, ['/ip4/192.0.2.1/tcp/4801'])
  assert.equal(Object(answer).charter.length > 0, true)
  assert.deepEqual(
    [true, true, false],
    [
      hasRole(admin.charter(), did, 'executor'),
      hasRole(admin.charter(), did, 'home'),
      hasRole(admin.charter(), did, 'admin'),
    ],
  )
  assert.equal(admin.charter().body.version, 1)
})

test('a secret works for one key; the same key may ask again', async () => {
  await using admin = await openAdmin('two.json')
  const { line } = await admin.invites.invite({ role: 'verifier', expiresInMs: HOUR_MS })
  await refuses(() => admin.ask(newcomer(1), line, 'node-1', 'executor'), 'ROLE_NOT_INVITED')
  await refuses(() => admin.ask(newcomer(1), line, 'dora', 'verifier'), 'NAME_TAKEN')
  await admin.ask(newcomer(1), line, 'node-1', 'verifier')
  await refuses(() => admin.ask(newcomer(2), line, 'node-2', 'verifier'), 'INVITE_UNKNOWN')
  await admin.ask(newcomer(1), line, 'node-1', 'verifier')
  assert.equal(admin.charter().body.version, 1)
})

test('two who come at once are both let in, one after the other', async () => {
  await using admin = await openAdmin('both.json')
  const invite = () => admin.invites.invite({ role: 'executor', expiresInMs: HOUR_MS })
  const [first, second] = [await invite(), await invite()]
  await Promise.all([
    admin.ask(newcomer(1), first.line, 'node-1'),
    admin.ask(newcomer(2), second.line, 'node-2'),
  ])
  assert.equal(admin.charter().body.version, 2)
  assert.equal(admin.charter().body.members.length, CHARTER.body.members.length + 2)
})

test('invites that are made at once, and used while others are made, are all kept', async () => {
  await using admin = await openAdmin('many.json')
  const invite = () => admin.invites.invite({ role: 'executor', expiresInMs: HOUR_MS })
  const made = await Promise.all([invite(), invite(), invite()])
  await Promise.all([
    ...made.map(({ line }, index) => admin.ask(newcomer(index + 1), line, `node-${index + 1}`)),
    invite(),
  ])
  assert.equal(admin.charter().body.version, 3)
  const { invites } = JSON.parse(readFileSync(join(folder, 'many.json'), 'utf8'))
  const used = invites.map(({ usedBy }: { usedBy: string | null }) => usedBy)
  assert.deepEqual(used.toSorted(), [...[1, 2, 3].map(newcomer), null].toSorted())
})

test('after its time an invite lets nobody in, and a made-up one never does', async () => {
  await using admin = await openAdmin('late.json')
  const { line } = await admin.invites.invite({ role: 'executor', expiresInMs: 1000 })
  admin.now.ms += 1000
  await refuses(() => admin.ask(newcomer(1), line, 'node-1'), 'INVITE_EXPIRED')
  const secret = new Uint8Array(32).fill(9)
  const question = { secret, name: 'node-1', role: 'executor', location: '' }
  const made = encodeBlock(question).bytes
  await refuses(() => admin.invites.answer(newcomer(1), made, signal()), 'INVITE_UNKNOWN')
  const short = encodeBlock({ ...question, secret: new Uint8Array(31) }).bytes
  await refuses(() => admin.invites.answer(newcomer(1), short, signal()), 'RECORD_MALFORMED')
  assert.equal(admin.charter().body.version, 0)
})

test('a restart keeps open invites and used ones, and no secret lies in the file', async () => {
  let line = ''
  let used = ''
  {
    await using admin = await openAdmin('kept.json')
    line = (await admin.invites.invite({ role: 'executor', expiresInMs: HOUR_MS })).line
    used = (await admin.invites.invite({ role: 'executor', expiresInMs: HOUR_MS })).line
    await admin.ask(newcomer(1), used, 'node-1')
    assert.deepEqual(admin.opened, ['open', 'open'])
  }
  const text = readFileSync(join(folder, 'kept.json'), 'utf8')
  const { secret } = parseJoinLine(line)
  for (const encoding of ['hex', 'base64', 'base64url'] as const) {
    assert.equal(text.includes(Buffer.from(secret).toString(encoding)), false)
  }
  await using again = await openAdmin('kept.json')
  assert.deepEqual(again.opened, ['open'])
  await refuses(() => again.ask(newcomer(3), used, 'node-3'), 'INVITE_UNKNOWN')
  await again.ask(newcomer(2), line, 'node-2')
  assert.ok(hasRole(again.charter(), newcomer(2), 'executor'))
})

test('only an admin invites, only into roles that may be given, only for a while', async () => {
  await using plain = await openAdmin('plain.json', CHARTER)
  const invite = { role: 'executor', expiresInMs: HOUR_MS }
  await refuses(() => plain.invites.invite(invite), 'ROLE_MISSING')
  await using admin = await openAdmin('rules.json')
  for (const role of ['admin', 'ledger', 'issuer', 'king']) {
    await refuses(() => admin.invites.invite({ ...invite, role }), 'ROLE_NOT_INVITED')
  }
  for (const expiresInMs of [0, -1, 1.5, 31 * 24 * HOUR_MS]) {
    await refuses(() => admin.invites.invite({ ...invite, expiresInMs }), 'LIMIT_EXCEEDED')
  }
  assert.match((await admin.invites.invite(invite)).line, /^mesh-join:/)
})
