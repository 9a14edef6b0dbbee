/**
 * The result for programs: forecast.json, described field by field in README.md.
 */
import { Forecast, largestCategories, Options } from './forecast'
import { FAULTS, KINDS, Ledger } from './ledger'
import { formatMonth, Text } from './text'

const CATEGORIES_SHOWN: i32 = 8

function pair(out: Text, key: string, value: i64): Text {
  return out.put('"').put(key).put('": ').putInteger(value)
}

function line(out: Text, key: string, value: i64): void {
  pair(out.put('  '), key, value).put(',\n')
}

function monthLine(out: Text, month: i32, income: i64, outgoings: i64, balance: i64): void {
  out.put('\n    { "month": "').put(formatMonth(month)).put('", ')
  pair(out, 'income_cents', income).put(', ')
  pair(out, 'outgoings_cents', outgoings).put(', ')
  pair(out, 'balance_cents', balance).put(' }')
}

export function writeJson(out: Text, ledger: Ledger, forecast: Forecast, options: Options): void {
  out.put('{\n  "rows": { ')
  pair(out, 'read', ledger.rowsRead).put(', ')
  pair(out, 'counted', ledger.rowsCounted)
  for (let i = 0; i < FAULTS.length; i++) pair(out.put(', '), FAULTS[i], ledger.faults[i])
  out.put(' },\n')
  line(out, 'members', ledger.members.count)
  out.put('  "kinds": {')
  for (let i = 0; i < KINDS.length; i++) {
    out
      .put(i > 0 ? ',\n    "' : '\n    "')
      .put(KINDS[i])
      .put('": { ')
    pair(out, 'rows', ledger.kindRows[i]).put(', ')
    pair(out, 'cents', ledger.kindCents[i]).put(' }')
  }
  out.put('\n  },\n')
  line(out, 'opening_cents', options.openingCents)
  line(out, 'closing_cents', forecast.closingCents)

  out.put('  "months": [')
  let balance = options.openingCents
  for (let month = ledger.firstMonth; month <= ledger.lastMonth; month++) {
    balance += ledger.income[month] - ledger.outgoings[month]
    if (month > ledger.firstMonth) out.put(',')
    monthLine(out, month, ledger.income[month], ledger.outgoings[month], balance)
  }
  out.put('\n  ],\n  "moving_average": { ')
  pair(out, 'months', forecast.window).put(', ')
  pair(out, 'income_cents', forecast.income.mean).put(', ')
  pair(out, 'outgoings_cents', forecast.outgoings.mean).put(' },\n  "trend_per_month": { ')
  pair(out, 'income_cents', forecast.income.slope()).put(', ')
  pair(out, 'outgoings_cents', forecast.outgoings.slope()).put(' },\n')

  out.put('  "forecast": [')
  let below = ''
  for (let month = forecast.firstMonth; month < forecast.firstMonth + forecast.months; month++) {
    const income = forecast.income.at(month)
    const outgoings = forecast.outgoings.at(month)
    balance += income - outgoings
    if (month > forecast.firstMonth) out.put(',')
    monthLine(out, month, income, outgoings, balance)
    if (balance < 0 && below.length === 0) below = formatMonth(month)
  }
  out.put('\n  ],\n  "below_zero": ')
  if (below.length > 0) out.put('"').put(below).put('"')
  else out.put('null')
  out.put(',\n  "reserve_months_hundredths": ')
  const reserve = forecast.reserveHundredths()
  if (reserve < 0) out.put('null')
  else out.putInteger(reserve)
  out.put(',\n  "largest_categories": [')
  const largest = largestCategories(ledger, CATEGORIES_SHOWN)
  for (let i = 0; i < largest.length; i++) {
    const category = largest[i]
    out
      .put(i > 0 ? ',' : '')
      .put('\n    { "name": "')
      .put(ledger.categories.nameAt(category))
    pair(out.put('", '), 'rows', ledger.categoryRows[category]).put(', ')
    pair(out, 'outgoings_cents', ledger.categoryCents[category]).put(' }')
  }
  out.put(largest.length > 0 ? '\n  ],\n' : '],\n')
  out.put('  "options": { ')
  pair(out, 'months', options.months).put(', ')
  pair(out, 'window', options.window).put(' }\n}\n')
  out.flush()
}
