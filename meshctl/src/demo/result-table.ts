/**
 * The result of a job for people: a `summary.json` of the voting analysis as tables of turnout,
 * participation and factions; of any other job, its report. All of it is a stranger's text.
 */
import { withCommas } from '../cli/amounts.ts'
import { table } from '../cli/table.ts'
import { printable } from '../cli/terminal.ts'

const BAR_PPM = 25_000
const REPORT_LINES_MAX = 60

type Period = {
  period: string
  on_roll: number
  voters: number
  ballots: number
  turnout_ppm: number
}
type Faction = { name: string; size: number; turnout_ppm: number; typical_member: string }
type Summary = {
  ballots: number
  members: number
  proposals: number
  passed: number
  rejected: number
  turnout_ppm: number
  first_date: string
  last_date: string
  periods: Period[]
  factions: Faction[]
  unaligned: number
  agreement_ppm: (number | null)[][]
}

/** `files` are the outputs by path. */
export function resultTable(files: ReadonlyMap<string, Uint8Array>): string {
  const summary = files.get('summary.json')
  const value = summary === undefined ? undefined : parsed(summary)
  if (isSummary(value)) return votingTables(value)
  const report = files.get('report.txt')
  const names = [...files.keys()].map((path) => printable(path)).join(', ')
  if (report === undefined) return `files: ${names === '' ? 'none' : names}\n`
  const lines = printable(new TextDecoder().decode(report), '\n').split('\n')
  const cut = lines.length > REPORT_LINES_MAX ? ['…'] : []
  return `${[...lines.slice(0, REPORT_LINES_MAX), ...cut].join('\n').trimEnd()}\n`
}

function votingTables(summary: Summary): string {
  const { ballots, members, proposals, passed, rejected, turnout_ppm, unaligned } = summary
  const [first, last] = [summary.first_date, summary.last_date].map((date) => printable(date))
  const head = [
    `${withCommas(ballots)} ballots of ${withCommas(members)} members on ${proposals} proposals`,
    `${first} to ${last}: turnout ${percent(turnout_ppm)}, ${passed} passed, ${rejected} rejected`,
  ]
  const unplaced = `${withCommas(unaligned)} members follow no faction.`
  return `${head.join('\n')}\n\n${participation(summary)}\n${factions(summary)}${unplaced}\n`
}

function participation({ periods }: Summary): string {
  const columns = [
    { title: 'Quarter', width: 9 },
    { title: 'On roll', width: 9, align: 'right' },
    { title: 'Voters', width: 9, align: 'right' },
    { title: 'Ballots', width: 10, align: 'right' },
    { title: 'Turnout', width: 10, align: 'right' },
    { title: 'Participation', width: 34 },
  ] as const
  return table(
    columns,
    periods.map(({ period, on_roll, voters, ballots, turnout_ppm }) => [
      printable(period),
      withCommas(on_roll),
      withCommas(voters),
      withCommas(ballots),
      percent(turnout_ppm),
      '█'.repeat(Math.round(Math.min(turnout_ppm, 1_000_000) / BAR_PPM)),
    ]),
  )
}

/** Each faction, and how often its members choose as those of each other one do. */
function factions({ factions, agreement_ppm }: Summary): string {
  const columns = [
    { title: 'Faction', width: 9 },
    { title: 'Members', width: 9, align: 'right' },
    { title: 'Turnout', width: 9, align: 'right' },
    { title: 'Typical', width: 9, align: 'right' },
    ...factions.map(({ name }) => ({
      title: `with ${printable(name)}`,
      width: 9,
      align: 'right' as const,
    })),
  ] as const
  return table(
    columns,
    factions.map(({ name, size, turnout_ppm, typical_member }, row) => [
      printable(name),
      withCommas(size),
      percent(turnout_ppm),
      printable(typical_member),
      ...factions.map((_, column) => percent(agreement_ppm[row]?.[column] ?? null)),
    ]),
  )
}

const percent = (ppm: number | null) => (ppm === null ? '–' : `${(ppm / 10_000).toFixed(1)} %`)

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

function isSummary(value: unknown): value is Summary {
  const { periods, factions, agreement_ppm, ...rest } = Object(value)
  return (
    hasFields(rest, {
      ballots: 'number',
      members: 'number',
      proposals: 'number',
      passed: 'number',
      rejected: 'number',
      turnout_ppm: 'number',
      first_date: 'string',
      last_date: 'string',
      unaligned: 'number',
    }) &&
    isListOf(periods, {
      period: 'string',
      on_roll: 'number',
      voters: 'number',
      ballots: 'number',
      turnout_ppm: 'number',
    }) &&
    isListOf(factions, {
      name: 'string',
      size: 'number',
      turnout_ppm: 'number',
      typical_member: 'string',
    }) &&
    Array.isArray(agreement_ppm) &&
    agreement_ppm.every(
      (row) => Array.isArray(row) && row.every((ppm) => ppm === null || typeof ppm === 'number'),
    )
  )
}

type Fields = Record<string, 'number' | 'string'>

const hasFields = (value: unknown, fields: Fields) =>
  Object.entries(fields).every(([name, type]) => typeof Object(value)[name] === type)

const isListOf = (value: unknown, fields: Fields) =>
  Array.isArray(value) && value.every((item) => hasFields(item, fields))
