/** The second example runs in the sandbox, and its forecast follows from the ledger. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import { LIMITS, type Sandbox } from '@planetary-mesh/spec'
import fc from 'fast-check'
import { DEFAULT_LEDGER, makeLedger } from '../../examples/02-member-budget/make-ledger.ts'
import {
  type Booking,
  fit,
  isIncome,
  monthAfter,
  parseLedger,
  sum,
  sumMonths,
} from './count-ledger.ts'
import { type ExampleRun, readExample, runExample } from './run-example.ts'

const MODULE = readExample('02-member-budget/member-budget.wasm')
const CSV = makeLedger(DEFAULT_LEDGER)
const HEADER = 'date,member,kind,category,amount_cents\n'

let sandbox: Sandbox
let run: ExampleRun

before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
  run = await forecast(CSV)
})
after(() => sandbox.close())

function forecast(csv: Uint8Array | string, args: readonly string[] = []): Promise<ExampleRun> {
  const bytes = typeof csv === 'string' ? new TextEncoder().encode(csv) : csv
  return runExample(sandbox, MODULE, { input: { name: 'ledger.csv', bytes }, args })
}

function resultOf({ files }: ExampleRun) {
  return JSON.parse(files.get('forecast.json') ?? '')
}

/** What forecast.json must say of the months, the averages and the time to come. */
function expectedOf(ledger: readonly Booking[], { opening = 0, months = 6, window = 24 } = {}) {
  const past = sumMonths(ledger)
  const counted = past.slice(-window)
  const firstMonth = Number(counted[0]?.month.slice(5)) - 1
  const fits = (['income', 'outgoings'] as const).map((side) =>
    fit(
      counted.map((month) => month[side]),
      firstMonth,
      months,
    ),
  )
  const [income, outgoings] = fits as [(typeof fits)[0], (typeof fits)[0]]
  let balance = BigInt(opening)
  const row = (month: string, inCents: bigint, outCents: bigint) => {
    balance += inCents - outCents
    return {
      month,
      income_cents: Number(inCents),
      outgoings_cents: Number(outCents),
      balance_cents: Number(balance),
    }
  }
  const monthRows = past.map((month) => row(month.month, month.income, month.outgoings))
  const closing = Number(balance)
  const last = past.at(-1)?.month ?? ''
  const forecastRows = income.ahead.map((cents, i) =>
    row(monthAfter(last, i + 1), cents, outgoings.ahead[i] ?? 0n),
  )
  const reserve = outgoings.mean === 0n ? null : Number((BigInt(closing) * 100n) / outgoings.mean)
  return {
    opening_cents: opening,
    closing_cents: closing,
    months: monthRows,
    moving_average: {
      months: counted.length,
      income_cents: Number(income.mean),
      outgoings_cents: Number(outgoings.mean),
    },
    trend_per_month: {
      income_cents: Number(income.slope),
      outgoings_cents: Number(outgoings.slope),
    },
    forecast: forecastRows,
    below_zero: forecastRows.find((month) => month.balance_cents < 0)?.month ?? null,
    reserve_months_hundredths: reserve === null ? null : Math.max(0, reserve),
  }
}

test('60,000 bookings are forecast within one unit and leave a table and a report', () => {
  assert.equal(run.code, 0)
  assert.deepEqual([...run.files.keys()], ['forecast.json', 'forecast.txt'])
  assert.match(run.stdout, /^60000 bookings of \d+ members from 2020-01 to 2025-12, balance /)
  assert(run.result.fuel <= LIMITS.fuelPerUnit, `${run.result.fuel} fuel`)
  for (const line of run.files.get('forecast.txt')?.split('\n') ?? []) assert(line.length <= 100)
})

test('the same ledger gives the same bytes and the same fuel', async () => {
  const again = await forecast(CSV)
  assert.deepEqual(again.files, run.files)
  assert.equal(again.result.fuel, run.result.fuel)
})

test('months, averages, trend and forecast are those of exact fractions', () => {
  const { rows, members, kinds, largest_categories, options, ...reckoned } = resultOf(run)
  assert.deepEqual(reckoned, expectedOf(parseLedger(CSV)))
  assert.deepEqual(options, { months: 6, window: 24 })
})

test('bookings, members, kinds and the largest categories are counted right', () => {
  const ledger = parseLedger(CSV)
  const result = resultOf(run)
  assert.equal(result.rows.read, DEFAULT_LEDGER.rows)
  assert.equal(result.rows.counted, DEFAULT_LEDGER.rows)
  assert.equal(result.members, new Set(ledger.map(({ member }) => member)).size)
  const totals = (bookings: readonly Booking[]) => ({
    rows: bookings.length,
    cents: Number(sum(bookings.map(({ cents }) => cents))),
  })
  const byKind = Map.groupBy(ledger, ({ kind }) => kind)
  assert.deepEqual(
    new Map(Object.entries(result.kinds)),
    new Map(Object.keys(result.kinds).map((kind) => [kind, totals(byKind.get(kind) ?? [])])),
  )
  assert.equal(byKind.size, 7)
  const byCategory = Map.groupBy(
    ledger.filter((b) => !isIncome(b)),
    ({ category }) => category,
  )
  const largest = [...byCategory]
    .map(([name, bookings]) => ({ name, ...totals(bookings) }))
    .sort((a, b) => b.cents - a.cents)
    .slice(0, 8)
    .map(({ name, rows, cents }) => ({ name, rows, outgoings_cents: cents }))
  assert.deepEqual(result.largest_categories, largest)
})

