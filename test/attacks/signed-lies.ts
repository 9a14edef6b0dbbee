/**
 * Lies that are validly signed by the right key, logged and anchored by a writer who lies along:
 * nothing in the file is forged, and still `meshctl verify` says ✗ with the code of the lie.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { Decline, encodeDirectory, encodeFile, Lease, seal, Verdict } from '@planetary-mesh/spec'
import { gita, mallory, nameOf } from '../mesh/people.ts'
import { type Evidence, logOf, recordOf, writeEvidence } from './evidence.ts'
import { type Judged, judge } from './judge.ts'
import { type Changes, type Entry, type Rewrite, retell, signerOf } from './retell.ts'
import { openScene, type Scene, type Target } from './scene.ts'

let scene: Scene

before(async () => {
  scene = await openScene()
})

async function judgeEvidence(evidence: Evidence, more: readonly string[] = []): Promise<Judged> {
  return judge(await writeEvidence(evidence), scene.charter, more)
}

function assertRefused({ exit, verified, codes }: Judged, code: string): void {
  assert.deepEqual([verified.mark, verified.code, exit], ['✗', code, 1], codes.join(' '))
}

/** The job told with these changes, each by whoever has the key, is refused for that reason. */
async function assertLie(changes: Changes, rewrite: Rewrite | undefined, code: string) {
  const told = retell(scene.evidence, scene.keys, changes, rewrite)
  assertRefused(await judgeEvidence(told), code)
}

/** The record of the job that has this part in it. */
const isMine = (target: Target, { cid }: { cid: { toString(): string } }) =>
  `${cid}` === `${scene.mine[target]}`
const indexOf = (entries: readonly Entry[], target: Target) => {
  const at = logOf(scene.evidence).findIndex(({ record }) => isMine(target, record))
  assert.ok(at >= 0 && at < entries.length)
  return at
}
/** The entry of that record, and what comes of putting others right after it. */
const entryOf = (entries: readonly Entry[], target: Target) =>
  entries[indexOf(entries, target)] as Entry
const insertAfter = (entries: readonly Entry[], target: Target, ...added: Entry[]): Entry[] =>
  entries.toSpliced(indexOf(entries, target) + 1, 0, ...added)

test('the job told again with nothing changed verifies, and runs again to the same end', async () => {
  const judged = await judgeEvidence(retell(scene.evidence, scene.keys, {}))
  assert.deepEqual([judged.codes, judged.verified.mark, judged.exit], [[], '✓', 0])
  assert.ok(judged.replayed)
})

test('other times in the receipt change nothing: nobody but its executor can know them', async () => {
  const told = retell(scene.evidence, scene.keys, {
    receipt: ({ body, ...record }) =>
      isMine('receipt', record)
        ? { body: { ...body, measured: { ...body.measured, rssBytes: 1 } } }
        : undefined,
  })
  assert.ok(!told.roots[0].equals(scene.evidence.roots[0]), 'it is another receipt')
  const judged = await judgeEvidence(told, ['--no-replay'])
  assert.deepEqual([judged.codes, judged.verified.mark, judged.exit], [[], '✓', 0])
})

/** What a record by a stranger is, although the writer logs it and everybody goes on with it. */
const STRANGERS: readonly [Exclude<Target, 'anchor' | 'module'>, string][] = [
  ['charter', 'CHARTER_UNKNOWN'],
  ['token', 'TOKEN_ISSUER_UNKNOWN'],
  ['manifest', 'AUTHOR_MISMATCH'],
  ['hold', 'AUTHOR_MISMATCH'],
  ['decision', 'AUTHOR_MISMATCH'],
  ['bid', 'ROLE_MISSING'],
  ['award', 'ROLE_MISSING'],
  ['lease', 'AUTHOR_MISMATCH'],
  ['receipt', 'ROLE_MISSING'],
  ['verdict', 'ROLE_MISSING'],
  ['settle', 'AUTHOR_MISMATCH'],
]

for (const [kind, code] of STRANGERS) {
  test(`${kind}: a stranger's, with all that follows sealed anew and logged, is ${code}`, async () => {
    const stranger = (record: { cid: unknown }) =>
      isMine(kind, record as never) ? { author: mallory.did } : undefined
    await assertLie({ [kind]: stranger } as Changes, undefined, code)
  })

  test(`${kind}: a stranger's, with all that follows by her own hand, is no log of the writer's`, async () => {
    const hers = new Map([...scene.keys.keys()].map((did) => [did, mallory]))
    const changes = { [kind]: () => ({ author: mallory.did }) } as Changes
    const judged = await judgeEvidence(retell(scene.evidence, hers, changes))
    assertRefused(judged, kind === 'charter' ? 'CHARTER_UNKNOWN' : 'CHECKPOINT_INVALID')
  })
}

