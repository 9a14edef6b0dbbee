// A person's tools and a mesh, with nothing between them but the control API over real HTTP.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Award,
  type Batch,
  type Block,
  type CID,
  DEFAULT_RULE,
  type Did,
  DidText,
  LIMITS,
  NEWCOMER,
  openReplica,
  parseCid,
  type Refusal,
  readFile,
  receive,
  seal,
  select,
  textOf,
  verifyChain,
} from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import {
  alice,
  bruno,
  chiara,
  dora,
  emil,
  fatou,
  issueToken,
  nameOf,
} from '../../test/mesh/people.ts'
import { nodesView, tokensView } from '../src/control/log-views.ts'
import { begin, openStand, refuses, type Stand } from './control-stage.ts'

/** The states that the job was seen in, and what came of it. */
async function follow({ client }: Stand, job: { manifest: { cid: Block['cid'] } }) {
  const states: string[] = []
  for await (const event of client.events(job.manifest.cid)) {
    if (event.type === 'end') return { states, end: event }
    states.push(event.job.status.state)
  }
  throw new Error('it ended without an end')
}

test('a job goes from its files to its verified result through the control API alone', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  const module = crypto.getRandomValues(new Uint8Array(60_000))
  const job = mesh.seal({ module })
  const progress: { blocks: number; bytes: number }[] = []
  const stored = await client.putBlocks(job.blocks, { onProgress: (sent) => progress.push(sent) })
  assert.deepEqual(stored, { blocks: 1, bytes: 60_000 })
  assert.deepEqual(progress, [stored])
  assert.ok((await client.submit([job.token], job.manifest, job.hold)).equals(job.manifest.cid))

  const { states, end } = await follow(stand, job)
  assert.equal(states.at(-1), 'verified')
  assert.equal(end.outcome, 'exited(0)')
  const { manifest, status } = await client.job(job.manifest.cid)
  assert.equal(manifest?.body.description, job.manifest.body.description)
  assert.ok(status.state === 'verified')

  // what it printed, by CID
  const blocks = new Map(job.blocks.map(({ cid, bytes }) => [textOf(cid), bytes]))
  const get = (cid: CID) => blocks.get(textOf(cid))
  const printed = new TextEncoder().encode(`job ${job.manifest.cid}\n`)
  const stdout = parseCid(end.stdout ?? '')
  for (const file of [end.stdout, end.stderr, end.output]) {
    const cid = parseCid(file ?? '')
    for await (const part of client.dag(cid)) blocks.set(textOf(part.cid), part.bytes)
  }
  assert.deepEqual(readFile({ cid: stdout, bytes: printed.length }, get), printed)

  // and the proof, checked by who asks, over the log as fatou has it
  for await (const { cid, bytes } of client.log({ via: fatou.did })) blocks.set(textOf(cid), bytes)
  const { log, genesis } = await client.node()
  assert.equal(genesis, textOf(mesh.charter.cid))
  const [{ receipt } = { receipt: stdout }] = await client.verdicts()
  const head = parseCid(log.head ?? '')
  const check = verifyChain({ receipt, head, genesis: mesh.charter.cid, get })
  assert.deepEqual(
    check.findings.map(({ code, cid }) => `${code} ${cid}`),
    [],
  )
  assert.deepEqual([check.verified.mark, check.anchored.mark], ['✓', '✓'])
})

