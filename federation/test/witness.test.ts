/** emil folds the log for himself and vouches only for one history. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type WitnessState, witnessRole } from '@planetary-mesh/federation'
import {
  Cosignature,
  type Effect,
  type Env,
  type Event,
  openAny,
  openCosignature,
  openReplica,
  receive,
  verifySignature,
} from '@planetary-mesh/spec'
import type { Log } from '../../spec/test/rules/log.ts'
import { openLog } from '../../spec/test/rules/story.ts'
import { dora, emil, makeToken, startMs } from '../../spec/test/rules/world.ts'

function openWitness(log: Log) {
  const replica = openReplica(log.genesis)
  const role = witnessRole()
  let state: WitnessState = role.init()
  const env: Env = {
    nowMs: startMs,
    self: emil,
    genesis: log.genesis,
    replica,
    verify: verifySignature,
    open: (bytes) => openAny(bytes),
  }
  const step = (event: Event): Effect[] => {
    const done = role.step(state, event, env)
    state = done.state
    return done.effects
  }
  return {
    notes: () => role.notes?.(state),
    start: (journal: unknown[]) => step({ type: 'start', journal }),
    hear: (from: Log) => {
      const anchor = from.anchors.at(-1)
      assert.ok(anchor)
      const received = receive(replica, { anchor, get: from.get })
      return received.type === 'applied' ? step({ ...received, type: 'log' }) : []
    },
  }
}

test('a witness writes down what it vouches for before it says so', () => {
  const { log } = openLog()
  log.anchor()
  const witness = openWitness(log)
  assert.deepEqual(witness.start([]), [])
  const [record, send] = witness.hear(log)
  assert.ok(record?.do === 'record')
  assert.ok(send?.do === 'send' && send.message.type === 'cosigned')
  assert.equal(send.to, dora.did)
  const cosigned = openCosignature(send.message.note)
  assert.deepEqual([cosigned.witness, cosigned.size], [emil.did, log.size])
  const [block] = record.blocks ?? []
  assert.ok(block)
  assert.deepEqual(Cosignature.decode(block.bytes).note, send.message.note)
  assert.deepEqual(witness.notes(), [block.cid], 'readers of the log are given it')
})

test('after a restart it vouches for what follows from its last word, and for nothing twice', () => {
  const { log } = openLog()
  log.anchor()
  const before = openWitness(log)
  before.start([])
  const [record] = before.hear(log)
  assert.ok(record?.do === 'record')

  const again = openWitness(log)
  again.start([record.entry])
  assert.deepEqual(again.hear(log), [], 'the same size is not cosigned again')
  log.append(makeToken({ amount: 7 }))
  log.anchor()
  assert.equal(again.hear(log).length, 2)
})

test('a log that does not pass through what it cosigned gets no cosignature', () => {
  const { log } = openLog()
  log.anchor()
  const witness = openWitness(log)
  const seen = { size: log.size, root: new Uint8Array(32).fill(7) }
  witness.start([seen])
  assert.deepEqual(witness.hear(log), [])
})
