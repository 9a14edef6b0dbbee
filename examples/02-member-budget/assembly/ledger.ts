/**
 * The ledger of a cooperative, read from CSV in one pass into totals by month, kind and category.
 *
 * A row that cannot be counted is counted by its fault and skipped. Amounts are whole cents. The
 * bounds on rows and amounts keep every later sum and product inside 64 bits (see forecast.ts).
 */
import { LINE, LINE_TOO_LONG, LINES_END, Lines } from './lines'
import { isName, Names, NO_ROOM } from './names'

export const MEMBERS_MAX: i32 = 8192
export const CATEGORIES_MAX: i32 = 256
export const ROWS_MAX: i64 = 2_000_000
export const AMOUNT_CENTS_MAX: i64 = 1_000_000_000
const YEAR_MIN: i32 = 1970
const YEAR_MAX: i32 = 2199
export const MONTHS_MAX: i32 = (YEAR_MAX - YEAR_MIN + 1) * 12
export const NO_MONTH: i32 = -1

/** Money comes in by the first four kinds and goes out by the others. */
export const KINDS: StaticArray<string> = [
  'contribution',
  'sale',
  'grant',
  'loan',
  'expense',
  'repayment',
  'dividend',
]
export const KINDS_IN: i32 = 4

export const FAULTS: StaticArray<string> = [
  'too_long',
  'too_few_fields',
  'bad_date',
  'bad_name',
  'bad_kind',
  'bad_amount',
]
const TOO_LONG: i32 = 0
const TOO_FEW_FIELDS: i32 = 1
const BAD_DATE: i32 = 2
const BAD_NAME: i32 = 3
const BAD_KIND: i32 = 4
const BAD_AMOUNT: i32 = 5
const COUNTED: i32 = 6

const COLUMNS: StaticArray<string> = ['date', 'member', 'kind', 'category', 'amount_cents']
const DATE: i32 = 0
const MEMBER: i32 = 1
const KIND: i32 = 2
const CATEGORY: i32 = 3
const AMOUNT: i32 = 4

export class Ledger {
  rowsRead: i64 = 0
  rowsCounted: i64 = 0
  readonly faults: StaticArray<i64> = new StaticArray<i64>(FAULTS.length)
  readonly members: Names = new Names(MEMBERS_MAX)
  readonly categories: Names = new Names(CATEGORIES_MAX)
  readonly income: StaticArray<i64> = new StaticArray<i64>(MONTHS_MAX)
  readonly outgoings: StaticArray<i64> = new StaticArray<i64>(MONTHS_MAX)
  readonly kindRows: StaticArray<i64> = new StaticArray<i64>(KINDS.length)
  readonly kindCents: StaticArray<i64> = new StaticArray<i64>(KINDS.length)
  readonly categoryRows: StaticArray<i64> = new StaticArray<i64>(CATEGORIES_MAX)
  readonly categoryCents: StaticArray<i64> = new StaticArray<i64>(CATEGORIES_MAX)
  firstMonth: i32 = NO_MONTH
  lastMonth: i32 = NO_MONTH
  /** Why the whole file is refused, empty if it is not. */
  refusal: string = ''
  private readonly columns: StaticArray<i32> = new StaticArray<i32>(COLUMNS.length)
  private lastColumn: i32 = 0

  /** Answers false with a `refusal` when the file is no ledger. */
  read(lines: Lines): bool {
    if (lines.next() !== LINE || !this.findColumns(lines)) {
      this.refusal =
        'the first line must name the columns date, member, kind, category, amount_cents'
      return false
    }
    for (let kind = lines.next(); kind !== LINES_END; kind = lines.next()) {
      if (kind === LINE && lines.length === 0) continue
      if (++this.rowsRead > ROWS_MAX) this.refusal = 'more than 2000000 rows'
      const fault = kind === LINE_TOO_LONG ? TOO_LONG : this.countRow(lines)
      if (this.refusal.length > 0) return false
      if (fault !== COUNTED) this.faults[fault]++
    }
    if (lines.failed) this.refusal = 'the file could not be read to its end'
    else if (this.rowsCounted === 0) this.refusal = 'there is no booking in it'
    return this.refusal.length === 0
  }

  private findColumns(lines: Lines): bool {
    lines.dropByteOrderMark()
    for (let column = 0; column < COLUMNS.length; column++) {
      let found = 0
      while (found < lines.fields && !lines.is(found, COLUMNS[column])) found++
      if (found === lines.fields) return false
      this.columns[column] = found
      if (found > this.lastColumn) this.lastColumn = found
    }
    return true
  }

  private countRow(lines: Lines): i32 {
    if (lines.fields <= this.lastColumn) return TOO_FEW_FIELDS
    const month = parseMonth(lines, this.columns[DATE])
    if (month === NO_MONTH) return BAD_DATE
    let kind = 0
    while (kind < KINDS.length && !lines.is(this.columns[KIND], KINDS[kind])) kind++
    if (kind === KINDS.length) return BAD_KIND
    const amountStart = lines.start(this.columns[AMOUNT])
    const cents = lines.digits(amountStart, amountStart + lines.size(this.columns[AMOUNT]), 10)
    if (cents < 0 || cents > AMOUNT_CENTS_MAX) return BAD_AMOUNT
    const memberField = this.columns[MEMBER]
    const categoryField = this.columns[CATEGORY]
    if (!isName(lines, memberField) || !isName(lines, categoryField)) return BAD_NAME
    const category = this.categories.indexOf(lines, categoryField)
    if (category === NO_ROOM) this.refusal = 'more than 256 categories'
    if (this.members.indexOf(lines, memberField) === NO_ROOM)
      this.refusal = 'more than 8192 members'
    if (this.refusal.length > 0) return COUNTED

    const incoming = kind < KINDS_IN
    if (incoming) this.income[month] += cents
    else this.outgoings[month] += cents
    if (!incoming) {
      this.categoryRows[category]++
      this.categoryCents[category] += cents
    }
    this.kindRows[kind]++
    this.kindCents[kind] += cents
    if (this.firstMonth === NO_MONTH || month < this.firstMonth) this.firstMonth = month
    if (month > this.lastMonth) this.lastMonth = month
    this.rowsCounted++
    return COUNTED
  }
}

/** "yyyy-mm-dd" to months since January 1970; NO_MONTH if there is no such day. */
function parseMonth(lines: Lines, field: i32): i32 {
  const at = lines.start(field)
  if (lines.size(field) !== 10) return NO_MONTH
  if (lines.bytes[at + 4] !== 0x2d || lines.bytes[at + 7] !== 0x2d) return NO_MONTH
  const year = <i32>lines.digits(at, at + 4, 4)
  const month = <i32>lines.digits(at + 5, at + 7, 2)
  const day = <i32>lines.digits(at + 8, at + 10, 2)
  if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12) return NO_MONTH
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 ? (leap ? 29 : 28) : 30 + ((month + month / 8) & 1)
  if (day < 1 || day > days) return NO_MONTH
  return (year - YEAR_MIN) * 12 + month - 1
}
