/**
 * A member that serves what is not true, to a reader who has nobody else to ask: wrong bytes under
 * a right name, or the log told otherwise by everybody who has a key. Whatever `meshctl verify`
 * says then, it is no check mark, and the code says why.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import {
  type AnyRecord,
  type Block,
  type CID,
  type Code,
  cidOf,
  Decline,
  Lease,
  Refusal,
  seal,
  Verdict,
} from '@planetary-mesh/spec'
import { anchorsOf, bytesOf, type Evidence, logOf } from '../attacks/evidence.ts'
import {
  type Changes,
  type Entry,
  type Keys,
  type Rewrite,
  retell,
  signerOf,
} from '../attacks/retell.ts'
import { refusedWith } from '../mesh/refused.ts'
import { charter, signerOf as memberSigner, ROLES } from './daemons.ts'
import { readLog } from './read-log.ts'
import {
  addressOf,
  awardTo,
  client,
  didOf,
  down,
  endOf,
  meshctl,
  settled,
  submit,
  sum,
  TIMEOUT,
  up,
} from './six.ts'
import { openPeer } from './test-peer.ts'

const KEYS: Keys = new Map(
  Object.keys(ROLES).map((name) => [memberSigner(name).did, memberSigner(name)]),
)

/** What a block's bytes become on the way; `other` is another block of the log. */
const CORRUPTIONS: Record<string, (bytes: Uint8Array, other: Uint8Array) => Uint8Array> = {
  'a flipped byte': (bytes) =>
    bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] as number) ^ 1),
  "another block's bytes": (_, other) => other,
  'the last byte left out': (bytes) => bytes.slice(0, -1),
}

let job: string
let honest: Evidence
/** What the liar gives when it is asked for the log. */
let tale: Block[] = []

/** Blocks that nobody has, whatever the liar says: asked for while the other tests go on. */
const NOBODYS = Object.keys(CORRUPTIONS).map((what) =>
  new TextEncoder().encode(`nobody has: ${what}`),
)
const falseBlocks = new Map<string, Uint8Array>()
let fetched: Promise<PromiseSettledResult<Uint8Array>[]>

before(async () => {
  await up(['federation-1', 'federation-2', 'mesh-node-1'])
  const given = await submit(sum({ chooser: 'submitter' }))
  await awardTo(given, didOf('mesh-node-1'))
  assert.equal(await endOf(given), 'verified')
  job = `${given.manifest.cid}`
  const { receipt } = await settled(given)
  const { head, blocks } = await readLog(client('mesh-node-1'))
  honest = { roots: [receipt?.cid as CID, head, charter.cid], blocks }
  assert.ok(await down('federation-2'))
  assert.ok(await down('federation-1'))
  for (const [index, corrupt] of Object.values(CORRUPTIONS).entries()) {
    const bytes = NOBODYS[index] as Uint8Array
    falseBlocks.set(`${cidOf('raw', bytes)}`, corrupt(bytes, charter.bytes))
  }
  await openPeer('mesh-node-3', {
    bootstrap: [addressOf('mesh-node-1')],
    async *serveLog() {
      yield* tale
    },
    falseBlock: (cid) => falseBlocks.get(`${cid}`),
  })
  const home = client('mesh-node-1')
  fetched = Promise.allSettled(NOBODYS.map((bytes) => home.block(cidOf('raw', bytes))))
}, TIMEOUT)

/** What `meshctl verify` says when the log comes from the liar. */
async function judge(blocks: Iterable<Block>, ...more: string[]) {
  tale = [...blocks]
  const { exit, stdout } = await meshctl('verify', job, '--json', ...more)
  const { error, verified } = JSON.parse(stdout)
  return { exit, mark: verified?.mark, code: verified?.code ?? error?.code ?? null }
}

const assertRefused = (judged: Awaited<ReturnType<typeof judge>>, code: Code) => {
  assert.notEqual(judged.mark, '✓')
  assert.deepEqual([judged.code, judged.exit], [code, 1])
}

test('the log as it is has both marks, whoever serves it', TIMEOUT, async () => {
  assert.deepEqual(await judge(honest.blocks.values()), { exit: 0, mark: '✓', code: null })
})

for (const [what, corrupt] of Object.entries(CORRUPTIONS)) {
  test(`${what}: BLOCK_CID_MISMATCH, in whichever record it is`, TIMEOUT, async () => {
    const anchor = anchorsOf(honest).at(-1)?.cid as CID
    const other = bytesOf(honest, honest.roots[2])
    const targets = [...logOf(honest).map(({ record }) => record.cid), anchor]
    for (const cid of targets.filter((cid) => !cid.equals(honest.roots[2]))) {
      const bytes = corrupt(bytesOf(honest, cid), other)
      const served = [...honest.blocks.values()].map((block) =>
        block.cid.equals(cid) ? { cid, bytes } : block,
      )
      assertRefused(await judge(served, '--no-replay'), 'BLOCK_CID_MISMATCH')
    }
  })
}

