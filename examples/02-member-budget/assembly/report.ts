/**
 * The result for people: forecast.txt, at most 100 columns wide.
 */
import { Forecast, largestCategories } from './forecast'
import { KINDS, KINDS_IN, Ledger } from './ledger'
import { formatCents, formatMonth, Text } from './text'

const MONEY_COLUMNS: i32 = 16
const NAME_COLUMNS: i32 = 34
const CATEGORIES_SHOWN: i32 = 8
const BAR_COLUMNS: i64 = 30
const PAST_MONTHS_SHOWN: i32 = 24

function money(out: Text, cents: i64): Text {
  return out.putRight(formatCents(cents), MONEY_COLUMNS)
}

function monthLine(out: Text, month: i32, income: i64, outgoings: i64, balance: i64): Text {
  money(out.put(formatMonth(month)), income)
  return money(money(money(out, outgoings), income - outgoings), balance)
}

function larger(a: i64, b: i64): i64 {
  return a > b ? a : b
}

function monthsHeader(out: Text): void {
  out.put('Month  ')
  out.putRight('Income', MONEY_COLUMNS).putRight('Outgoings', MONEY_COLUMNS)
  out.putRight('Net', MONEY_COLUMNS).putRight('Balance', MONEY_COLUMNS).put('\n')
}

function putOverview(out: Text, ledger: Ledger, forecast: Forecast): void {
  out.put('MEMBER BUDGET FORECAST\n\n')
  out.putLeft('Bookings', 12).putInteger(ledger.rowsCounted).put(' (')
  out.putInteger(ledger.rowsRead - ledger.rowsCounted).put(' rows skipped)\n')
  out.putLeft('Members', 12).putInteger(ledger.members.count).put('\n')
  out.putLeft('Months', 12).put(formatMonth(ledger.firstMonth)).put(' to ')
  out.put(formatMonth(ledger.lastMonth)).put('\n')
  out.putLeft('Balance', 12).put(formatCents(forecast.closingCents)).put('\n')
  out.putLeft('Reserve', 12)
  const reserve = forecast.reserveHundredths()
  if (reserve < 0) out.put('no outgoings to reserve for\n')
  else out.put(formatCents(reserve)).put(' months of average outgoings\n')
}

function putKinds(out: Text, ledger: Ledger): void {
  out.put('\nBY KIND\n\n')
  for (let i = 0; i < KINDS.length; i++) {
    out.put(i < KINDS_IN ? 'in   ' : 'out  ').putLeft(KINDS[i], 14)
    out.putRight(ledger.kindRows[i].toString(), 8)
    money(out, ledger.kindCents[i]).put('\n')
  }
}

function putMonths(out: Text, ledger: Ledger, balanceAtStart: i64): void {
  const shown = ledger.lastMonth - PAST_MONTHS_SHOWN + 1
  let balance = balanceAtStart
  out.put('\nTHE LAST MONTHS\n\n')
  monthsHeader(out)
  for (let month = ledger.firstMonth; month <= ledger.lastMonth; month++) {
    balance += ledger.income[month] - ledger.outgoings[month]
    if (month < shown) continue
    monthLine(out, month, ledger.income[month], ledger.outgoings[month], balance).put('\n')
  }
}

function putForecast(out: Text, forecast: Forecast): void {
  out.put('\nTHE NEXT MONTHS: trend of the last ').putInteger(forecast.window)
  out.put(' months, and the season\n\n')
  monthsHeader(out)
  const end = forecast.firstMonth + forecast.months
  let balance = forecast.closingCents
  let largest: i64 = 1
  for (let month = forecast.firstMonth; month < end; month++) {
    const income = forecast.income.at(month)
    const outgoings = forecast.outgoings.at(month)
    balance += income - outgoings
    largest = larger(largest, larger(income, outgoings))
    monthLine(out, month, income, outgoings, balance)
    out.put(balance < 0 ? '  below zero\n' : '\n')
  }
  out.put('\n')
  for (let month = forecast.firstMonth; month < end; month++) {
    const income = (forecast.income.at(month) * BAR_COLUMNS) / largest
    const outgoings = (forecast.outgoings.at(month) * BAR_COLUMNS) / largest
    out
      .put(formatMonth(month))
      .put('  in   ')
      .putMany('+', <i32>income)
      .put('\n')
    out
      .put('         out  ')
      .putMany('-', <i32>outgoings)
      .put('\n')
  }
}

function putCategories(out: Text, ledger: Ledger): void {
  const largest = largestCategories(ledger, CATEGORIES_SHOWN)
  out.put('\nLARGEST OUTGOINGS\n\n')
  if (largest.length === 0) out.put('none\n')
  for (let i = 0; i < largest.length; i++) {
    const category = largest[i]
    out.putLeft(ledger.categories.nameAt(category), NAME_COLUMNS)
    out.putRight(ledger.categoryRows[category].toString(), 8)
    money(out, ledger.categoryCents[category]).put('\n')
  }
}

export function writeReport(out: Text, ledger: Ledger, forecast: Forecast, opening: i64): void {
  putOverview(out, ledger, forecast)
  putKinds(out, ledger)
  putMonths(out, ledger, opening)
  putForecast(out, forecast)
  putCategories(out, ledger)
  out.flush()
}
