// After a restart the log on the disk is folded again: hashed, in shape, by every rule.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CID,
  encodeBlock,
  type LedgerState,
  LIMITS,
  openReplica,
  parseCid,
  Refusal,
  type Replica,
  receive,
  snapshotOf,
  type Token,
  verifySignature,
} from '@planetary-mesh/spec'
import { Log } from '../../spec/test/rules/log.ts'
import { leased } from '../../spec/test/rules/story.ts'
import { dora, emil, makeToken } from '../../spec/test/rules/world.ts'
import { journalEntry } from '../src/role-journal.ts'
import { openSnapshotKeeper } from '../src/snapshots.ts'
import { logMessages, openStage, play, settle } from './stage.ts'

const TOKENS = 6

/** A log of some tokens, an anchor for each; `last` anchors the rest. */
function logOf(tokens: readonly Token[], last: (log: Log) => void = (log) => void log.anchor()) {
  const log = new Log()
  for (const token of tokens) {
    log.anchor()
    log.append(token)
  }
  last(log)
  return log
}

const tokens = Array.from({ length: TOKENS }, (_, index) => makeToken({ amount: index + 1 }))

/** The same record without anybody's signature. */
function unsigned(token: Token): Token {
  const envelope = { kind: token.kind, author: token.author, body: token.body }
  const block = encodeBlock({ ...envelope, signature: new Uint8Array(64).fill(1) })
  return { ...token, ...block }
}

/** Signs in dora's name without her key. */
const forger = { did: dora.did, sign: () => new Uint8Array(64).fill(7) }

/**
 * A process that starts with this log on its disk and in its journal, maybe with a snapshot, and
 * what it verified and read.
 */
async function restart(log: Log, snapshot?: Uint8Array) {
  const stage = openStage()
  const blocks = [...log.blocks].map(([key, bytes]) => ({ cid: parseCid(key), bytes }))
  await stage.memory.openBlocks().put(blocks)
  if (snapshot !== undefined) await stage.memory.openSnapshots().write(snapshot)
  const head = { role: 'replica', entry: log.anchors.at(-1) }
  const journal = stage.memory.openJournal()
  await journal.append([encodeBlock(head).bytes])
  await journal.close()
  let verified = 0
  const process = await stage.start([play('witness')], {
    verify(author, message, signature) {
      verified += 1
      return verifySignature(author, message, signature)
    },
  })
  const read = stage.touched.filter((name) => name === 'blocks.get').length
  return { stage, process, verified, read, codes: stage.notices.map(({ code }) => code) }
}

test('what was proven before is not proven again: the newest checkpoint and the charter are', async () => {
  const { process, verified, codes } = await restart(logOf(tokens))
  assert.equal(process.replica.ledger.size, TOKENS + 1)
  assert.deepEqual(codes, [])
  assert.equal(verified, 2, 'not the seven checkpoints and six tokens')
})

test('a head that its writer did not sign makes it prove everything: it stops before that', async () => {
  const forged = logOf(tokens, (log) => void log.anchor({ signer: forger }))
  const { process, verified, codes } = await restart(forged)
  assert.equal(process.replica.ledger.size, TOKENS)
  assert.deepEqual(codes, ['CHECKPOINT_INVALID'])
  assert.ok(verified > 2 * TOKENS, `${verified} signatures`)
})

test('a record that nobody signed, below a head that nobody signed, is not folded', async () => {
  const [first, second] = tokens as [Token, Token]
  const forged = logOf([first, unsigned(second)], (log) => void log.anchor({ signer: forger }))
  const { process } = await restart(forged)
  assert.equal(process.replica.ledger.size, 2, 'the charter and the first token')
})

/** What emil, who is on stage, had folded of a log. */
function snapshotOn(log: Log, upTo: number, signer = emil): Uint8Array {
  const replica = openReplica(log.genesis)
  for (const anchor of log.anchors.slice(0, upTo)) receive(replica, { anchor, get: log.get })
  return snapshotOf(replica, signer)
}

test('a start goes on from the snapshot: the same fold, of fewer blocks', async () => {
  const log = logOf(tokens)
  const whole = await restart(log)
  let least = whole.read
  for (const upTo of [2, TOKENS, log.anchors.length]) {
    const { process, read, codes } = await restart(log, snapshotOn(log, upTo))
    assert.deepEqual(process.replica, whole.process.replica)
    assert.deepEqual(codes, [])
    assert.ok(read < least, `${read} blocks from anchor ${upTo} on, ${least} before`)
    least = read
  }
})