test('with the submitter as chooser the bids are shown, and her award is taken', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  const job = mesh.seal({ chooser: 'submitter' })
  await client.putBlocks(job.blocks)
  await client.submit([job.token], job.manifest, job.hold)
  let view = await client.bids(job.manifest.cid)
  for await (const _ of client.events(job.manifest.cid)) {
    view = await client.bids(job.manifest.cid)
    if (view.closed) break
  }
  assert.deepEqual(view.refused, [])
  assert.equal(view.bids.length, 3)
  assert.ok(view.bids.every(({ reputation }) => reputation === 50))
  assert.equal((await client.job(job.manifest.cid)).waitingFor, 'you: accept-bid')

  const bids = view.bids.map(({ bid }) => bid)
  const ranking = select(job.manifest, bids, DEFAULT_RULE, () => NEWCOMER)
  const winner = bids.find(({ author }) => author === chiara.did)
  const body = {
    manifest: job.manifest.cid,
    bids: bids.map(({ cid }) => cid),
    ranking: ranking.map(({ bid }) => bid.cid),
    winner: winner?.cid ?? job.manifest.cid,
    reason: 'she likes it',
    logSize: (await client.node()).log.size,
  }
  // nobody else may choose
  await refuses(() => client.award(seal(Award, body, bruno)), 'AUTHOR_MISMATCH')
  await client.award(seal(Award, body, alice))
  const { states } = await follow(stand, job)
  assert.equal(states.at(-1), 'verified')
  const after = await client.bids(job.manifest.cid)
  assert.deepEqual(
    after.bids.map(({ bid, reputation }) => [bid.author === chiara.did, reputation]).sort(),
    [
      [false, 50],
      [false, 50],
      [true, 67],
    ],
    'who ran it has one valid receipt: 100 × 2 / 3',
  )
})

test('what the ledger refuses comes through with its code, its sentence and its numbers', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  const dear = mesh.seal({ amount: 10_001 })
  await assert.rejects(client.submit([dear.token], dear.manifest, dear.hold), (error: Refusal) => {
    assert.equal(error.code, 'TOKEN_EXHAUSTED')
    assert.match(error.detail, /\d/)
    assert.equal(error.values.asked, 10_001)
    assert.equal(error.values.available, 10_000)
    return true
  })
  await refuses(() => client.job(dear.manifest.cid), 'JOB_UNKNOWN')
  const foreign = issueToken(mesh.charter, mesh.clock.nowMs(), {}, bruno)
  const forged = mesh.seal({ token: foreign })
  await refuses(
    () => client.submit([foreign], forged.manifest, forged.hold),
    'TOKEN_ISSUER_UNKNOWN',
  )
  const good = mesh.seal()
  await client.submit([good.token], good.manifest, good.hold)
})

test('a submit says who else keeps the files, which are there when it is answered', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  const job = mesh.seal({ module: crypto.getRandomValues(new Uint8Array(60_000)) })
  await client.putBlocks(job.blocks)
  const heard: (string | null)[] = []
  const onKeeper = (keeper: string | null) => heard.push(keeper)
  await client.submit([job.token], job.manifest, job.hold, { onKeeper })
  const keeper = [dora, emil, fatou].find(({ did }) => did === heard[0])
  assert.ok(keeper !== undefined && heard.length === 1, `${heard}`)
  const { blocks } = mesh.machine(nameOf(keeper.did))
  for (const { cid } of job.blocks) assert.equal(await blocks.has(cid), true)
})

test('the job is acknowledged although nobody keeps its files, and that is said', async () => {
  const late = Promise.withResolvers<undefined>()
  await using stand = await openStand({}, { keeping: { find: () => late.promise } })
  const { mesh, client } = stand
  const job = mesh.seal()
  const heard: (string | null)[] = []
  const onKeeper = (keeper: string | null) => heard.push(keeper)
  const submitted = client.submit([job.token], job.manifest, job.hold, { onKeeper })
  // the ledger does not wait for a keeper, nor does the job
  await mesh.logged(job, 'the hold', ({ hold }) => hold)
  assert.deepEqual(heard, [])
  late.resolve(undefined)
  assert.ok((await submitted).equals(job.manifest.cid))
  assert.deepEqual(heard, [null])
})

test('nobody is asked any more to keep the files of a job that the ledger refused', async () => {
  const signals: AbortSignal[] = []
  const find = (_: unknown, signal: AbortSignal) => {
    signals.push(signal)
    return new Promise<undefined>(() => {})
  }
  await using stand = await openStand({}, { keeping: { find } })
  const dear = stand.mesh.seal({ amount: 10_001 })
  const { token, manifest, hold } = dear
  await refuses(() => stand.client.submit([token], manifest, hold), 'TOKEN_EXHAUSTED')
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true],
  )
})

