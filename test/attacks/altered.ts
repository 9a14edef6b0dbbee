/**
 * A file that proves a job, in the hands of somebody without keys: whatever block is changed, left
 * out, signed again by a stranger or taken from another job, `meshctl verify` says ✗ and exits 1.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import {
  Anchor,
  type AnyRecord,
  type Block,
  type CID,
  originOf,
  signCheckpoint,
} from '@planetary-mesh/spec'
import { foundCharter, mallory } from '../mesh/people.ts'
import {
  bytesOf,
  disguise,
  type Evidence,
  flipByte,
  recordOf,
  replace,
  without,
  writeEvidence,
} from './evidence.ts'
import { type Judged, judge, judgeApart } from './judge.ts'
import { sealAs } from './retell.ts'
import { openScene, type Scene, TARGETS, type Target } from './scene.ts'

/** Those that the checkpoints cover, as entries or as the anchor itself. */
const LOGGED: readonly Target[] = [
  'charter',
  'token',
  'hold',
  'decision',
  'lease',
  'receipt',
  'verdict',
  'settle',
]
/** Those that only signed records name: where they are not what was signed, nothing is there. */
const NAMED: readonly Target[] = ['token', 'manifest', 'hold', 'decision', 'bid', 'award', 'lease']
const SIGNED = TARGETS.filter((target) => target !== 'anchor' && target !== 'module')

let scene: Scene
let file: string

before(async () => {
  scene = await openScene()
  file = await writeEvidence(scene.evidence)
})

async function judgeEvidence(evidence: Evidence): Promise<Judged> {
  return judge(await writeEvidence(evidence), scene.charter)
}

/** ✗ with this code, which is the first that was found, and exit code 1. */
function assertRefused({ exit, verified, codes }: Judged, code: string): void {
  assert.deepEqual([verified.mark, verified.code, exit], ['✗', code, 1], codes.join(' '))
  assert.ok(codes.includes(code), `${codes}`)
}

test('the file as it was written: both marks are ✓ after a run of our own, and the exit code is 0', async () => {
  const judged = await judge(file, scene.charter)
  assert.deepEqual([judged.anchored.mark, judged.verified.mark], ['✓', '✓'])
  assert.deepEqual([judged.exit, judged.replayed, judged.codes], [0, true, []])
})

for (const target of TARGETS) {
  test(`${target}: one flipped byte, wherever in it, is BLOCK_CID_MISMATCH`, async () => {
    const bytes = bytesOf(scene.evidence, scene.mine[target])
    for (const at of [0, 0.5, 1]) {
      const judged = await judge(await flipByte(file, bytes, at), scene.charter)
      assertRefused(judged, 'BLOCK_CID_MISMATCH')
    }
  })

  test(`${target}: a valid one of another job under its name is BLOCK_CID_MISMATCH`, async () => {
    const { cid, bytes } = otherOf(target)
    assert.ok(!cid.equals(scene.mine[target]))
    const judged = await judgeEvidence(disguise(scene.evidence, scene.mine[target], bytes))
    assertRefused(judged, 'BLOCK_CID_MISMATCH')
  })

  test(`${target}: left out, it is BLOCK_MISSING`, async () => {
    assertRefused(await judgeEvidence(without(scene.evidence, scene.mine[target])), 'BLOCK_MISSING')
  })
}

for (const target of SIGNED) {
  test(`${target}: sealed again by a stranger and served under its name is BLOCK_CID_MISMATCH`, async () => {
    const { bytes } = strangersOf(target)
    const judged = await judgeEvidence(disguise(scene.evidence, scene.mine[target], bytes))
    assertRefused(judged, 'BLOCK_CID_MISMATCH')
  })
}

for (const target of TARGETS.filter((target) => target !== 'module')) {
  const code = codeInPlace(target)
  test(`${target}: a stranger's, with every unsigned link made to name it, is ${code}`, async () => {
    const moved = replace(scene.evidence, scene.mine[target], strangersOf(target), strangersNote)
    assertInPlace(await judgeEvidence(moved), target)
  })

  test(`${target}: another job's, with every unsigned link made to name it, is ${code}`, async () => {
    const moved = replace(scene.evidence, scene.mine[target], otherOf(target))
    assertInPlace(await judgeEvidence(moved), target)
  })
}

