/** S1-16 a reader's copy of the log: any delivery gives the same fold, a lie stops it for good. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  Anchor,
  type Batch,
  balances,
  type CID,
  encodeBlock,
  LIMITS,
  LogEntry,
  openReplica,
  type Received,
  type Replica,
  receive,
  rootOf,
  Settle,
  seal,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import { Log } from './log.ts'
import { leaseTo, openLog, submit, tellJob } from './story.ts'
import {
  CHARTER,
  dora,
  emil,
  makeCharter,
  makeReceipt,
  makeToken,
  makeVerdict,
  mallory,
  membersWith,
  nextCharter,
  nonce,
} from './world.ts'

/** A log of two jobs, anchored after each few entries. */
function anchoredLog(): Log {
  const { log, token } = openLog()
  log.anchor()
  for (const count of [0, 1]) {
    const submitted = submit(log, token, { nonce: nonce(count) })
    log.anchor()
    const lease = leaseTo(log, submitted)
    log.atMs += 10
    const receipt = makeReceipt({ ...submitted, lease })
    log.append(receipt)
    log.anchor()
    log.append(makeVerdict(receipt))
    log.append(makeVerdict(receipt, {}, emil))
    log.anchor()
  }
  return log
}

const batch = ({ get }: Pick<Log, 'get'>, anchor: CID): Batch => ({ anchor, get })
const take = (replica: Replica, log: Pick<Log, 'get'>, anchor: CID) =>
  receive(replica, batch(log, anchor))
const fold = (log: Log, anchors: readonly CID[] = log.anchors) => {
  const replica = openReplica(log.genesis)
  return { replica, received: anchors.map((anchor) => take(replica, log, anchor)) }
}
const summary = ({ ledger, head, peaks }: Replica) => ({
  size: ledger.size,
  head: `${head}`,
  root: Buffer.from(rootOf(peaks)).toString('hex'),
  balances: balances(ledger),
  jobs: [...ledger.jobs.keys()],
})
/** The code with which a reader stops, and whether it blames the writer. */
const stopped = (received: Received | undefined) => {
  assert.equal(received?.type, 'stopped')
  return received?.type === 'stopped' ? [received.problem.code, received.lie] : []
}

const log = anchoredLog()
const whole = fold(log).replica

describe('a reader folds', () => {
  test('every entry, once, in the order of the log', () => {
    const { replica, received } = fold(log)
    const entries = received.flatMap((one) => (one.type === 'applied' ? one.entries : []))
    assert.deepEqual(
      entries.map(({ index }) => index),
      [...Array(log.size).keys()],
    )
    assert.equal(replica.ledger.size, log.size)
    assert.deepEqual(balances(replica.ledger), balances(log.ledger))
    assert.deepEqual(
      replica.anchors.map(({ cid }) => cid),
      log.anchors,
    )
  })
  test('and knows which anchor holds each record', () => {
    for (const { record } of log.ledger.charters) {
      assert.equal(whole.anchorOf.get(record.cid.toString()), log.anchors[0])
    }
    assert.equal(whole.anchorOf.size, log.size)
  })
  test('a batch again: nothing happens', () => {
    const { replica } = fold(log)
    const before = summary(replica)
    for (const anchor of log.anchors) {
      assert.deepEqual(take(replica, log, anchor), { type: 'duplicate' })
    }
    assert.deepEqual(summary(replica), before)
  })
  test('a batch too early: it waits, says what is missing, and comes with the one before', () => {
    const [first, second, third] = log.anchors as [CID, CID, CID]
    const replica = openReplica(log.genesis)
    assert.deepEqual(take(replica, log, third), { type: 'gap', from: 0 })
    take(replica, log, first)
    const both = take(replica, log, second)
    assert.deepEqual(both.type === 'applied' && both.anchors, [second, third])
  })
  test('batches in any order, doubled, partly lost: the same fold once the lost ones came', () => {
    const order = fc.array(fc.nat(log.anchors.length - 1), { maxLength: 30 })
    fc.assert(
      fc.property(order, (indices) => {
        const { replica } = fold(
          log,
          indices.map((index) => log.anchors[index] as CID),
        )
        assert.ok(replica.ledger.size <= log.size && replica.problem === undefined)
        for (const anchor of log.anchors) take(replica, log, anchor)
        assert.deepEqual(summary(replica), summary(whole))
      }),
      { numRuns: 40 },
    )
  })
  test('more early batches than it may keep: newer ones push out the oldest', () => {
    const replica = openReplica(log.genesis)
    const anchor = Anchor.decode(log.get(log.anchors[2] as CID) as Uint8Array)
    for (let count = 0; count < LIMITS.anchorsWaitingMax + 5; count++) {
      const entry = LogEntry.encode({ record: CHARTER.cid, atMs: count })
      const stray = Anchor.encode({ ...anchor, previous: entry.cid })
      receive(replica, { anchor: stray.cid, get: () => stray.bytes })
    }
    assert.equal(replica.waiting.size, LIMITS.anchorsWaitingMax)
    for (const anchor of [...log.anchors].reverse()) take(replica, log, anchor)
    assert.deepEqual(summary(replica), summary(whole))
  })
})