test('a submission must be whole, and hold nothing else', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  const job = mesh.seal()
  const other = mesh.seal()
  const wrong = [other.manifest, job.token] as never
  await refuses(() => client.submit(wrong, job.manifest, job.hold), 'RECORD_KIND_MISMATCH')
  await refuses(() => client.submit([job.token], other.manifest, job.hold), 'REQUEST_MALFORMED')
  await client.submit([job.token], job.manifest, job.hold)
  // the same again is the same job
  await client.submit([job.token], job.manifest, job.hold)
  assert.equal((await client.jobs()).jobs.length, 1)
})

test('jobs are listed the newest first, and a list says that there is more', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  assert.deepEqual(await client.jobs(), { jobs: [], more: false })
  const jobs = [mesh.seal({ args: ['1'] }), mesh.seal({ args: ['2'] }), mesh.seal({ args: ['3'] })]
  for (const job of jobs) {
    await client.submit([job.token], job.manifest, job.hold)
    await mesh.logged(job, 'the hold', () => true, 'bruno')
  }
  const all = await client.jobs()
  assert.deepEqual(
    all.jobs.map(({ manifest }) => manifest?.body.args),
    [['3'], ['2'], ['1']],
  )
  assert.equal(all.more, false)
  const two = await client.jobs({ limit: 2 })
  assert.deepEqual(
    two.jobs.map(({ job }) => job),
    all.jobs.slice(0, 2).map(({ job }) => job),
  )
  assert.equal(two.more, true)
})

test('tokens show what is left on them; an expired one holds nothing any more', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  assert.deepEqual(await client.tokens(alice.did), [])
  const job = mesh.seal({ amount: 100 })
  await client.submit([job.token], job.manifest, job.hold)
  await follow(stand, job)
  const [mine, ...others] = await client.tokens(alice.did)
  assert.deepEqual(others, [])
  assert.ok(mine !== undefined)
  assert.ok(mine.token.cid.equals(job.token.cid))
  const { free, held, spent, returned } = mine
  assert.equal(free + spent, 10_000)
  assert.ok(spent > 0)
  assert.deepEqual([held, returned], [0, 0])
  assert.deepEqual(await client.tokens(bruno.did), [])

  const { ledger } = mesh.machine('bruno').process.replica
  const afterwardsMs = (job.token.body.expiresAtMs ?? 0) + 1
  const [expired] = tokensView(ledger, alice.did, afterwardsMs).tokens
  assert.deepEqual([expired?.free, expired?.returned], [0, free])
})

test('a process without a home answers from the log, and takes no job', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  const [, atDora] = await stand.open('dora')
  const job = mesh.seal()
  await client.submit([job.token], job.manifest, job.hold)
  await mesh.settled(job)
  const view = await atDora.job(job.manifest.cid)
  assert.equal(view.status.state, 'verified')
  assert.equal((await atDora.jobs()).jobs.length, 1)
  assert.equal((await atDora.verdicts())[0]?.threshold, 2)
  const { name, log } = await atDora.node()
  assert.deepEqual([name, log.writer, log.writerConnected], ['dora', dora.did, true])
  await refuses(() => atDora.submit([job.token], job.manifest, job.hold), 'REQUEST_UNKNOWN')
})

test('the machines of the charter are listed: this one, those connected, those that are not', async () => {
  const isConnected = (did: Did) => did === dora.did
  const network = { isConnected, multiaddrs: () => [], pullLog: () => never() }
  async function* never(): AsyncGenerator<Block> {}
  await using stand = await openStand({}, { network })
  const nodes = await stand.client.nodes()
  const states = Object.fromEntries(nodes.map(({ name, state }) => [name, state]))
  // alice and hans are people
  assert.deepEqual(Object.keys(states).sort(), ['bruno', 'chiara', 'dora', 'emil', 'fatou', 'gita'])
  assert.equal(states.bruno, 'self')
  assert.equal(states.dora, 'online')
  assert.equal(states.emil, 'offline')
  assert.ok(nodes.every(({ did }) => DidText.safeParse(did).success))
})

