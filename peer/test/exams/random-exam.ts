/** The exam of Random: bytes, as many as asked, never the same again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Random } from '@planetary-mesh/peer'

export function examineRandom(name: string, make: () => Random): void {
  const says = (sentence: string, check: () => void) => test(`${name}: ${sentence}`, check)

  says('it gives as many bytes as are asked, none included', () => {
    const random = make()
    for (const count of [0, 1, 31, 32, 33, 1000, 1024 * 1024]) {
      assert.equal(random.bytes(count).length, count)
    }
  })

  says('it does not say the same twice', () => {
    const random = make()
    const seen = new Set(
      Array.from({ length: 1000 }, () => Buffer.from(random.bytes(16)).toString('hex')),
    )
    assert.equal(seen.size, 1000)
  })

  says('the bytes are the caller’s own', () => {
    const random = make()
    const first = random.bytes(16)
    const copy = first.slice()
    random.bytes(16).fill(0)
    assert.deepEqual(first, copy)
    assert.equal(first.buffer.byteLength, 16)
  })

  says('every byte comes, about as often as any other', () => {
    const counts = new Array<number>(256).fill(0)
    for (const byte of make().bytes(256 * 1024)) counts[byte] = (counts[byte] ?? 0) + 1
    // 1,024 expected of each, standard deviation 32: ten of them is never reached by chance
    for (const [byte, count] of counts.entries()) {
      assert(count > 704 && count < 1344, `${byte} came ${count} times of 1024`)
    }
  })
}
