/** S1-13 the five verbs: an honest chain has no finding, and each finding its own story. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AnyRecord,
  Bid,
  type ChainCheck,
  type CID,
  chainOfJob,
  checkChain,
  encodeBlock,
  encodeFile,
  type Result,
  receiptByCid,
  Settle,
  seal,
  verifyChain,
} from '@planetary-mesh/spec'
import { Log } from './log.ts'
import { awardOn, type Changes, leaseOn, openLog, type Records, submit, tellJob } from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  fatou,
  ines,
  MODULE_CID,
  makeAward,
  makeBid,
  makeCharter,
  makeDecision,
  makeManifest,
  makeReceipt,
  makeToken,
  makeVerdict,
  mallory,
  membersWith,
  nextCharter,
  RESULT,
} from './world.ts'

type Read = { receipt?: CID; head?: CID; genesis?: CID; again?: Result; get?: Log['get'] }

function verify(log: Log, told: Pick<Records, 'receipt'>, read: Read = {}): ChainCheck {
  const head = read.head ?? log.anchor()
  return verifyChain({
    receipt: told.receipt.cid,
    genesis: CHARTER.cid,
    get: log.get,
    ...read,
    head,
  })
}

function story(changes: Changes = {}, read: Read = {}): ChainCheck {
  const log = new Log()
  return verify(log, tellJob(log, changes), read)
}

const codes = ({ findings }: ChainCheck) => [...new Set(findings.map(({ code }) => code))]
const marks = ({ anchored, verified }: ChainCheck) => [anchored.mark, verified.mark]

describe('an honest chain', () => {
  test('has no finding, and both marks', () => {
    const log = new Log()
    const told = tellJob(log)
    const found = verify(log, told, { again: RESULT })
    assert.deepEqual(found.findings, [])
    assert.deepEqual(marks(found), ['✓', '✓'])
    const { facts } = found
    assert.equal(`${facts?.charter.cid}`, `${CHARTER.cid}`)
    assert.deepEqual(facts?.valid, [dora.did, emil.did, fatou.did])
    assert.deepEqual([facts?.threshold, facts?.logSize, facts?.invalid], [2, 10, []])
    assert.equal(`${facts?.anchor}`, `${log.anchors[0]}`)
    assert.equal(facts?.settle?.cid.equals(told.settle.cid), true)
  })
  test('has its second mark open as long as the log has no verdicts', () => {
    const log = new Log()
    const told = tellJob(log)
    const found = verify(log, told, { head: log.anchors[0] as CID })
    assert.deepEqual(found.findings, [])
    assert.deepEqual(marks(found), ['✓', '…'])
  })
  test('of an old charter stays honest when issuer, member and executor have gone', () => {
    const log = new Log()
    const told = tellJob(log)
    const members = membersWith(CHARTER, bruno, 'gone').filter(({ did }) => did !== alice.did)
    const admin = { did: ines.did, name: 'ines', roles: ['admin' as const], location: '' }
    log.append(nextCharter(CHARTER, { members: [...members, admin], issuers: [], threshold: 3 }))
    assert.deepEqual(marks(verify(log, told)), ['✓', '✓'])
  })
  test('holds across a charter between the hold and the lease', () => {
    const { log, token } = openLog()
    const submitted = submit(log, token)
    const next = nextCharter(CHARTER, {
      issuers: [],
      members: membersWith(CHARTER, alice, ['admin']),
    })
    log.append(next)
    const lease = leaseOn(log, awardOn(log, submitted.manifest, [makeBid(submitted.manifest)]))
    const receipt = makeReceipt({ ...submitted, lease })
    log.append(receipt)
    for (const who of [dora, emil]) log.append(makeVerdict(receipt, { charter: next.cid }, who))
    assert.deepEqual(verify(log, { receipt }).findings, [])
  })
  test('is found the same by a verifier in its own fold', () => {
    const log = new Log()
    const { receipt } = tellJob(log)
    const { job, lease } = receiptByCid(log.ledger, receipt.cid)
    const chain = chainOfJob(job, lease, receipt)
    assert.deepEqual(checkChain(chain, log.ledger), [])
    assert.deepEqual(checkChain(chain, log.ledger, RESULT), [])
  })
})

describe('verdicts decide the second mark', () => {
  const judged = (...results: ('valid' | 'invalid' | 'cannot-replay')[]) =>
    story({
      verdicts: (_, receipt) =>
        results.map((result, at) => {
          const who = [dora, emil, fatou][at] as typeof dora
          return makeVerdict(receipt, { result }, who)
        }),
      settle: (honest) => honest,
    })
  test('below the threshold it is open', () => {
    const log = new Log()
    const told = tellJob(log, { verdicts: (honest) => honest.slice(1) })
    assert.deepEqual(marks(verify(log, told)), ['✓', '✓'])
    const one = tellStopped((honest) => honest.slice(2))
    assert.deepEqual([...marks(one), one.findings.length], ['✓', '…', 0])
  })
  test('refuted or disputed it is a cross', () => {
    for (const results of [
      ['invalid', 'invalid'],
      ['valid', 'invalid', 'cannot-replay'],
    ] as const) {
      const { verified, anchored } = judged(...results)
      assert.equal(anchored.mark, '✓')
      assert.equal(verified.mark, '✗')
    }
  })
  /** A story without its settle. */
  function tellStopped(verdicts: NonNullable<Changes['verdicts']>): ChainCheck {
    const log = new Log()
    let receipt: Records['receipt'] | undefined
    const told = tellJob(log, {
      verdicts: (honest, judgedReceipt) => {
        receipt = judgedReceipt
        return verdicts(honest, judgedReceipt)
      },
    })
    const open = new Log()
    for (const [key, bytes] of log.blocks) open.blocks.set(key, bytes)
    const records = [told.token, told.decision, told.hold, told.lease, told.receipt]
    for (const record of [told.manifest, told.bid, told.otherBid, told.award]) open.know(record)
    for (const record of [...records, ...told.verdicts]) open.append(record as AnyRecord)
    return verify(open, { receipt: receipt ?? told.receipt })
  }
})

