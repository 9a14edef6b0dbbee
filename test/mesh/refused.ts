/** What a test expects of a refusal: its code, and the numbers behind its sentence. */
import assert from 'node:assert/strict'
import { type Code, Refusal } from '@planetary-mesh/spec'

/** For `assert.rejects` and `assert.throws`. */
export const refusedWith =
  (code: Code, values?: Readonly<Record<string, number>>, detail?: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof Refusal, `${error}`)
    assert.equal(error.code, code, error.message)
    if (values !== undefined) assert.deepEqual(error.values, values)
    if (detail !== undefined) assert.match(error.detail, detail)
    return true
  }
