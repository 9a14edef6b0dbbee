/** dora writes the log: what she accepted is there again after a restart, to the last byte. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Book, ledgerRole } from '@planetary-mesh/federation'
import {
  appendMessage,
  cidOf,
  type Did,
  type Effect,
  type Env,
  type Event,
  encodeMessage,
  LIMITS,
  type Manifest,
  openAny,
  openMessage,
  openReplica,
  receive,
  type Token,
  verifySignature,
  type WireMessage,
} from '@planetary-mesh/spec'
import { receipted } from '../../spec/test/rules/story.ts'
import {
  alice,
  CHARTER,
  dora,
  makeCharter,
  makeHold,
  makeManifest,
  makeToken,
  nonce,
  startMs,
} from '../../spec/test/rules/world.ts'
import { openBatch } from '../src/ledger/anchoring.ts'
import { openBook } from '../src/ledger/book.ts'

function openWriter(charter = CHARTER) {
  const role = ledgerRole({ charter, batchMs: 50 })
  let book: Book = role.init()
  const journal: unknown[] = []
  const replica = openReplica(charter.cid)
  const clock = { nowMs: startMs }
  const step = (event: Event): Effect[] => {
    const env: Env = {
      nowMs: clock.nowMs,
      self: dora,
      genesis: charter.cid,
      replica,
      verify: verifySignature,
      open: (bytes) => openAny(bytes),
    }
    const done = role.step(book, event, env)
    book = done.state
    for (const effect of done.effects) if (effect.do === 'record') journal.push(effect.entry)
    return done.effects
  }
  return {
    journal,
    replica,
    clock,
    /** The process takes what its writer says to all. */
    fold(effects: readonly Effect[]) {
      for (const effect of effects) {
        if (effect.do !== 'broadcast' || effect.message.type !== 'log') continue
        const { anchor, blocks } = effect.message
        const held = new Map(blocks.map((bytes) => [`${cidOf('dag-cbor', bytes)}`, bytes]))
        receive(replica, { anchor, get: (cid) => held.get(`${cid}`) })
      }
    },
    book: () => book,
    start: (entries: unknown[] = []) => step({ type: 'start', journal: entries }),
    timer: (name: string) => step({ type: 'timer', name }),
    ask: (from: Did, message: WireMessage) =>
      step({ type: 'message', from, message: openMessage(encodeMessage(message)) }),
  }
}

const answerIn = (effects: readonly Effect[]) => {
  const sent = effects.find((effect) => effect.do === 'send')
  assert.ok(sent?.do === 'send')
  return sent.message
}

test('a hold is recorded before it is answered, with its decision in the same write', () => {
  const dora = openWriter()
  dora.start()
  const token = makeToken({}, undefined)
  const manifest = makeManifest(token)
  const hold = makeHold(manifest)
  const effects = dora.ask(alice.did, appendMessage([token, hold], [manifest]))
  assert.deepEqual(
    effects.slice(0, 2).map((effect) => effect.do),
    ['record', 'send'],
  )
  assert.equal(answerIn(effects).type, 'appended')
  assert.deepEqual([...dora.book().ledger.jobs.keys()], [manifest.cid.toString()])
})

test('the same submit again gets the same answer, and nothing is written', () => {
  const dora = openWriter()
  dora.start()
  const token = makeToken()
  const manifest = makeManifest(token)
  const message = appendMessage([token, makeHold(manifest)], [manifest])
  const first = answerIn(dora.ask(alice.did, message))
  const size = dora.book().ledger.size
  const again = dora.ask(alice.did, message)
  const second = answerIn(again)
  assert.ok(first.type === 'appended' && second.type === 'appended')
  assert.deepEqual(second.records, first.records)
  assert.equal(again.length, 1)
  assert.equal(dora.book().ledger.size, size)
})

test('a denied hold is refused with the numbers and the sealed decision, and not logged', () => {
  const policies = [
    { scope: 'default', resourceType: 'compute', policy: { type: 'quota', amount: 150 } },
  ] as const
  const charter = makeCharter({ policies: [...policies] })
  const dora = openWriter(charter)
  dora.start()
  const token = makeToken({ charter: charter.cid })
  const submit = (count: number) => {
    const manifest = makeManifest(token, { nonce: nonce(count) })
    return dora.ask(alice.did, appendMessage([token, makeHold(manifest)], [manifest]))
  }
  assert.equal(answerIn(submit(1)).type, 'appended')
  const size = dora.book().ledger.size
  const refused = answerIn(submit(2))
  assert.ok(refused.type === 'refused')
  assert.equal(refused.error.code, 'QUOTA_EXCEEDED')
  assert.deepEqual(refused.error.values, { asked: 100, available: 50, limit: 150 })
  const decision = openAny(refused.records[0] ?? new Uint8Array())
  assert.ok(decision.kind === 'decision' && decision.body.effect === 'deny')
  assert.equal(dora.book().ledger.size, size)
})

