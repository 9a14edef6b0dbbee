import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ERRORS } from '../src/ir/ir.ts'
import { compareMany } from './differential.ts'

const PAIRS = 5000
/** Every operator and statement of the IR; `memory` needs more entries than these requests have. */
const EXPECTED = [
  ...['number', 'flag', 'word', 'constant', 'local', 'input', 'field', 'list', 'some', 'has'],
  ...['not', 'negate', 'and', 'or', 'otherwise', 'add', 'subtract', 'multiply', 'call'],
  ...['divide down', 'divide up', 'divide even', 'part down', 'part up'],
  ...['in numbers', 'in words', 'in flags'],
  ...['numbers', 'words', 'flags'].flatMap((of) => [`compare eq ${of}`, `compare ne ${of}`]),
  ...['lt', 'le', 'gt', 'ge'].map((how) => `compare ${how} numbers`),
  ...['sum', 'count', 'any', 'all', 'least', 'most', 'first', 'list'].map((how) => `fold ${how}`),
  ...['set', 'if', 'for', 'return', 'ask'].map((statement) => `statement ${statement}`),
  ...['int', 'cu', 'bool', 'text', 'did', 'cid', 'time', 'duration', 'percent', 'list', 'option']
    .concat('record')
    .map((type) => `type ${type}`),
  ...['fired', 'quiet', ...ERRORS.slice(1).filter((error) => error !== 'memory')].map(
    (status) => `status ${status}`,
  ),
  ...['policy', 'selection', 'effects'],
]

it(`interpreter and module agree on ${PAIRS} generated decisions, step for step`, () => {
  const tally = compareMany(PAIRS, 1)
  assert.deepEqual(
    EXPECTED.filter((key) => !tally.seen.has(key)),
    [],
    'the generator makes everything',
  )
  assert.ok(tally.pairs >= PAIRS)
  const allowed = tally.allowed / tally.pairs
  assert.ok(allowed > 0.2 && allowed < 0.8, `${allowed} of the decisions allow`)
  assert.ok(tally.erred / tally.pairs >= 0.1, `${tally.erred} of ${tally.pairs} end in an error`)
  assert.ok(tally.refused / tally.programs < 0.3, 'most programs compile')
})
