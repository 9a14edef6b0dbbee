/** A run that is refused with this code, in words that say why. */
import assert from 'node:assert/strict'
import { Refusal } from '@planetary-mesh/spec'

export const refuses = (running: Promise<unknown>, code: string, words: RegExp) =>
  assert.rejects(running, (thrown) => {
    assert(thrown instanceof Refusal, String(thrown))
    assert.equal(thrown.code, code)
    assert.match(thrown.detail, words)
    return true
  })