test('a hold that was denied stays denied when it is sent again, a new one is asked anew', () => {
  const limit = { type: 'rate-limit', amount: 100, periodMs: 60_000 } as const
  const policies = [{ scope: 'default', resourceType: 'compute', policy: limit } as const]
  const charter = makeCharter({ policies })
  const dora = openWriter(charter)
  dora.start()
  const token = makeToken({ charter: charter.cid })
  const submit = (count: number) => {
    const manifest = makeManifest(token, { nonce: nonce(count) })
    const message = appendMessage([token, makeHold(manifest)], [manifest])
    return answerIn(dora.ask(alice.did, message))
  }
  assert.equal(submit(1).type, 'appended')
  const refused = submit(2)
  assert.ok(refused.type === 'refused' && refused.error.code === 'RATE_EXCEEDED')
  dora.clock.nowMs += 60_001
  const { size } = dora.book().ledger
  assert.deepEqual(submit(2), refused)
  assert.equal(dora.book().ledger.size, size)
  assert.equal(submit(3).type, 'appended')
  for (let count = 4; count <= LIMITS.denialsRememberedMax + 4; count++) submit(count)
  assert.equal(dora.book().denied.size, LIMITS.denialsRememberedMax)
})

test('an entry that comes alone is anchored at once, those right after it together', () => {
  const dora = openWriter()
  const kinds = (effects: readonly Effect[]) => effects.map((effect) => effect.do)
  const ask = (amount: number) => dora.ask(alice.did, appendMessage([makeToken({ amount })]))
  const anchored = () => dora.book().batches.map(({ size }) => size)
  dora.start()
  dora.clock.nowMs += 50
  assert.deepEqual(kinds(dora.timer('anchor')), ['record', 'broadcast'])
  dora.clock.nowMs += 49
  const [, , timer] = ask(1)
  assert.deepEqual(timer, { do: 'timer', name: 'anchor', atMs: dora.clock.nowMs + 1 })
  assert.deepEqual(anchored(), [1])
  dora.clock.nowMs += 1
  dora.timer('anchor')
  dora.clock.nowMs += 50
  assert.deepEqual(kinds(ask(2)), ['record', 'send', 'record', 'broadcast'])
  assert.deepEqual(anchored(), [1, 2, 3])
  for (const amount of [3, 4, 5]) {
    dora.clock.nowMs += 10
    ask(amount)
  }
  assert.deepEqual(anchored(), [1, 2, 3])
  dora.clock.nowMs += 20
  dora.timer('anchor')
  assert.deepEqual(anchored(), [1, 2, 3, 6])
})

test('a clock that is set back by an hour holds no anchor up for longer', () => {
  const dora = openWriter()
  dora.start()
  dora.clock.nowMs += 50
  dora.timer('anchor')
  dora.clock.nowMs -= 3_600_000
  const [, , timer] = dora.ask(alice.did, appendMessage([makeToken()]))
  assert.deepEqual(timer, { do: 'timer', name: 'anchor', atMs: dora.clock.nowMs + 50 })
})

test('a receipt waits for its batch, however long it was quiet: a second one may be on its way', () => {
  const { receipt } = receipted()
  const config = { charter: CHARTER, batchMs: 50 }
  const book = openBook(config)
  book.open.push({ entry: receipt, record: receipt, names: [] })
  assert.deepEqual(openBatch(book, { nowMs: startMs } as Env, config), [
    { do: 'timer', name: 'anchor', atMs: startMs + 50 },
  ])
})

test('a restart gives the same fold, the same anchors, and signs nothing for a size twice', () => {
  const before = openWriter()
  before.start()
  const token = makeToken()
  const manifest = makeManifest(token)
  before.ask(alice.did, appendMessage([token, makeHold(manifest)], [manifest]))
  before.clock.nowMs += 50
  const [, heard] = before.timer('anchor')
  assert.ok(heard?.do === 'broadcast' && heard.message.type === 'log')
  before.ask(alice.did, appendMessage([makeToken({ amount: 5 })]))

  const after = openWriter()
  const effects = after.start(before.journal)
  const [was, is] = [before.book(), after.book()]
  assert.equal(is.ledger.size, was.ledger.size)
  assert.deepEqual(is.peaks, was.peaks)
  assert.deepEqual(
    is.batches.map(({ anchor }) => anchor.cid.toString()),
    was.batches.map(({ anchor }) => anchor.cid.toString()),
  )
  assert.equal(is.open.length, 1, 'what was not anchored yet waits for its anchor')
  assert.ok(effects.every((effect) => effect.do === 'timer'))
})