test('the report shows the forecast and every large category', () => {
  const report = run.files.get('forecast.txt') ?? ''
  const cents = (value: number) => (value / 100).toFixed(2)
  const result = resultOf(run)
  for (const { month, income_cents, balance_cents } of result.forecast) {
    assert.match(
      report,
      new RegExp(`^${month} +${cents(income_cents)} .* ${cents(balance_cents)}$`, 'm'),
    )
  }
  for (const { name, rows, outgoings_cents } of result.largest_categories) {
    assert.match(report, new RegExp(`^${name} +${rows} +${cents(outgoings_cents)}$`, 'm'))
  }
})

test('any small ledger and any options give what exact fractions give', async () => {
  const booking = fc.record({
    year: fc.integer({ min: 1970, max: 1973 }),
    month: fc.integer({ min: 1, max: 12 }),
    kind: fc.constantFrom('contribution', 'loan', 'expense', 'dividend'),
    cents: fc.oneof(fc.integer({ min: 0, max: 1_000_000_000 }), fc.constant(1_000_000_000)),
  })
  const options = fc.record({
    opening: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10 ** 15 })),
    months: fc.integer({ min: 1, max: 24 }),
    window: fc.integer({ min: 2, max: 36 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(booking, { minLength: 1, maxLength: 80 }),
      options,
      async (rows, o) => {
        const lines = rows.map(
          ({ year, month, kind, cents }) =>
            `${year}-${String(month).padStart(2, '0')}-28,anna,${kind},any,${cents}\n`,
        )
        const csv = HEADER + lines.join('')
        const args = Object.entries(o).flatMap(([name, value]) => [`--${name}`, `${value}`])
        const {
          rows: _r,
          members,
          kinds,
          largest_categories,
          options,
          ...reckoned
        } = resultOf(await forecast(csv, args))
        assert.deepEqual(reckoned, expectedOf(parseLedger(new TextEncoder().encode(csv)), o))
      },
    ),
    { numRuns: 40 },
  )
})

test('other columns, their order, quotes, CRLF and a byte order mark change nothing', async () => {
  const csv = makeLedger({ seed: 7, rows: 3000 })
  const rows = parseLedger(csv).map(
    ({ date, member, kind, category, cents }) =>
      `x,"${cents}",${category},${kind},"${member}",${date}\r\n`,
  )
  const dressed = `\ufeffnote,amount_cents,category,kind,member,date\r\n${rows.join('')}`
  assert.deepEqual((await forecast(dressed)).files, (await forecast(csv)).files)
})

test('rows that cannot be counted are counted by their fault, and the others stay', async () => {
  const bad: [fault: string, row: string][] = [
    ['too_long', `2024-01-01,${'x'.repeat(600)},sale,shop,100`],
    ['too_few_fields', '2024-01-01,anna,sale,shop'],
    ['bad_date', '2023-02-29,anna,sale,shop,100'],
    ['bad_date', '2024-04-31,anna,sale,shop,100'],
    ['bad_date', '2024-00-10,anna,sale,shop,100'],
    ['bad_name', '2024-01-01,,sale,shop,100'],
    ['bad_name', '2024-01-01,anna,sale,a shop,100'],
    ['bad_kind', '2024-01-01,anna,theft,shop,100'],
    ['bad_amount', '2024-01-01,anna,sale,shop,-100'],
    ['bad_amount', '2024-01-01,anna,sale,shop,1.50'],
    ['bad_amount', '2024-01-01,anna,sale,shop,1000000001'],
    ['bad_amount', '2024-01-01,anna,sale,shop,99999999999999999999'],
  ]
  const good = '2024-02-29,anna,sale,shop,1000000000\n'
  const { code, files } = await forecast(HEADER + good + bad.map(([, row]) => `${row}\n`).join(''))
  const { read, counted, ...faults } = JSON.parse(files.get('forecast.json') ?? '').rows
  const expected = Object.fromEntries(
    Object.entries(Object.groupBy(bad, ([fault]) => fault)).map(([f, l]) => [f, l?.length]),
  )
  assert.equal(code, 0)
  assert.deepEqual([read, counted], [bad.length + 1, 1])
  assert.deepEqual(faults, expected)
})

test('a ledger that is absent or no table of bookings is refused with exit code 2', async () => {
  const row = (member: string, category: string) => `2024-01-01,${member},expense,${category},1\n`
  const members = Array.from({ length: 8193 }, (_, i) => row(`m${i}`, 'rent')).join('')
  const categories = Array.from({ length: 257 }, (_, i) => row('anna', `c${i}`)).join('')
  const refused: [csv: string, why: RegExp][] = [
    ['', /first line must name the columns/],
    [row('anna', 'rent'), /first line must name the columns/],
    [HEADER, /there is no booking/],
    [`${HEADER}${'?'.repeat(10_000)}`, /there is no booking/],
    [HEADER + members, /more than 8192 members/],
    [HEADER + categories, /more than 256 categories/],
  ]
  for (const [csv, why] of refused) {
    const { code, stderr, files } = await forecast(csv)
    assert.equal(code, 2, csv.slice(0, 40))
    assert.match(stderr, why)
    assert.equal(files.size, 0)
  }
  const absent = await runExample(sandbox, MODULE, {})
  assert.equal(absent.code, 2)
  assert.match(absent.stderr, /\/in\/ledger\.csv: no such file/)
})

test('arguments that cannot be used end with exit code 2 and the usage', async () => {
  const wrong = [
    ['--months'],
    ['--months', '0'],
    ['--window', '37'],
    ['--opening', '-1'],
    ['--opening', '1000000000000001'],
    ['--colour', 'red'],
    Array.from({ length: 40 }, () => '--months'),
  ]
  for (const args of wrong) {
    const { code, stderr } = await forecast(HEADER, args)
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, /cannot use .*\nusage: member-budget/)
  }
})
