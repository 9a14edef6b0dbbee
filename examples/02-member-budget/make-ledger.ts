/**
 * Invents the ledger of a food cooperative over six years: members' contributions, sales, wages,
 * rent and energy that costs more in winter, loans and their repayment.
 *
 * Whole numbers only, so one seed gives the same bytes everywhere. As a program:
 *   make-ledger.ts FILE [--seed N] [--rows N]
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type SeededRandom, seededRandom } from '../seeded-random.ts'

export const DEFAULT_LEDGER = { seed: 2026, rows: 60_000 } as const

const MEMBERS = 640
const MONTHS = 72
const FIRST_YEAR = 2020

/** Of 1000 bookings how many, between which cents, and what a winter month adds in percent. */
const BOOKINGS = [
  { share: 520, kind: 'contribution', category: 'membership', from: 2_500, to: 6_500, winter: 0 },
  { share: 150, kind: 'sale', category: 'vegetable-box', from: 1_800, to: 7_200, winter: -35 },
  { share: 80, kind: 'sale', category: 'shop', from: 900, to: 14_000, winter: 20 },
  { share: 8, kind: 'grant', category: 'municipality', from: 50_000, to: 250_000, winter: 0 },
  { share: 6, kind: 'loan', category: 'member-loan', from: 50_000, to: 300_000, winter: 0 },
  { share: 52, kind: 'expense', category: 'wages', from: 28_000, to: 52_000, winter: 0 },
  { share: 12, kind: 'expense', category: 'rent', from: 58_000, to: 66_000, winter: 0 },
  { share: 40, kind: 'expense', category: 'energy', from: 4_000, to: 12_000, winter: 110 },
  { share: 46, kind: 'expense', category: 'seeds', from: 1_500, to: 9_000, winter: -60 },
  { share: 30, kind: 'expense', category: 'transport', from: 3_000, to: 11_000, winter: 10 },
  { share: 16, kind: 'expense', category: 'repairs', from: 5_000, to: 60_000, winter: 30 },
  { share: 10, kind: 'expense', category: 'insurance', from: 15_000, to: 22_000, winter: 0 },
  { share: 22, kind: 'repayment', category: 'member-loan', from: 8_000, to: 24_000, winter: 0 },
  { share: 8, kind: 'dividend', category: 'members', from: 4_000, to: 16_000, winter: 0 },
] as const

type Booking = (typeof BOOKINGS)[number]

function drawBooking(random: SeededRandom): Booking {
  let rest = random.below(1000)
  for (const booking of BOOKINGS) {
    if (rest < booking.share) return booking
    rest -= booking.share
  }
  return BOOKINGS[0]
}

/** Prices rise by 4 per mille a month, wages and rent among them; contributions do not. */
function drawCents(random: SeededRandom, booking: Booking, month: number): number {
  const base = booking.from + random.below(booking.to - booking.from + 1)
  const winter = month % 12 < 2 || month % 12 > 9 ? booking.winter : 0
  const inflation = booking.kind === 'contribution' ? 1000 : 1000 + 4 * month
  return Math.floor((base * (100 + winter) * inflation) / 100_000)
}

/**
 * The ledger as CSV: a header, then exactly `rows` lines
 * `date,member,kind,category,amount_cents` in order of date.
 */
export function makeLedger({
  seed,
  rows,
}: {
  seed: number
  rows: number
}): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed)
  const lines = ['date,member,kind,category,amount_cents\n']
  for (let month = 0; month < MONTHS; month++) {
    const count = Math.floor((rows * (month + 1)) / MONTHS) - Math.floor((rows * month) / MONTHS)
    // The membership grows by half in six years.
    const members = Math.floor((MEMBERS * (2 * MONTHS + month)) / (3 * MONTHS))
    const prefix = `${FIRST_YEAR + Math.floor(month / 12)}-${twoDigits((month % 12) + 1)}-`
    const days = Array.from({ length: count }, () => 1 + random.below(28)).sort((a, b) => a - b)
    for (const day of days) {
      const booking = drawBooking(random)
      const member = `M-${String(1 + random.below(members)).padStart(4, '0')}`
      const cents = drawCents(random, booking, month)
      lines.push(
        `${prefix}${twoDigits(day)},${member},${booking.kind},${booking.category},${cents}\n`,
      )
    }
  }
  return new TextEncoder().encode(lines.join(''))
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { seed: { type: 'string' }, rows: { type: 'string' } },
    allowPositionals: true,
  })
  const [file] = positionals
  const seed = Number(values.seed ?? DEFAULT_LEDGER.seed)
  const rows = Number(values.rows ?? DEFAULT_LEDGER.rows)
  if (file === undefined || !Number.isSafeInteger(seed) || !(rows > 0 && rows <= 400_000)) {
    process.stderr.write('usage: make-ledger.ts FILE [--seed N] [--rows 1…400000]\n')
    process.exitCode = 2
  } else {
    writeFileSync(file, makeLedger({ seed, rows: Math.floor(rows) }))
  }
}