test('another award: the home picks the worst bid, and everybody goes along: AWARD_INVALID', async () => {
  const honest = recordOf(scene.evidence, scene.mine.award)
  assert.ok(honest.kind === 'award')
  const winner = honest.body.ranking.at(-1)
  assert.ok(winner && honest.body.ranking.length === 3)
  const executor = recordOf(scene.evidence, winner).author
  await assertLie(
    {
      award: ({ body, ...record }) =>
        isMine('award', record) ? { body: { ...body, winner } } : undefined,
      lease: ({ body, ...record }) =>
        isMine('lease', record) ? { body: { ...body, executor } } : undefined,
      receipt: (record) => (isMine('receipt', record) ? { author: executor } : undefined),
    },
    undefined,
    'AWARD_INVALID',
  )
})

test('an ended lease: its executor had declined it before the receipt: LEASE_ENDED', async () => {
  await assertLie(
    {},
    (entries, keys) => {
      const lease = entryOf(entries, 'lease')
      assert.ok(lease.record.kind === 'lease')
      const signer = signerOf(keys, lease.record.body.executor)
      const body = { lease: lease.record.cid, reason: 'no-capacity' as const }
      return insertAfter(entries, 'lease', { ...lease, record: seal(Decline, body, signer) })
    },
    'LEASE_ENDED',
  )
})

test('an ended lease: the receipt comes a millisecond after its term: LEASE_ENDED', async () => {
  const lateBy =
    (late: number): Rewrite =>
    (entries) => {
      const { record, atMs } = entryOf(entries, 'lease')
      assert.ok(record.kind === 'lease')
      const shift = record.body.untilMs - atMs + late
      const from = indexOf(entries, 'receipt')
      return entries.map((one, at) => (at < from ? one : { ...one, atMs: atMs + shift }))
    }
  await assertLie({}, lateBy(1), 'LEASE_ENDED')
  const told = retell(scene.evidence, scene.keys, {}, lateBy(0))
  const inTime = await judgeEvidence(told, ['--no-replay'])
  assert.deepEqual([inTime.codes, inTime.verified.mark], [[], '✓'])
})

test('a verdict by a member who is no verifier: ROLE_MISSING', async () => {
  await assertLie(
    { verdict: (record) => (isMine('verdict', record) ? { author: gita.did } : undefined) },
    undefined,
    'ROLE_MISSING',
  )
})

test('the same verdict twice: RECORD_DUPLICATE', async () => {
  const twice: Rewrite = (entries) => insertAfter(entries, 'verdict', entryOf(entries, 'verdict'))
  await assertLie({}, twice, 'RECORD_DUPLICATE')
})

test('a second verdict of the same verifier: VERDICT_DUPLICATE', async () => {
  await assertLie(
    {},
    (entries, keys) => {
      const { record, atMs } = entryOf(entries, 'verdict')
      assert.ok(record.kind === 'verdict')
      const body = { ...record.body, result: 'cannot-replay' as const }
      const second = seal(Verdict, body, signerOf(keys, record.author))
      return insertAfter(entries, 'verdict', { record: second, atMs })
    },
    'VERDICT_DUPLICATE',
  )
})

test('a verdict of the executor on its own receipt: it is no verifier, ROLE_MISSING', async () => {
  const receipt = recordOf(scene.evidence, scene.mine.receipt)
  assert.notEqual(nameOf(receipt.author), receipt.author)
  await assertLie(
    { verdict: (record) => (isMine('verdict', record) ? { author: receipt.author } : undefined) },
    undefined,
    'ROLE_MISSING',
  )
})

test('a settle above the hold, or above what is due by one: SETTLE_INVALID', async () => {
  const settle = recordOf(scene.evidence, scene.mine.settle)
  assert.ok(settle.kind === 'settle')
  const held = settle.body.post + settle.body.release
  for (const post of [held + 1, settle.body.post + 1, settle.body.post - 1]) {
    const release = Math.max(0, held - post)
    await assertLie(
      {
        settle: ({ body, ...record }) =>
          isMine('settle', record) ? { body: { ...body, post, release } } : undefined,
      },
      undefined,
      'SETTLE_INVALID',
    )
  }
})

test('a settle before its verdicts: SETTLE_INVALID', async () => {
  await assertLie(
    {},
    (entries) => {
      const { record } = entryOf(entries, 'settle')
      const { atMs } = entryOf(entries, 'receipt')
      const others = entries.toSpliced(indexOf(entries, 'settle'), 1)
      return insertAfter(others, 'receipt', { record, atMs })
    },
    'SETTLE_INVALID',
  )
})

