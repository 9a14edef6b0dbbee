/**
 * A budget forecast for a cooperative: reads /in/ledger.csv, writes /out/forecast.json and
 * /out/forecast.txt, and prints a line of it.
 *
 * Exit codes: 0 done; 1 a result could not be written; 2 wrong usage, or a ledger that is absent or
 * no table of bookings.
 */
import './fault'
import { NO_FILE, openFile, STDERR, STDOUT } from './files'
import { Forecast, Options } from './forecast'
import { writeJson } from './json'
import { Ledger } from './ledger'
import { Lines } from './lines'
import { parseOptions } from './options'
import { writeReport } from './report'
import { formatCents, formatMonth, Text } from './text'
import { fd_close, proc_exit } from './wasi_snapshot_preview1'

const USAGE: string =
  'usage: member-budget [--opening CENTS] [--months 1..24] [--window 2..36]\n' +
  'Reads /in/ledger.csv; its header names the columns\n' +
  'date (yyyy-mm-dd), member, kind, category, amount_cents (0 to 1000000000).\n'

function complain(message: string): void {
  new Text(STDERR).put('member-budget: ').put(message).put('\n').flush()
}

function writeResults(ledger: Ledger, forecast: Forecast, options: Options): bool {
  const json = openFile('/out', 'forecast.json', true)
  const report = openFile('/out', 'forecast.txt', true)
  if (json === NO_FILE || report === NO_FILE) return false
  const jsonText = new Text(json)
  const reportText = new Text(report)
  writeJson(jsonText, ledger, forecast, options)
  writeReport(reportText, ledger, forecast, options.openingCents)
  const closed = fd_close(json) === 0 && fd_close(report) === 0
  return closed && !jsonText.failed && !reportText.failed
}

function main(): i32 {
  const options = new Options()
  const wrong = parseOptions(options)
  if (wrong.length > 0) {
    complain(`cannot use '${wrong}'\n${USAGE}`)
    return 2
  }
  const file = openFile('/in', 'ledger.csv', false)
  if (file === NO_FILE) {
    complain('/in/ledger.csv: no such file')
    return 2
  }
  const ledger = new Ledger()
  if (!ledger.read(new Lines(file))) {
    complain(`/in/ledger.csv is refused: ${ledger.refusal}`)
    return 2
  }
  const forecast = new Forecast(ledger, options)
  if (!writeResults(ledger, forecast, options)) {
    complain('cannot write to /out')
    return 1
  }
  const out = new Text(STDOUT)
  out.putInteger(ledger.rowsCounted).put(' bookings of ').putInteger(ledger.members.count)
  out.put(' members from ').put(formatMonth(ledger.firstMonth)).put(' to ')
  out.put(formatMonth(ledger.lastMonth)).put(', balance ').put(formatCents(forecast.closingCents))
  out.put('\n').flush()
  return 0
}

// What stands at the top level becomes `_start`, the entry of a WASI command (asconfig.json).
const code = main()
if (code !== 0) proc_exit(code)