describe('each finding, alone', () => {
  const finds = (code: string, found: ChainCheck, expected: [string, string]) => {
    assert.deepEqual(codes(found), [code])
    assert.deepEqual(marks(found), expected)
    const crossed = found.anchored.mark === '✗' ? found.anchored : found.verified
    assert.equal(crossed.code, code)
  }
  const neither: [string, string] = ['✗', '✗']
  const anchored: [string, string] = ['✓', '✗']

  describe('open', () => {
    test('BLOCK_MISSING: a record of the chain is not there', () => {
      const log = new Log()
      const told = tellJob(log)
      log.blocks.delete(told.bid.cid.toString())
      finds('BLOCK_MISSING', verify(log, told), neither)
    })
    test('BLOCK_MISSING: a file of the job is not there', () => {
      const log = new Log()
      const told = tellJob(log)
      log.blocks.delete(MODULE_CID.toString())
      finds('BLOCK_MISSING', verify(log, told), anchored)
    })
    test('SIGNATURE_INVALID: a record that its author did not sign', () => {
      const forged = (honest: Bid): Bid => {
        const { kind, body } = honest
        const { signature } = signatureOf(seal(Bid, body, mallory))
        return { ...honest, ...encodeBlock({ kind, author: bruno.did, body, signature }) }
      }
      finds('SIGNATURE_INVALID', story({ bid: forged }), neither)
    })
    test('RECORD_KIND_MISMATCH: a lease is no receipt', () => {
      const log = new Log()
      const { lease } = tellJob(log)
      const found = verify(log, { receipt: lease as never })
      finds('RECORD_KIND_MISMATCH', found, neither)
    })
    test('RECORD_MALFORMED: an anchor is no record', () => {
      const log = new Log()
      const told = tellJob(log)
      const receipt = log.anchors[0] as CID
      finds('RECORD_MALFORMED', verify(log, told, { receipt }), neither)
    })
    test('DELEGATION_REFUSED: a token that was passed on too often', () => {
      const log = new Log()
      let last = makeToken({ amount: 1000, holder: alice.did })
      log.write(last)
      for (let depth = 1; depth <= 9; depth++) {
        last = makeToken({ parent: last.cid, amount: 999 - depth }, alice)
        if (depth < 9) log.write(last)
      }
      const told = tellJob(log, {
        token: () => last,
        award: (honest) => makeAward(honestManifest(honest), [], { ...honest.body }),
      })
      finds('DELEGATION_REFUSED', verify(log, told), neither)
    })
    test('FILE_TOO_LARGE and FILE_MALFORMED: a file that is not as long as declared', () => {
      const declared = (bytes: number): Changes => ({
        manifest: ({ body }) =>
          makeManifest(makeToken(), { ...body, module: { ...body.module, bytes } }),
      })
      const { bytes } = encodeFile(new TextEncoder().encode('\0asm\u0001\0\0\0'))
      finds('FILE_TOO_LARGE', story(declared(bytes - 1)), anchored)
      finds('FILE_MALFORMED', story(declared(bytes + 1)), anchored)
    })
  })

  describe('link', () => {
    test('LINK_MISMATCH: the receipt names another decision', () => {
      const receipt: Changes['receipt'] = (_, { lease, manifest, hold }) =>
        makeReceipt({ lease, manifest } as Records, { decision: hold?.cid as CID })
      finds('LINK_MISMATCH', story({ receipt }), anchored)
    })
    test('LINK_MISMATCH: the receipt is of another runtime profile', () => {
      const receipt: Changes['receipt'] = (_, so) =>
        makeReceipt(so as Records, { changed: { profile: 'k2' } })
      finds('LINK_MISMATCH', story({ receipt }), anchored)
    })
    test('AWARD_INVALID: the winner is not among the bids', () => {
      const award: Changes['award'] = (honest, { manifest, bid, otherBid }) => {
        const { manifest: job, otherBid: other } = { manifest, otherBid } as Records
        assert.ok(bid !== undefined)
        return makeAward(job, [other], { ...honest.body, bids: [other.cid], ranking: [other.cid] })
      }
      finds('AWARD_INVALID', story({ award }), neither)
    })
  })

  describe('belong', () => {
    test('AUTHOR_MISMATCH: the receipt of another executor than the lease’s', () => {
      const log = new Log()
      const told = tellJob(log, { receipt: (_, so) => makeReceipt(so as Records, {}, chiara) })
      finds('AUTHOR_MISMATCH', verify(log, told, { head: log.anchors[0] as CID }), anchored)
    })
    test('ROLE_MISSING: a bid of a stranger', () => {
      const bid: Changes['bid'] = ({ body }) => seal(Bid, body, mallory)
      finds('ROLE_MISSING', story({ bid }), neither)
    })
    test('TOKEN_ISSUER_UNKNOWN: a token of nobody’s making', () => {
      const token: Changes['token'] = ({ body }) => makeToken(body, mallory)
      finds('TOKEN_ISSUER_UNKNOWN', story({ token }), neither)
    })
    test('CHARTER_UNKNOWN: a log of another federation', () => {
      finds('CHARTER_UNKNOWN', story({}, { genesis: makeCharter({ name: 'ours' }).cid }), neither)
    })
  })

  describe('account', () => {
    const overuse = (changed: Partial<Result>, post: number) => {
      const found = story({
        receipt: (_, so) => makeReceipt(so as Records, { changed }),
        settle: ({ body }) => seal(Settle, { ...body, post, release: 100 - post }, dora),
      })
      finds('RECEIPT_OVERUSE', found, anchored)
    }
    test('RECEIPT_OVERUSE: more fuel or memory than the manifest allows', () => {
      overuse({ fuel: 100_000_000_001 }, 40)
      overuse({ memoryPages: 8193 }, 20)
    })
    test('RECEIPT_OVERUSE: more output than the manifest allows', () => {
      const manifest: Changes['manifest'] = ({ body }) =>
        makeManifest(makeToken(), { ...body, outputBytesMax: RESULT.stdout.bytes })
      finds('RECEIPT_OVERUSE', story({ manifest }), anchored)
    })
    test('EQUIVOCATION: two receipts of one executor for one lease', () => {
      const log = new Log()
      const told = tellJob(log)
      const twice = new Log()
      for (const record of [told.manifest, told.bid, told.otherBid, told.award]) twice.know(record)
      for (const record of [told.token, told.decision, told.hold, told.lease, told.receipt]) {
        twice.append(record)
      }
      twice.append(makeReceipt(told, { changed: { fuel: 1 } }))
      for (const verdict of told.verdicts) twice.append(verdict)
      finds('EQUIVOCATION', verify(twice, told), anchored)
    })
    test('ANCHOR_MISSING: the receipt is not in the log', () => {
      const log = new Log()
      const told = tellJob(log)
      const receipt = log.know(makeReceipt(told, { changed: { fuel: 1 } }))
      finds('ANCHOR_MISSING', verify(log, { receipt }), neither)
    })
    test('LEASE_UNKNOWN: nor is its lease', () => {
      const log = new Log()
      const head = log.anchor()
      const other = new Log()
      const told = tellJob(other)
      const get = (cid: CID) => other.get(cid) ?? log.get(cid)
      finds('LEASE_UNKNOWN', verify(log, told, { head, get }), neither)
    })
  })

  describe('replay', () => {
    test('DECISION_MISMATCH: deciding again gives another answer', () => {
      const decision: Changes['decision'] = (_, so) => {
        const values = { tokenFree: 999, used: 0, usedInPeriods: [] }
        return makeDecision(so as Records, new Log().atMs, { values })
      }
      finds('DECISION_MISMATCH', story({ decision }), neither)
    })
    test('DECISION_MISMATCH: also for one who has only the decision and the charter', () => {
      const log = new Log()
      const { receipt, decision } = tellJob(log)
      const { job, lease } = receiptByCid(log.ledger, receipt.cid)
      const chain = chainOfJob(job, lease, receipt)
      const { request } = decision.body
      for (const over of [{ amount: 99 }, { holder: bruno.did }]) {
        const body = { ...decision.body, request: { ...request, ...over } }
        const found = checkChain({ ...chain, decision: { ...decision, body } }, log.ledger)
        assert.deepEqual(
          found.map(({ code }) => code),
          ['DECISION_MISMATCH'],
        )
      }
    })
    test('OUTPUT_MISMATCH: running it again gave something else', () => {
      for (const other of [
        { fuel: RESULT.fuel - 1 },
        { memoryPages: 16 },
        { output: { ...RESULT.output, cid: RESULT.stdout.cid } },
        { outcome: { type: 'exited', code: 1 } },
        { hostCallDigest: new Uint8Array(32) },
      ] as const) {
        finds('OUTPUT_MISMATCH', story({}, { again: { ...RESULT, ...other } }), anchored)
      }
    })
  })

  describe('the log', () => {
    test('CHECKPOINT_INVALID: signed by somebody else than the writer', () => {
      const log = new Log()
      const told = tellJob(log)
      const head = log.anchor({ signer: emil })
      finds('CHECKPOINT_INVALID', verify(log, told, { head }), anchored)
    })
    test('CHECKPOINT_INVALID: a head that does not follow from what it names', () => {
      const log = new Log()
      const told = tellJob(log)
      log.anchor()
      const head = log.anchor({ size: 3, entries: [told.token.cid] })
      finds('CHECKPOINT_INVALID', verify(log, told, { head }), ['✓', '✗'])
    })
    test('BLOCK_MISSING: an anchor on the way is not there', () => {
      const log = new Log()
      const told = tellJob(log)
      const head = log.anchor()
      log.blocks.delete(log.anchors[0]?.toString() ?? '')
      finds('BLOCK_MISSING', verify(log, told, { head }), neither)
    })
  })
})

const signatureOf = ({ bytes }: Bid) => ({ signature: bytes.slice(-64) })
const honestManifest = ({ body }: Records['award']) =>
  ({ cid: body.manifest }) as Records['manifest']
