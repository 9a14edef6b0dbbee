/** S1-13 what verdicts come to: distinct verifiers at the threshold, and nobody else. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Signer, tally, type Verdict, verifiersOf } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { Log } from './log.ts'
import { tellJob } from './story.ts'
import {
  alice,
  bruno,
  CHARTER,
  chiara,
  dora,
  emil,
  fatou,
  gita,
  makeCharter,
  makeVerdict,
  mallory,
} from './world.ts'

const { receipt } = tellJob(new Log())
const judges = [dora.did, emil.did, fatou.did]
const says = (who: Signer, result: Verdict['body']['result'] = 'valid') =>
  makeVerdict(receipt, { result }, who)
const standing = (
  verdicts: readonly Verdict[],
  threshold = 2,
  verifiers: readonly string[] = judges,
) => tally(verdicts, verifiers, threshold).standing

describe('a receipt is', () => {
  test('pending below the threshold and verified at it', () => {
    assert.equal(standing([]), 'pending')
    assert.equal(standing([says(dora)]), 'pending')
    assert.equal(standing([says(dora), says(emil)]), 'verified')
  })
  test('refuted at the threshold of invalid verdicts', () => {
    assert.equal(standing([says(dora, 'invalid')]), 'pending')
    assert.equal(standing([says(dora, 'invalid'), says(emil, 'invalid')]), 'refuted')
    assert.equal(standing([says(dora, 'invalid')], 1), 'refuted')
  })
  test('not verified while one invalid verdict waits for the others', () => {
    const doubted = [says(dora), says(emil), says(gita, 'invalid')]
    assert.equal(standing(doubted, 2, [...judges, gita.did]), 'pending')
    assert.equal(standing([...doubted, says(fatou)], 2, [...judges, gita.did]), 'verified')
  })
  test('disputed when all have spoken and neither side has the threshold', () => {
    const split = [says(dora), says(emil, 'invalid'), says(fatou, 'cannot-replay')]
    assert.equal(standing(split), 'disputed')
    const silent = [dora, emil, fatou].map((who) => says(who, 'cannot-replay'))
    assert.equal(standing(silent), 'disputed')
  })
  test('never settled by who cannot replay alone', () => {
    assert.equal(standing([says(dora, 'cannot-replay'), says(emil, 'cannot-replay')]), 'pending')
  })
})

describe('who counts', () => {
  test('a stranger does not, whatever they say and however often', () => {
    const noise = [mallory, gita, chiara].flatMap((who) => [says(who), says(who, 'invalid')])
    assert.equal(standing([says(dora), ...noise]), 'pending')
    assert.equal(tally(noise, judges, 2).valid.length, 0)
  })
  test('the same verdict twice is one, and a second opinion is none', () => {
    assert.equal(standing([says(dora), says(dora)]), 'pending')
    const turned = tally([says(dora), says(dora, 'invalid'), says(emil)], judges, 2)
    assert.deepEqual(
      [turned.standing, turned.valid.length, turned.invalid.length],
      ['verified', 2, 0],
    )
  })
  test('the verifiers of a charter, but neither submitter nor executor', () => {
    assert.deepEqual(verifiersOf(CHARTER, alice.did, bruno.did), judges)
    assert.deepEqual(verifiersOf(CHARTER, dora.did, emil.did), [fatou.did])
    const none = CHARTER.body.members.filter(({ roles }) => !roles.includes('verifier'))
    const [writer] = CHARTER.body.members.filter(({ did }) => did === dora.did)
    assert.ok(writer !== undefined)
    const members = [...none, { ...writer, roles: ['ledger' as const] }]
    assert.deepEqual(verifiersOf(makeCharter({ members }), alice.did), [])
  })
})

test('one verdict of each: the order in which they came changes nothing', () => {
  const people = [dora, emil, fatou, gita, chiara]
  const result = fc.constantFrom('valid', 'invalid', 'cannot-replay', undefined)
  fc.assert(
    fc.property(
      fc.array(result, { minLength: 5, maxLength: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
      (results, threshold, order) => {
        const said = people.map((who, index) => {
          const result = results[index]
          return result === undefined ? [] : [says(who, result)]
        })
        const all = people.map(({ did }) => did)
        const inOrder = standing(said.flat(), threshold, all)
        const shuffled = order.flatMap((index) => said[index] ?? [])
        assert.equal(standing([...shuffled, ...shuffled], threshold, all), inOrder)
        const valid = results.filter((one) => one === 'valid').length
        if (inOrder === 'verified') assert.ok(valid >= threshold)
      },
    ),
    { numRuns: 60 },
  )
})
