/** The first example runs in the sandbox, and what it says about the ballots is true. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import { LIMITS, type Sandbox } from '@planetary-mesh/spec'
import fc from 'fast-check'
import {
  DEFAULT_BALLOTS,
  makeBallots,
  plantMembers,
} from '../../examples/01-voting-analysis/make-ballots.ts'
import { comparePairs, countPassed, countPeriods, parseBallots, ppm } from './count-ballots.ts'
import { type ExampleRun, readExample, runExample } from './run-example.ts'

const MODULE = readExample('01-voting-analysis/voting-analysis.wasm')
const CSV = makeBallots(DEFAULT_BALLOTS)
const HEADER = 'date,proposal_id,member,choice\n'

let sandbox: Sandbox
let run: ExampleRun

before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
  run = await analyse(CSV)
})
after(() => sandbox.close())

function analyse(csv: Uint8Array | string, args: readonly string[] = []): Promise<ExampleRun> {
  const bytes = typeof csv === 'string' ? new TextEncoder().encode(csv) : csv
  return runExample(sandbox, MODULE, { input: { name: 'ballots.csv', bytes }, args })
}

function summaryOf({ files }: ExampleRun) {
  return JSON.parse(files.get('summary.json') ?? '')
}

test('220,000 ballots are analysed within two units and leave a summary and a report', () => {
  assert.equal(run.code, 0)
  assert.deepEqual([...run.files.keys()], ['report.txt', 'summary.json'])
  assert.match(run.stdout, /^220000 ballots of \d+ members on \d+ proposals, turnout \d+%\n/)
  assert(run.result.fuel <= 2 * LIMITS.fuelPerUnit, `${run.result.fuel} fuel`)
  for (const line of run.files.get('report.txt')?.split('\n') ?? []) assert(line.length <= 100)
})

test('the same ballots give the same bytes and the same fuel', async () => {
  const again = await analyse(CSV)
  assert.deepEqual(again.files, run.files)
  assert.equal(again.result.fuel, run.result.fuel)
})

test('counts, outcomes, turnout and participation are those of an independent count', () => {
  const ballots = parseBallots(CSV)
  const summary = summaryOf(run)
  const periods = countPeriods(ballots)
  const possible = periods.reduce((sum, { proposals, on_roll }) => sum + proposals * on_roll, 0)
  const proposals = new Set(ballots.map(({ proposal }) => proposal)).size
  assert.equal(summary.ballots, DEFAULT_BALLOTS.ballots)
  assert.equal(summary.members, new Set(ballots.map(({ member }) => member)).size)
  assert.equal(summary.proposals, proposals)
  assert.equal(summary.passed, countPassed(ballots))
  assert.equal(summary.rejected, proposals - summary.passed)
  for (const choice of ['yes', 'no', 'abstain']) {
    assert.equal(summary.choices[choice], ballots.filter((b) => b.choice === choice).length)
  }
  assert.equal(summary.first_date, ballots[0]?.date)
  assert.equal(summary.last_date, ballots.at(-1)?.date)
  assert.deepEqual(summary.periods, periods)
  assert.equal(summary.possible_ballots, possible)
  assert.equal(summary.turnout_ppm, ppm(ballots.length, possible))
})

test('the agreement matrix is that of comparing every two ballots', () => {
  const { agreement_ppm: matrix, factions } = summaryOf(run)
  assert.deepEqual(matrix, comparePairs(parseBallots(CSV), factions))
})

test('the four planted factions are found, nearly pure and nearly whole', () => {
  const { factions, unaligned, members } = summaryOf(run)
  const planted = plantMembers(DEFAULT_BALLOTS.seed)
  const truth = new Map(planted.map(({ name, faction }) => [name, faction]))
  const placed = factions.flatMap((faction: { members: string[] }) => faction.members)
  assert.equal(factions.length, 4)
  assert.equal(new Set(placed).size, placed.length)
  assert.equal(placed.length + unaligned, members)
  for (const [index, found] of factions.entries()) {
    assert.equal(found.size, found.members.length)
    // the planted shares fall with the index, and the found factions come by size
    const own = found.members.filter((name: string) => truth.get(name) === index).length
    const whole = planted.filter(({ faction }) => faction === index).length
    assert(own >= 0.98 * found.size, `${found.name}: ${own} of ${found.size}`)
    assert(own >= 0.9 * whole, `${found.name}: ${own} of ${whole} planted`)
  }
})

test('the report tells the same as the summary', () => {
  const { factions, periods } = summaryOf(run)
  const report = run.files.get('report.txt') ?? ''
  for (const { period } of periods) assert.match(report, new RegExp(`^${period} .*#`, 'm'))
  for (const { name, size } of factions) assert.match(report, new RegExp(`^${name} +${size} `, 'm'))
})

test('options bound the factions and the members that are placed', async () => {
  const two = summaryOf(await analyse(CSV, ['--factions', '2']))
  assert.equal(two.factions.length, 2)
  const strict = summaryOf(await analyse(CSV, ['--min-ballots', '300']))
  const ballots = Map.groupBy(parseBallots(CSV), ({ member }) => member)
  for (const { members } of strict.factions) {
    for (const name of members) assert((ballots.get(name)?.length ?? 0) >= 300, name)
  }
  const lonely = summaryOf(await analyse(CSV, ['--agreement', '100', '--min-ballots', '200']))
  assert.deepEqual([lonely.factions, lonely.unaligned], [[], lonely.members])
})

test('other columns, their order, quotes, CRLF and a byte order mark change nothing', async () => {
  const ballots = makeBallots({ seed: 7, ballots: 3000 })
  const rows = parseBallots(ballots).map(
    ({ date, proposal, member, choice }) => `x,"${choice}",${member},"${date}",${proposal}\r\n`,
  )
  const dressed = `\ufeffnote,choice,member,date,proposal_id\r\n${rows.join('')}`
  assert.deepEqual((await analyse(dressed)).files, (await analyse(ballots)).files)
})

test('lines that cannot be counted are counted by their fault, and the others stay', async () => {
  const good = '2024-02-29,P-1,anna,yes\n2024-03-01,P-1,bo,no\n'
  const bad: [fault: string, line: string][] = [
    ['too_long', `2024-01-01,P-1,${'x'.repeat(600)},yes`],
    ['too_few_fields', '2024-01-01,P-1,carl'],
    ['bad_date', '2023-02-29,P-1,carl,yes'],
    ['bad_date', '2024-13-01,P-1,carl,yes'],
    ['bad_date', '1969-12-31,P-1,carl,yes'],
    ['bad_date', '01/02/2024,P-1,carl,yes'],
    ['bad_name', '2024-01-01,P-1,,yes'],
    ['bad_name', '2024-01-01,P-1,ca\0rl,yes'],
    ['bad_name', `2024-01-01,P-1,${'c'.repeat(33)},yes`],
    ['bad_choice', '2024-01-01,P-1,carl,maybe'],
    ['bad_choice', '2024-01-01,P-1,carl,YES'],
    ['duplicate', '2024-03-02,P-1,anna,no'],
  ]
  const lines = bad.map(([, line]) => `${line}\n`).join('')
  const { code, files } = await analyse(`${HEADER}${good}${lines}`)
  const summary = JSON.parse(files.get('summary.json') ?? '')
  const expected = Object.fromEntries(
    Object.entries(Object.groupBy(bad, ([fault]) => fault)).map(([f, l]) => [f, l?.length]),
  )
  assert.equal(code, 0)
  const { read, skipped, ...faults } = summary.lines
  assert.deepEqual([read, skipped], [bad.length + 2, bad.length])
  assert.deepEqual(faults, expected)
  assert.deepEqual(summary.choices, { yes: 1, no: 1, abstain: 0 })
  assert.deepEqual([summary.passed, summary.rejected], [0, 1]) // a tie does not pass
})

test('ballots that are absent or no table of ballots are refused with exit code 2', async () => {
  const names = Array.from({ length: 4097 }, (_, i) => `2024-01-01,P-1,m${i},yes\n`).join('')
  const proposals = Array.from({ length: 2049 }, (_, i) => `2024-01-01,P-${i},m,yes\n`).join('')
  const refused: [csv: string, why: RegExp][] = [
    ['', /first line must name the columns/],
    ['2024-01-01,P-1,anna,yes\n', /first line must name the columns/],
    ['date,proposal_id,choice\n2024-01-01,P-1,yes\n', /first line must name the columns/],
    [HEADER, /there is no ballot/],
    [`${HEADER}${'?'.repeat(10_000)}`, /there is no ballot/],
    [`${HEADER}${names}`, /more than 4096 members/],
    [`${HEADER}${proposals}`, /more than 2048 proposals/],
  ]
  for (const [csv, why] of refused) {
    const { code, stderr, files } = await analyse(csv)
    assert.equal(code, 2, csv.slice(0, 40))
    assert.match(stderr, why)
    assert.equal(files.size, 0)
  }
  const absent = await runExample(sandbox, MODULE, {})
  assert.equal(absent.code, 2)
  assert.match(absent.stderr, /\/in\/ballots\.csv: No such file or directory/)
})

test('arguments that cannot be used end with exit code 2 and the usage', async () => {
  const wrong = [
    ['--factions'],
    ['--factions', '0'],
    ['--factions', '17'],
    ['--min-ballots', '-1'],
    ['--agreement', '50'],
    ['--agreement', '7x'],
    ['--colour', 'red'],
    ['99999999999999999999'],
  ]
  for (const args of wrong) {
    const { code, stderr } = await analyse(HEADER, args)
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, /cannot use .*\nusage: voting-analysis/)
  }
})

test('whatever the bytes, the analysis ends by an exit code and valid JSON', async () => {
  const piece = fc.constantFrom(
    ...[
      '2024-01-01',
      'P-1',
      'P-2',
      'anna',
      'bo',
      'yes',
      'no',
      'abstain',
      ',',
      ',',
      '\n',
      '\r',
      '"',
    ],
    ...['\0', '\ufeff', 'x'.repeat(513), '2024-01-01,P-1,bo,yes\n', '-', '9'.repeat(10)],
  )
  const hostile = fc.array(piece, { maxLength: 60 }).map((pieces) => HEADER + pieces.join(''))
  await fc.assert(
    fc.asyncProperty(hostile, async (csv) => {
      const { code, files } = await analyse(csv)
      assert(code === 0 || code === 2)
      if (code === 0) assert(summaryOf({ files } as ExampleRun).ballots > 0)
    }),
    { numRuns: 40 },
  )
})

test('the generator makes exactly the ballots asked for, one a member and proposal', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 4000 }), (seed, count) => {
      const ballots = parseBallots(makeBallots({ seed, ballots: count }))
      assert.equal(ballots.length, count)
      assert.equal(new Set(ballots.map((b) => `${b.proposal} ${b.member}`)).size, count)
    }),
    { numRuns: 20 },
  )
})