/** The log as they tell it now, without the anchors of what they told before. */
function told(changes: Changes, rewrite?: Rewrite) {
  const tale = retell(honest, KEYS, changes, rewrite)
  const blocks = new Map(tale.blocks)
  for (const { cid } of anchorsOf(honest)) blocks.delete(`${cid}`)
  for (const { cid } of anchorsOf(tale)) blocks.set(`${cid}`, tale.blocks.get(`${cid}`) as Block)
  return judge(blocks.values())
}

const insertAfter = (
  kind: AnyRecord['kind'],
  make: (record: AnyRecord, keys: Keys) => AnyRecord,
): Rewrite => {
  return (entries, keys) => {
    const at = entries.findIndex(({ record }) => record.kind === kind)
    const { record, atMs } = entries[at] as Entry
    return entries.toSpliced(at + 1, 0, { record: make(record, keys), atMs })
  }
}

test('the log told again with nothing changed has both marks', TIMEOUT, async () => {
  assert.equal((await told({})).mark, '✓')
})

test('both tellings of it at once, each signed by the writer: EQUIVOCATION', TIMEOUT, async () => {
  const { blocks } = retell(honest, KEYS, {
    settle: ({ body }) => ({ body: { ...body, post: 2, release: body.post + body.release - 2 } }),
  })
  assertRefused(await judge(blocks.values()), 'EQUIVOCATION')
})

const LIES: readonly [what: string, code: Code, changes: Changes, rewrite?: Rewrite][] = [
  [
    'a unit of fuel more, sworn to by every verifier',
    'OUTPUT_MISMATCH',
    {
      receipt: ({ body }) => ({
        body: { ...body, result: { ...body.result, fuel: body.result.fuel + 1 } },
      }),
    },
  ],
  [
    'more charged than is due',
    'SETTLE_INVALID',
    {
      settle: ({ body }) => ({ body: { ...body, post: body.post + 1, release: body.release - 1 } }),
    },
  ],
  [
    'a decision that saw more than the token had',
    'DECISION_MISMATCH',
    {
      decision: ({ body }) => {
        const values = { ...body.values, tokenFree: body.values.tokenFree + 1 }
        return { body: { ...body, values } }
      },
    },
  ],
  [
    'verdicts of a member who is no verifier',
    'ROLE_MISSING',
    { verdict: () => ({ author: didOf('mesh-node-2') }) },
  ],
  ['one verdict twice', 'RECORD_DUPLICATE', {}, insertAfter('verdict', (record) => record)],
  [
    'a second verdict of one verifier',
    'VERDICT_DUPLICATE',
    {},
    insertAfter('verdict', (record, keys) => {
      assert.ok(record.kind === 'verdict')
      const body = { ...record.body, result: 'cannot-replay' as const }
      return seal(Verdict, body, signerOf(keys, record.author))
    }),
  ],
  [
    'a receipt for a lease that its executor had declined',
    'LEASE_ENDED',
    {},
    insertAfter('lease', (record, keys) => {
      assert.ok(record.kind === 'lease')
      const body = { lease: record.cid, reason: 'no-capacity' as const }
      return seal(Decline, body, signerOf(keys, record.body.executor))
    }),
  ],
  [
    'two leases at a time',
    'LEASE_LIVE',
    {},
    insertAfter('lease', (record, keys) => {
      assert.ok(record.kind === 'lease')
      return seal(Lease, { ...record.body, epoch: 2 }, signerOf(keys, record.author))
    }),
  ],
]

for (const [what, code, changes, rewrite] of LIES) {
  test(`${what}, validly signed: ${code}`, TIMEOUT, async () => {
    assertRefused(await told(changes, rewrite), code)
  })
}

test(
  'blocks that only the liar says it has are missing, and come when it is true',
  TIMEOUT,
  async () => {
    for (const result of await fetched) {
      assert.ok(result.status === 'rejected' && result.reason instanceof Refusal)
      refusedWith('BLOCK_MISSING')(result.reason)
    }
    for (const bytes of NOBODYS) falseBlocks.set(`${cidOf('raw', bytes)}`, bytes)
    for (const bytes of NOBODYS) {
      assert.deepEqual(await client('mesh-node-1').block(cidOf('raw', bytes)), bytes)
    }
  },
)
