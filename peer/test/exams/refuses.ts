/** What every exam asks in the same words. */
import assert from 'node:assert/strict'
import { type Block, type Code, cidOf, Refusal } from '@planetary-mesh/spec'

export async function refuses(work: () => Promise<unknown>, code: Code): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert(thrown instanceof Refusal, String(thrown))
    assert.equal(thrown.code, code)
    return true
  })
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))

/** A raw block of the bytes of a text, or of so many bytes. */
export function blockOf(content: string | number, fill = 7): Block {
  const bytes = typeof content === 'string' ? bytesOf(content) : new Uint8Array(content).fill(fill)
  return { cid: cidOf('raw', bytes), bytes }
}

/** A promise and the hand that ends it: for disks and networks that take their time. */
export function gate(): { pass: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { pass: promise, open: resolve }
}