test('a restart goes on from what its process folded: the same book as from its journal alone', () => {
  const before = openWriter()
  before.start()
  const token = makeToken()
  const manifest = makeManifest(token)
  before.ask(alice.did, appendMessage([token, makeHold(manifest)], [manifest]))
  before.clock.nowMs += 50
  const first = before.timer('anchor')
  before.ask(alice.did, appendMessage([makeToken({ amount: 5 })]))
  before.clock.nowMs += 50
  const second = before.timer('anchor')
  before.ask(alice.did, appendMessage([makeToken({ amount: 6 })]))

  const alone = openWriter()
  alone.start(before.journal)
  for (const folded of [first, [...first, ...second]]) {
    const after = openWriter()
    after.fold(folded)
    const { size } = after.replica.ledger
    after.start(before.journal)
    const { batches, ...book } = after.book()
    const { batches: all, ...same } = alone.book()
    assert.deepEqual(book, same)
    const missing = all.slice(all.length - batches.length)
    assert.deepEqual(batches, missing)
    assert.equal(batches.length, folded === first ? 1 : 0, 'what the process has not folded')
    after.ask(alice.did, appendMessage([makeToken({ amount: 7 })]))
    assert.equal(after.book().ledger.size, same.ledger.size + 1)
    assert.equal(after.replica.ledger.size, size, 'the copy of the process is its own')
  }
})

test('a journal without the newest anchor that its process folded is read from its beginning', () => {
  const before = openWriter()
  before.start()
  before.ask(alice.did, appendMessage([makeToken()]))
  before.clock.nowMs += 50
  const written = before.journal.length
  const anchored = before.timer('anchor')
  const after = openWriter()
  after.fold(anchored)
  after.start(before.journal.slice(0, written))
  assert.equal(after.book().ledger.size, 2)
  assert.equal(after.book().open.length, 2)
})

test('a hold nobody ran is released when its time is over', () => {
  const dora = openWriter()
  dora.start()
  const token = makeToken()
  const manifest = makeManifest(token)
  const hold = makeHold(manifest)
  const effects = dora.ask(alice.did, appendMessage([token, hold], [manifest]))
  const timer = effects.find(
    (effect) => effect.do === 'timer' && effect.name === manifest.cid.toString(),
  )
  assert.ok(timer?.do === 'timer')
  dora.clock.nowMs = timer.atMs
  dora.timer(timer.name)
  const job = dora.book().ledger.jobs.get(manifest.cid.toString())
  assert.deepEqual(
    [job?.settle?.record.body.reason, job?.settle?.record.body.release],
    ['expired', hold.body.amount],
  )
})

/** Five manifests that nothing names, of `bytes` together. */
function makeBallast(token: Token, bytes: number): Manifest[] {
  const make = (args: string[]) => makeManifest(token, { description: 'ballast', args })
  const fitted = (size: number) => {
    const args = Array<string>(100).fill('a'.repeat(Math.floor((size - 2500) / 100)))
    // a text of 256 bytes to 64 KiB has three bytes in front
    return make([...args, 'a'.repeat(size - make(args).bytes.length - 3)])
  }
  const fifth = Math.floor(bytes / 5)
  return [fifth, fifth, fifth, fifth, bytes - 4 * fifth].map(fitted)
}

test('a request of as many bytes as may be is logged; of one more it is refused', () => {
  const dora = openWriter()
  dora.start()
  const token = makeToken()
  const manifest = makeManifest(token)
  const hold = makeHold(manifest)
  const own = [token, manifest, hold].reduce((sum, { bytes }) => sum + bytes.length, 0)
  const message = (bytes: number) =>
    appendMessage([token, hold], [manifest, ...makeBallast(token, bytes - own)])

  const { size } = dora.book().ledger
  const tooLarge = dora.ask(alice.did, message(LIMITS.appendBytesMax + 1))
  assert.equal(tooLarge.length, 1, 'an answer, and nothing is recorded')
  const refused = answerIn(tooLarge)
  assert.ok(refused.type === 'refused')
  assert.equal(refused.error.code, 'LIMIT_EXCEEDED')
  assert.equal(refused.error.detail, '1048577 bytes of records, at most 1048576')
  assert.equal(`${refused.request}`, `${hold.cid}`)
  assert.equal(dora.book().ledger.size, size)
  assert.deepEqual([...dora.book().ledger.tokens.keys()], [], 'not even the token before it')

  const taken = answerIn(dora.ask(alice.did, message(LIMITS.appendBytesMax)))
  assert.equal(taken.type, 'appended')
  assert.deepEqual([...dora.book().ledger.jobs.keys()], [`${manifest.cid}`])
})