describe('what was lost or altered on the way is not the writer’s lie', () => {
  const names = [...log.blocks.keys()]
  const spoiled = (key: string, bytes: Uint8Array | undefined) => ({
    get: (cid: CID) => (cid.toString() === key ? bytes : log.get(cid)),
  })
  test('any block, missing or altered: the reader stops, and goes on with the true one', () => {
    const used = names.filter((name) => {
      const { replica } = read(spoiled(name, undefined))
      return replica.ledger.size < log.size
    })
    // 8 anchors, 14 entries and their records, 2 manifests, awards and bids
    assert.equal(used.length, log.anchors.length + 2 * log.size + 6)
    for (const name of used) {
      const bytes = Uint8Array.from(log.blocks.get(name) as Uint8Array)
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 4
      for (const [bad, code] of [
        [undefined, 'BLOCK_MISSING'],
        [bytes, 'BLOCK_CID_MISMATCH'],
      ] as const) {
        const { replica, received } = read(spoiled(name, bad))
        assert.deepEqual(stopped(received.find(({ type }) => type === 'stopped')), [code, false])
        assert.equal(replica.problem, undefined)
        for (const anchor of log.anchors) take(replica, log, anchor)
        assert.deepEqual(summary(replica), summary(whole))
      }
    }
  })
  test('bytes of any size that are not those of the CID', () => {
    const huge = new Uint8Array(LIMITS.blockBytesMax + 1)
    const record = [...log.ledger.tokens.keys()][0] ?? ''
    const { received } = read(spoiled(record, huge))
    assert.deepEqual(stopped(received[0]), ['BLOCK_CID_MISMATCH', false])
  })
  const read = (source: Pick<Log, 'get'>) => {
    const replica = openReplica(log.genesis)
    return { replica, received: log.anchors.map((anchor) => take(replica, source, anchor)) }
  }

  test('an anchor that somebody else made around a checkpoint', () => {
    const [first, second] = log.anchors as [CID, CID]
    const honest = Anchor.decode(log.get(second) as Uint8Array)
    const fakes: Partial<Anchor>[] = [
      { entries: [...honest.entries].reverse() },
      { entries: honest.entries.slice(1) },
      { size: honest.size + 1 },
      { root: new Uint8Array(32) },
      { charter: makeToken().cid },
      { checkpoint: 'no note' },
      { checkpoint: Anchor.decode(log.get(first) as Uint8Array).checkpoint },
    ]
    for (const fake of fakes) {
      const forged = Anchor.encode({ ...honest, ...fake })
      const source = { get: (cid: CID) => (cid.equals(forged.cid) ? forged.bytes : log.get(cid)) }
      const replica = openReplica(log.genesis)
      take(replica, log, first)
      assert.deepEqual(stopped(take(replica, source, forged.cid)), ['CHECKPOINT_INVALID', false])
      for (const anchor of log.anchors) take(replica, log, anchor)
      assert.deepEqual(summary(replica), summary(whole))
    }
  })
  test('the same for one that comes late: a stray anchor blames nobody', () => {
    const [first] = log.anchors as [CID]
    const honest = Anchor.decode(log.get(first) as Uint8Array)
    const strays = [
      Anchor.encode({ ...honest, root: new Uint8Array(32), checkpoint: 'no note' }),
      Anchor.encode({ ...honest, entries: [...honest.entries].reverse() }),
      Anchor.encode({ ...honest, previous: makeToken().cid }),
    ]
    for (const stray of strays) {
      const { replica } = fold(log)
      const source = { get: () => stray.bytes }
      const received = take(replica, source, stray.cid)
      assert.equal(received.type === 'stopped' && received.lie, false)
      assert.equal(replica.problem, undefined)
    }
  })
  test('honest entries cut into other batches are the same history', () => {
    const entries = log.anchors.flatMap((cid) => Anchor.decode(log.get(cid) as Uint8Array).entries)
    const last = Anchor.decode(log.get(log.anchors.at(-1) as CID) as Uint8Array)
    const rebatched = Anchor.encode({ ...last, previous: null, entries })
    const { replica } = fold(log)
    assert.equal(take(replica, { get: () => rebatched.bytes }, rebatched.cid).type, 'duplicate')
  })
})