test('a lease that is logged twice for one hold: LEASE_LIVE', async () => {
  await assertLie(
    {},
    (entries, keys) => {
      const { record, atMs } = entryOf(entries, 'lease')
      assert.ok(record.kind === 'lease')
      const body = { ...record.body, epoch: 2 }
      const second = seal(Lease, body, signerOf(keys, record.author))
      return insertAfter(entries, 'lease', { record: second, atMs })
    },
    'LEASE_LIVE',
  )
})

test('a decision that saw more than the token had: DECISION_MISMATCH', async () => {
  await assertLie(
    {
      decision: ({ body, ...record }) => {
        const values = { ...body.values, tokenFree: body.values.tokenFree + 1 }
        return isMine('decision', record) ? { body: { ...body, values } } : undefined
      },
    },
    undefined,
    'DECISION_MISMATCH',
  )
})

test('more fuel, memory or output than the manifest allows: RECEIPT_OVERUSE', async () => {
  const manifest = recordOf(scene.evidence, scene.mine.manifest)
  assert.ok(manifest.kind === 'manifest')
  const { fuelMax, memoryPagesMax } = manifest.body
  for (const over of [{ fuel: fuelMax + 1 }, { memoryPages: memoryPagesMax + 1 }]) {
    const judged = await judgeEvidence(
      retell(scene.evidence, scene.keys, {
        receipt: ({ body, ...record }) =>
          isMine('receipt', record)
            ? { body: { ...body, result: { ...body.result, ...over } } }
            : undefined,
      }),
    )
    assert.deepEqual([judged.verified.mark, judged.exit], ['✗', 1])
    assert.ok(judged.codes.includes('RECEIPT_OVERUSE'), `${judged.codes}`)
  }
})

/** Lies that every verifier swears to as well: only running the job again can tell. */
const SWORN = ['another output', 'one unit of fuel more'] as const

for (const what of SWORN) {
  test(`${what}, sworn to by every verifier: our own run finds OUTPUT_MISMATCH`, async () => {
    const output = encodeDirectory([
      { path: 'forecast.json', bytes: new TextEncoder().encode('{"all":"is well"}') },
    ])
    const told = retell(scene.evidence, scene.keys, {
      receipt: ({ body, ...record }) => {
        if (!isMine('receipt', record)) return undefined
        const result = { ...body.result }
        if (what === 'another output') result.output = { cid: output.cid, bytes: output.bytes }
        if (what === 'one unit of fuel more') result.fuel += 1
        return { body: { ...body, result } }
      },
    })
    const blocks = new Map(told.blocks)
    for (const block of output.blocks) blocks.set(`${block.cid}`, block)
    const judged = await judgeEvidence({ ...told, blocks })
    assert.ok(judged.replayed)
    assertRefused(judged, 'OUTPUT_MISMATCH')
    // and who does not run it, trusts the threshold of verifiers, as the last lines of verify say
    const trusting = await judgeEvidence({ ...told, blocks }, ['--no-replay'])
    assert.deepEqual([trusting.verified.mark, trusting.exit, trusting.replayed], ['✓', 0, false])
  })
}

/** Modules that no sandbox runs, so that nobody can have run them. */
const NEVER: readonly [code: string, module: Uint8Array][] = [
  ['MODULE_REFUSED', new TextEncoder().encode('not WebAssembly')],
  ['IMPORT_REFUSED', importing('env', 'fork\nReceipt verified by federation ✓')],
]

for (const [code, module] of NEVER) {
  test(`a module that never runs, sworn to by every verifier: our own try finds ${code}`, async () => {
    const { cid, bytes, blocks } = encodeFile(module)
    const told = retell(scene.evidence, scene.keys, {
      manifest: ({ body, ...record }) =>
        isMine('manifest', record) ? { body: { ...body, module: { cid, bytes } } } : undefined,
    })
    const evidence = {
      ...told,
      blocks: new Map([...told.blocks, ...blocks.map((one) => [`${one.cid}`, one] as const)]),
    }
    const judged = await judgeEvidence(evidence)
    assert.ok(!judged.replayed)
    assertRefused(judged, code)
    const trusting = await judgeEvidence(evidence, ['--no-replay'])
    assert.deepEqual([trusting.verified.mark, trusting.exit], ['✓', 0])
  })
}

/** A module that imports one function of no parameters and no results, and exports it to start. */
function importing(from: string, name: string): Uint8Array {
  const utf8 = new TextEncoder()
  const named = (text: string) => [utf8.encode(text).length, ...utf8.encode(text)]
  const section = (id: number, content: number[]) => [id, content.length, ...content]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(2, [1, ...named(from), ...named(name), 0, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...named('_start'), 0, 0, ...named('memory'), 2, 0]),
  ])
}
