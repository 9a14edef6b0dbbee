// After a restart the log on the disk is folded again: hashed, in shape, by every rule.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBlock, parseCid, type Token, verifySignature } from '@planetary-mesh/spec'
import { Log } from '../../spec/test/rules/log.ts'
import { dora, makeToken } from '../../spec/test/rules/world.ts'
import { openStage, play } from './stage.ts'

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

/** A process that starts with this log on its disk and in its journal, and what it verified. */
async function restart(log: Log) {
  const stage = openStage()
  const blocks = [...log.blocks].map(([key, bytes]) => ({ cid: parseCid(key), bytes }))
  await stage.memory.openBlocks().put(blocks)
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
  return { process, verified, codes: stage.notices.map(({ code }) => code) }
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
