/** Standings are counts: asked at any place in the log they say what counting there would. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addOutcome, forgetOutcomes, NEWCOMER, type Past, standingOf } from '@planetary-mesh/spec'
import fc from 'fast-check'

const Outcomes = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 4 }),
      executor: fc.constantFrom('bruno', 'chiara'),
      scope: fc.constantFrom('default', 'other'),
      valid: fc.boolean(),
      onTime: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((drawn) => {
    let index = 0
    return drawn.map(({ gap, ...outcome }) => {
      index += gap
      return { ...outcome, index }
    })
  })
const EVERYBODY = ['bruno', 'chiara', 'dora'].flatMap((executor) =>
  ['default', 'other'].map((scope) => ({ executor, scope })),
)

test('a standing counts what stands before a place, of one executor in one scope', () => {
  fc.assert(
    fc.property(Outcomes, fc.nat(120), fc.nat(120), (outcomes, horizon, later) => {
      const past: Past = new Map()
      for (const outcome of outcomes) addOutcome(past, outcome)
      const counted = (of: (typeof EVERYBODY)[number], before: number) => {
        const mine = outcomes.filter(
          ({ executor, scope, index }) =>
            executor === of.executor && scope === of.scope && index < before,
        )
        const [valid, onTime] = [mine.filter((one) => one.valid), mine.filter((one) => one.onTime)]
        return { all: mine.length, valid: valid.length, onTime: onTime.length }
      }
      const ensure = (before: number) => {
        for (const of of EVERYBODY) {
          const { all, valid, onTime } = standingOf(past, of, before)
          assert.deepEqual({ all, valid, onTime }, counted(of, before))
        }
      }
      ensure(horizon)
      for (const of of EVERYBODY) forgetOutcomes(past, of, horizon)
      // what is asked from the horizon on is the same, and one standing is enough for all before it
      for (const before of [horizon, horizon + later, Number.POSITIVE_INFINITY]) ensure(before)
      for (const standings of past.values()) {
        assert.ok(standings.filter(({ index }) => index < horizon).length <= 1)
      }
    }),
  )
})

test('who has no receipts is a newcomer, before and after something is forgotten', () => {
  const past: Past = new Map()
  forgetOutcomes(past, { executor: 'bruno', scope: 'default' }, 10)
  assert.equal(standingOf(past, { executor: 'bruno', scope: 'default' }), NEWCOMER)
})