/** What is found first where `target` is another block by its own name. */
function codeInPlace(target: Target): string {
  if (target === 'charter') return 'CHARTER_UNKNOWN'
  return NAMED.includes(target) ? 'BLOCK_MISSING' : 'CHECKPOINT_INVALID'
}

function assertInPlace(judged: Judged, target: Target): void {
  assertRefused(judged, codeInPlace(target))
  // the log says it too, wherever it holds such a record
  const isLogged = LOGGED.includes(target) && target !== 'charter'
  if (isLogged) assert.ok(judged.codes.includes('CHECKPOINT_INVALID'), `${judged.codes}`)
}

test("a stranger's receipt beside the true log is anchored nowhere", async () => {
  const { roots, blocks } = scene.evidence
  const forged = strangersOf('receipt')
  const judged = await judgeEvidence({
    roots: [forged.cid, roots[1], roots[2]],
    blocks: new Map(blocks).set(`${forged.cid}`, forged),
  })
  assert.deepEqual([judged.anchored.mark, judged.exit], ['✗', 1])
  assert.ok(judged.codes.includes('AUTHOR_MISMATCH'), `${judged.codes}`)
  assert.ok(judged.codes.includes('ANCHOR_MISSING'), `${judged.codes}`)
})

test('a flipped byte in a block that only another job needs makes the file no proof, either', async () => {
  const bytes = bytesOf(scene.evidence, scene.other.module)
  assertRefused(await judge(await flipByte(file, bytes, 0.5), scene.charter), 'BLOCK_CID_MISMATCH')
})

test('a block that is nobody’s, added to the file, changes nothing', async () => {
  const forged = strangersOf('verdict')
  const blocks = new Map(scene.evidence.blocks).set(`${forged.cid}`, forged)
  const car = await writeEvidence({ ...scene.evidence, blocks })
  const judged = await judge(car, scene.charter, ['--no-replay'])
  assert.deepEqual([judged.verified.mark, judged.exit], ['✓', 0])
})

test('a process of its own says the same: ✓ and 0, then ✗ and 1', async () => {
  const whole = judgeApart(file, scene.charter)
  assert.deepEqual([whole.anchored.mark, whole.verified.mark, whole.exit], ['✓', '✓', 0])
  const bytes = bytesOf(scene.evidence, scene.mine.receipt)
  const flipped = judgeApart(await flipByte(file, bytes, 0.5), scene.charter)
  assertRefused(flipped, 'BLOCK_CID_MISMATCH')
  const moved = replace(scene.evidence, scene.mine.verdict, strangersOf('verdict'))
  assertRefused(judgeApart(await writeEvidence(moved), scene.charter), 'CHECKPOINT_INVALID')
})

/** The same act by mallory: her name, her signature, a block of its own. */
function strangersOf(target: Target): Block {
  const cid = scene.mine[target]
  if (target === 'anchor') {
    const bytes = bytesOf(scene.evidence, cid)
    const anchor = Anchor.decode(bytes, cid)
    return Anchor.encode({ ...anchor, checkpoint: strangersNote(anchor) })
  }
  const record: AnyRecord = recordOf(scene.evidence, cid)
  return sealAs(record.kind, record.body, mallory)
}

/** The checkpoint of an anchor, signed by mallory. */
function strangersNote({ size, root, charter }: Anchor): string {
  return signCheckpoint({ origin: originOf(scene.charter), size, root, charter }, mallory)
}

/** The valid block that has this part in the other job. */
function otherOf(target: Target): Block {
  const cid: CID = scene.other[target]
  if (target === 'charter') return foundCharter({ name: 'another-co-op' })
  return { cid, bytes: bytesOf(scene.evidence, cid) }
}