test('a node that was heard of lately is suspect, later offline; a connection is online', async () => {
  await using stand = await openStand()
  const { process } = stand.mesh.machine('bruno')
  const capacity = {
    ...{ slots: 2, freeSlots: 1, queued: 0, memoryPages: 100, cores: 4 },
    ...{ location: 'lab', scopes: [], profile: 'test/0' },
  }
  const heard = [{ node: chiara.did, heardAtMs: 1000, capacity }]
  const chiaraAt = (nowMs: number, isConnected: boolean) =>
    nodesView(process.replica.ledger, heard, {
      self: process.did,
      isConnected: (did) => isConnected && did === chiara.did,
      nowMs,
    }).nodes.find(({ did }) => did === chiara.did)
  assert.deepEqual(chiaraAt(2000, false)?.capacity, capacity)
  assert.equal(chiaraAt(1000 + LIMITS.nodeSuspectMs, false)?.state, 'suspect')
  assert.equal(chiaraAt(1001 + LIMITS.nodeSuspectMs, false)?.state, 'offline')
  assert.equal(chiaraAt(1001 + LIMITS.nodeSuspectMs, true)?.state, 'online')
})

test('with the log writer away a job says that it waits for the ledger', async () => {
  const network = { isConnected: () => false, multiaddrs: () => [], pullLog: () => never() }
  async function* never(): AsyncGenerator<Block> {}
  const gate = Promise.withResolvers<void>()
  const exec = fakeGated(gate.promise)
  await using stand = await openStand(exec, { network })
  const { mesh, client } = stand
  const job = mesh.seal()
  await client.submit([job.token], job.manifest, job.hold)
  await mesh.logged(job, 'the lease', ({ leases }) => leases[0], 'bruno')
  assert.equal((await client.node()).log.writerConnected, false)
  assert.equal((await client.job(job.manifest.cid)).waitingFor, 'the ledger')
  gate.resolve()
  await follow(stand, job)
  assert.equal((await client.job(job.manifest.cid)).waitingFor, null)
})

test('the log is read from any entry on, and folds to what the node has', async () => {
  await using stand = await openStand()
  const { mesh, client } = stand
  const job = mesh.seal()
  await client.submit([job.token], job.manifest, job.hold)
  await mesh.settled(job)
  const { log } = await client.node()
  const held = new Map<string, Uint8Array>()
  for await (const { cid, bytes } of client.log()) held.set(textOf(cid), bytes)
  const replica = openReplica(mesh.charter.cid)
  const anchors = mesh.machine('bruno').process.replica.anchors
  for (const { cid } of anchors) {
    const batch: Batch = { anchor: cid, get: (cid) => held.get(textOf(cid)) }
    assert.equal(receive(replica, batch).type, 'applied')
  }
  assert.deepEqual(
    [replica.ledger.size, textOf(replica.head ?? job.manifest.cid)],
    [log.size, log.head],
  )

  const count = async (given: Parameters<typeof client.log>[0]) => {
    let blocks = 0
    for await (const _ of client.log(given)) blocks += 1
    return blocks
  }
  const size = anchors.at(-2)?.size ?? 0
  const last = await count({ from: size })
  assert.ok(last > 0 && last < held.size)
  assert.equal(await count({ from: log.size }), 0)
  // a witness gives its cosignature with it
  assert.equal(await count({ from: size, via: fatou.did }), last + 1)
  assert.equal(await count({ from: log.size, via: fatou.did }), 1)
  await refuses(() => count({ via: alice.did }), 'PEER_AWAY')
})

test('the charter is the one in force, opened by who asks', async () => {
  await using stand = await openStand()
  assert.ok((await stand.client.charter()).cid.equals(stand.mesh.charter.cid))
})

test('a closed control API is away, and the process goes on', async () => {
  await using stand = await openStand()
  const { control, client, mesh } = stand
  const { incoming } = await begin(control, '/v0/node')
  incoming.resume()
  await control.close()
  await refuses(() => client.node(), 'NODE_AWAY')
  await mesh.submit()
})

test('when the process stops, so does its control API', async () => {
  await using stand = await openStand()
  stand.mesh.machine('bruno').process.kill()
  await stand.control.close()
  await refuses(() => stand.client.node(), 'NODE_AWAY')
})

/** Runs end when `gate` opens. */
const fakeGated = (gate: Promise<void>): Parameters<typeof openStand>[0] => {
  return { exec: (_name, { blocks }) => fakeExec(blocks, { gate: () => gate }) }
}