describe('a log that is not the pinned one', () => {
  test('begins with another charter', () => {
    const other = new Log(makeCharter({ name: 'other' }))
    const anchor = other.anchor()
    const replica = openReplica(CHARTER.cid)
    assert.deepEqual(stopped(take(replica, other, anchor)), ['CHARTER_UNKNOWN', false])
  })
  test('has a checkpoint of another writer', () => {
    const forged = new Log()
    const anchor = forged.anchor({ signer: mallory })
    const { received } = fold(forged, [anchor])
    assert.deepEqual(stopped(received[0]), ['CHECKPOINT_INVALID', false])
  })
  test('has a checkpoint for another log', () => {
    const foreign = new Log()
    const anchor = foreign.anchor({ origin: 'planetary-mesh/elsewhere' })
    const { received } = fold(foreign, [anchor])
    assert.deepEqual(stopped(received[0]), ['CHECKPOINT_INVALID', false])
  })
})

describe('the writer lies', () => {
  const liar = (lie: (log: Log) => void) => {
    const told = anchoredLog()
    lie(told)
    const before = told.anchors.at(-1)
    told.anchor()
    const { replica, received } = fold(told)
    assert.equal(`${replica.head}`, `${before}`, 'it stands where the lie began')
    const problem = stopped(received.at(-1))
    assert.deepEqual(stopped(take(replica, told, told.anchors[0] as CID)), problem, 'for good')
    return problem
  }
  test('by an entry that no fold allows: the code says which rule', () => {
    const token = makeToken({ amount: 7 }, mallory)
    assert.deepEqual(
      liar((log) => log.force(token)),
      ['TOKEN_ISSUER_UNKNOWN', true],
    )
    assert.deepEqual(
      liar((log) => log.force(CHARTER)),
      ['RECORD_DUPLICATE', true],
    )
    const back = makeToken({ amount: 7 })
    assert.deepEqual(
      liar((log) => log.force(back, log.atMs - 11)),
      ['ENTRY_INVALID', true],
    )
    const [job] = [...log.ledger.jobs.values()]
    assert.ok(job !== undefined)
    const post = { post: 101, release: 0, reason: 'verified' } as const
    const paid = { hold: job.hold.record.cid, lease: null, receipt: null, verdicts: [], ...post }
    assert.deepEqual(
      liar((log) => log.force(seal(Settle, paid, dora))),
      ['SETTLE_INVALID', true],
    )
  })
  test('by an entry that is no record, or is not signed', () => {
    const token = makeToken({ amount: 7 })
    const entry = LogEntry.encode({ record: CHARTER.cid, atMs: 0 })
    assert.deepEqual(
      liar((log) => log.force({ ...token, ...entry })),
      ['RECORD_MALFORMED', true],
    )
    const { kind, author, body } = token
    const unsigned = encodeBlock({ kind, author, body, signature: new Uint8Array(64) })
    const forged = { ...token, ...unsigned }
    assert.deepEqual(
      liar((log) => log.force(forged)),
      ['SIGNATURE_INVALID', true],
    )
  })
  test('by a checkpoint that names another charter than the one in force', () => {
    const told = anchoredLog()
    told.append(makeToken({ amount: 7 }))
    told.anchor({ charter: makeCharter({ name: 'other' }).cid })
    assert.deepEqual(stopped(fold(told).received.at(-1)), ['CHECKPOINT_INVALID', true])
  })
  test('by two roots for one size', () => {
    const told = new Log()
    const fork = told.fork()
    told.append(makeToken({ amount: 1 }))
    fork.force(makeToken({ amount: 2 }))
    const [one, other] = [told.anchor(), fork.anchor()]
    const replica = openReplica(told.genesis)
    assert.equal(take(replica, told, one).type, 'applied')
    assert.deepEqual(stopped(take(replica, fork, other)), ['EQUIVOCATION', true])
  })
  test('by two histories after one anchor, whatever their batches', () => {
    for (const count of [1, 2, 3]) {
      const told = anchoredLog()
      const fork = told.fork()
      for (const amount of [1, 2]) told.append(makeToken({ amount }))
      for (let amount = 0; amount < count; amount++) fork.force(makeToken({ amount: 9 + amount }))
      told.anchor()
      const { replica } = fold(told)
      assert.deepEqual(stopped(take(replica, fork, fork.anchor())), ['EQUIVOCATION', true])
    }
  })
})

describe('the writer changes hands', () => {
  const members = membersWith(CHARTER, emil, ['ledger', 'verifier'])
  const handed = nextCharter(CHARTER, { writer: emil.did, members })
  test('at the charter that says so: its own batch is still the old writer’s', () => {
    const told = new Log()
    told.append(handed)
    told.anchor()
    told.append(makeToken({ amount: 3 }))
    const old = told.anchor()
    assert.deepEqual(stopped(fold(told).received.at(-1)), ['CHECKPOINT_INVALID', false])
    told.anchors.pop()
    const { entries } = Anchor.decode(told.get(old) as Uint8Array)
    told.anchor({ entries, signer: emil })
    assert.equal(fold(told).replica.ledger.size, 3)
  })
})

test('tellJob is honest: a stranger folds all of it', () => {
  const told = new Log()
  tellJob(told)
  told.anchor()
  assert.equal(told.lie, undefined)
  assert.equal(fold(told).replica.ledger.size, told.size)
})
