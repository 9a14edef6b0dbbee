/** Tables as S1 prints them, to the space; a longer value widens its column. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidArgumentError } from 'commander'
import { parseAmount, withCommas } from '../src/cli/amounts.ts'
import { bidsTable } from '../src/cli/bids-table.ts'
import { jsonText, printable } from '../src/cli/terminal.ts'
import { resultTable } from '../src/demo/result-table.ts'

const bid = { node: 'mesh-node-2', price: 80, expectedMs: 120_000, reputation: 95 }

test('the bids of S1 are printed exactly as S1 prints them', () => {
  const rows = [
    { ...bid, location: 'us-east' },
    { node: 'mesh-node-3', price: 90, expectedMs: 99_001, reputation: 88, location: 'eu-west' },
  ]
  assert.equal(
    bidsTable(rows),
    [
      'Node ID         Bid      Est. Time     Reputation    Location',
      '----------------------------------------------------------------',
      'mesh-node-2     80       120s          95            us-east',
      'mesh-node-3     90       100s          88            eu-west',
      '',
    ].join('\n'),
  )
})

test('a longer value widens its column and the line of dashes, with two spaces after it', () => {
  const [header, dashes, row] = bidsTable([
    { ...bid, node: 'a-node-with-a-long-name', location: 'us-east' },
  ]).split('\n')
  assert.equal(header, 'Node ID                  Bid      Est. Time     Reputation    Location')
  assert.equal(row, 'a-node-with-a-long-name  80       120s          95            us-east')
  assert.equal(dashes, '-'.repeat(64 + 9))
})

test('a location of a stranger cannot steer the terminal', () => {
  assert.match(bidsTable([{ ...bid, location: '\x1b[2J' }]), /\\u\{1b\}\[2J\n$/)
  assert.equal(printable('a\u202eb\u0007c'), 'a\\u{202e}b\\u{7}c')
})

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const summary = {
  ballots: 1234,
  members: 56,
  proposals: 7,
  passed: 4,
  rejected: 3,
  turnout_ppm: 612_345,
  first_date: '2020-01-01',
  last_date: '2021-12-31',
  periods: [{ period: '2020-Q1', on_roll: 50, voters: 40, ballots: 300, turnout_ppm: 500_000 }],
  factions: [{ name: 'A', size: 30, turnout_ppm: 700_000, typical_member: 'M-1' }],
  unaligned: 26,
  agreement_ppm: [[null]],
}

test('a summary of the voting analysis becomes tables', () => {
  const text = resultTable(new Map([['summary.json', bytes(summary)]]))
  assert.match(text, /^1,234 ballots of 56 members on 7 proposals\n/)
  assert.match(text, /^2020-Q1 {7}50 {7}40 {7}300 {4}50\.0 % {2}█{20}$/m)
  assert.match(text, /^A {13}30 {3}70\.0 % {6}M-1 {8}–$/m)
  assert.match(text, /26 members follow no faction\.\n$/)
})

test('any other result is its report, or the names of its files', () => {
  const odd = new Map([['summary.json', bytes({ ...summary, periods: 'none' })]])
  assert.equal(resultTable(odd), 'files: summary.json\n')
  const report = new Map([['report.txt', new TextEncoder().encode('line\x07\nlast\n')]])
  assert.equal(resultTable(report), 'line\\u{7}\nlast\n')
  assert.equal(resultTable(new Map()), 'files: none\n')
})

test('an amount is a whole number, alone or with a unit', () => {
  const amounts = { '0': 0, '7': 7, '2k': 2000, '3M': 3e6, '100G': 1e11, '1KiB': 1024 }
  for (const [text, amount] of Object.entries(amounts)) assert.equal(parseAmount(text), amount)
  assert.equal(parseAmount('2GiB'), 2 ** 31)
  for (const text of [
    '',
    '-1',
    '1.5',
    '1e9',
    'much',
    '9'.repeat(20),
    '5K',
    '1 k',
    '9007199254740992',
  ]) {
    assert.throws(() => parseAmount(text), InvalidArgumentError, text)
  }
  assert.deepEqual([0, 999, 1000, 1234567].map(withCommas), ['0', '999', '1,000', '1,234,567'])
})

test('JSON of what a guest wrote holds none of what steers a terminal, and reads back the same', () => {
  const value = { 'na\u009bme': 'a\u001b[2J\u007f\u009b31m\u202e\u{e0041}\u2028ü😀\n' }
  const text = jsonText(value)
  assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}\u2028]/u)
  assert.match(text, /ü😀\\n/, 'what steers nothing stays as it is')
  assert.deepEqual(JSON.parse(text), value)
})
