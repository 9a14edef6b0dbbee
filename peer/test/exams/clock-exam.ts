/** The exam of Clock. `pass` lets the time go on until then, or waits for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@planetary-mesh/peer'

export type ClockOf = { clock: Clock; pass(untilMs: number): Promise<void> }

export function examineClock(name: string, make: () => ClockOf): void {
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)

  says('an alarm rings once, at its time or after it', async () => {
    const { clock, pass } = make()
    const atMs = clock.nowMs() + 20
    const rung: number[] = []
    clock.at(atMs, () => rung.push(clock.nowMs()))
    await pass(atMs - 15)
    const early = rung.filter((at) => at < atMs)
    assert.deepEqual(early, [])
    await pass(atMs + 10)
    assert.equal(rung.length, 1)
    assert((rung[0] ?? 0) >= atMs, `${rung[0]} is before ${atMs}`)
  })

  says('earlier alarms ring first, in whatever order they were set', async () => {
    const { clock, pass } = make()
    const nowMs = clock.nowMs()
    const rung: number[] = []
    for (const after of [30, 10, 20]) clock.at(nowMs + after, () => rung.push(after))
    await pass(nowMs + 40)
    assert.deepEqual(rung, [10, 20, 30])
  })

  says(
    'an alarm that was cancelled does not ring; cancelling twice or late is nothing',
    async () => {
      const { clock, pass } = make()
      const nowMs = clock.nowMs()
      const rung: string[] = []
      const cancel = clock.at(nowMs + 10, () => rung.push('cancelled'))
      const late = clock.at(nowMs + 5, () => rung.push('kept'))
      cancel()
      cancel()
      await pass(nowMs + 20)
      late()
      assert.deepEqual(rung, ['kept'])
    },
  )

  says('one alarm may cancel another of the same time', async () => {
    const { clock, pass } = make()
    const atMs = clock.nowMs() + 10
    const rung: string[] = []
    let cancel = () => {}
    clock.at(atMs, () => cancel())
    cancel = clock.at(atMs + 5, () => rung.push('cancelled'))
    await pass(atMs + 15)
    assert.deepEqual(rung, [])
  })

  says('an alarm for a time that has passed rings soon, but not while it is set', async () => {
    const { clock, pass } = make()
    const rung: string[] = []
    clock.at(clock.nowMs() - 1000, () => rung.push('past'))
    assert.deepEqual(rung, [])
    await pass(clock.nowMs() + 10)
    assert.deepEqual(rung, ['past'])
  })

  says('an alarm can be set by an alarm', async () => {
    const { clock, pass } = make()
    const nowMs = clock.nowMs()
    const rung: number[] = []
    clock.at(nowMs + 5, () => {
      rung.push(1)
      clock.at(nowMs + 10, () => rung.push(2))
    })
    await pass(nowMs + 20)
    assert.deepEqual(rung, [1, 2])
  })

  says('an alarm may be set for after the longest timer of the machine', async () => {
    const { clock, pass } = make()
    const rung: string[] = []
    const cancel = clock.at(clock.nowMs() + 2 ** 40, () => rung.push('far'))
    await pass(clock.nowMs() + 20)
    assert.deepEqual(rung, [])
    cancel()
  })
}
