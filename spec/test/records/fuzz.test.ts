/** Mangled bytes: what is accepted encodes to itself, all else is a Refusal. 10^6 in the script. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzzBlocks } from '../../../tools/fuzz-blocks.ts'

test('20,000 mangled blocks, records, nodes and notes are refused or encode to themselves', () => {
  const { accepted, refused } = fuzzBlocks({ count: 20_000, seed: 20_261_121 })
  // the fuzzer reaches behind every door: some pass, and each check catches some
  assert.ok(accepted > 100)
  const reached = [
    'BLOCK_MALFORMED',
    'BLOCK_NOT_CANONICAL',
    'BLOCK_VALUE_REFUSED',
    'BLOCK_TOO_DEEP',
    'CID_REFUSED',
    'RECORD_MALFORMED',
    'RECORD_KIND_MISMATCH',
    'FILE_MALFORMED',
    'CHECKPOINT_INVALID',
  ]
  for (const code of reached) assert.ok((refused[code] ?? 0) > 0, `${code} was never reached`)
})

test('the same seed gives the same counts', () => {
  const run = () => fuzzBlocks({ count: 500, seed: 7 })
  assert.deepEqual(run(), run())
})