test('a snapshot that cannot be used costs time and a line, nothing else', async () => {
  const log = logOf(tokens)
  const whole = await restart(log)
  const own = snapshotOn(log, 3)
  const other = logOf([makeToken({ amount: 99 }), ...tokens])
  const cases: [string, Uint8Array, string[]][] = [
    ['no bytes', new Uint8Array(), ['SIGNATURE_INVALID']],
    [
      'a turned bit',
      own.with(own.length >> 1, (own[own.length >> 1] ?? 0) ^ 1),
      ['SIGNATURE_INVALID'],
    ],
    ['somebody else’s', snapshotOn(log, 3, dora), ['SIGNATURE_INVALID']],
    ['records that are not here', snapshotOn(other, 3), ['BLOCK_MISSING']],
  ]
  for (const [name, snapshot, expected] of cases) {
    const { process, codes } = await restart(log, snapshot)
    assert.deepEqual(codes, expected, name)
    assert.deepEqual(process.replica, whole.process.replica, name)
  }
})

test('a snapshot of another history than the journal’s is not gone on from', async () => {
  const log = logOf(tokens)
  const fork = new Log()
  for (const token of tokens.slice(0, 3).toReversed()) {
    fork.anchor()
    fork.append(token)
  }
  fork.anchor()
  const { process } = await restart(log, snapshotOn(fork, 2))
  assert.deepEqual(process.replica, (await restart(log)).process.replica)
})

test('a process writes a snapshot after so many entries, and a last one when it is closed', async () => {
  const { messages } = logMessages(tokens.map((token) => (log) => void log.append(token)))
  const stage = openStage()
  const written = () => stage.touched.filter((name) => name === 'snapshots.write').length
  // emil's first comes after two entries: each process of a mesh has its own turn
  const process = await stage.start([play('witness')], { entriesPerSnapshot: 3 })
  const counts: number[] = []
  for (const message of messages) {
    stage.say(dora, message)
    await process.idle()
    await settle()
    counts.push(written())
  }
  // the log has two entries after the first message, and one more after each
  assert.deepEqual(counts, [1, 1, 1, 2, 2, 2])
  const { replica } = process
  await process.close()
  assert.equal(written(), 3)
  const again = await stage.start([play('witness')])
  assert.deepEqual(again.replica, replica)
  assert.deepEqual(stage.notices, [])
})

test('a process that is killed writes none, and one that cannot write it says so and goes on', async () => {
  const { messages } = logMessages(tokens.map((token) => (log) => void log.append(token)))
  const stage = openStage()
  const full = async () => {
    throw new Refusal('STORE_FULL', 'no room')
  }
  const snapshots = { read: async () => undefined, write: full }
  const process = await stage.start([play('witness')], { entriesPerSnapshot: 3 }, { snapshots })
  for (const message of messages) stage.say(dora, message)
  await process.idle()
  await settle()
  assert.equal(process.replica.ledger.size, TOKENS + 1)
  assert.deepEqual(new Set(stage.notices.map(({ code }) => code)), new Set(['STORE_FULL']))
  const said = stage.notices.length
  process.kill()
  await process.close()
  assert.equal(stage.notices.length, said)
})

test('where too many jobs are open no snapshot is written: it would take too long', async () => {
  const replica = openReplica(new Log().genesis)
  const { log } = logMessages([(log) => void log.append(makeToken())])
  receive(replica, { anchor: log.anchors[0] as CID, get: log.get })
  const crowded = (open: number): Replica => ({
    ...replica,
    ledger: {
      ...replica.ledger,
      jobs: new Map(Array.from({ length: open }, (_, at) => [`${at}`, JOB])),
    },
  })
  const written: Uint8Array[] = []
  const snapshots = {
    read: async () => undefined,
    write: async (bytes: Uint8Array) => void written.push(bytes),
  }
  const keeper = openSnapshotKeeper({
    snapshots,
    signer: emil,
    verify: verifySignature,
    every: 1,
    log() {},
  })
  await keeper.takeLast(crowded(LIMITS.snapshotJobsMax + 1))
  assert.equal(written.length, 0)
  await keeper.takeLast(crowded(LIMITS.snapshotJobsMax))
  assert.equal(written.length, 1)
})

const JOB = leased().job

test('a role starts without what is over, unless the disk has lost some of the log', async () => {
  const log = logOf(tokens)
  const startedWith = async (lost: boolean) => {
    const stage = openStage()
    const blocks = [...log.blocks].map(([key, bytes]) => ({ cid: parseCid(key), bytes }))
    const missing = `${tokens[3]?.cid}`
    await stage.memory.openBlocks().put(blocks.filter(({ cid }) => !lost || `${cid}` !== missing))
    const journal = stage.memory.openJournal()
    const entries = [1, 2, 3].map((entry) => journalEntry('witness', entry))
    await journal.append([...entries, journalEntry('replica', log.anchors.at(-1))])
    await journal.close()
    const isOver = (entry: unknown, { size }: LedgerState) => entry === 2 && size === TOKENS + 1
    const witness = { ...play('witness'), isOver }
    const process = await stage.start([witness])
    await process.idle()
    return witness.events.flatMap((event) => (event.type === 'start' ? event.journal : []))
  }
  assert.deepEqual(await startedWith(false), [1, 3])
  assert.deepEqual(await startedWith(true), [1, 2, 3])
})
