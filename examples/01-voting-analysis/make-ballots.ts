/**
 * Invents the ballots of a cooperative over six years: members who come and go, four hidden
 * factions, proposals on five topics, and a turnout that sinks slowly and rises after reforms.
 *
 * Whole numbers only, so one seed gives the same bytes everywhere. As a program:
 *   make-ballots.ts FILE [--seed N] [--ballots N]
 */
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type SeededRandom, seededRandom } from '../seeded-random.ts'

export const DEFAULT_BALLOTS = { seed: 2026, ballots: 220_000 } as const

const MEMBERS = 1000
const BALLOTS_PER_PROPOSAL = 500
const FIRST_DAY = Date.UTC(2020, 0, 6) / 86_400_000
const DAYS = 6 * 365
const VOTING_DAYS = 10
const TOPICS = 5

/** Percent of the membership, and how often in 100 a member follows the faction's line. */
const FACTIONS = [
  { share: 34, discipline: 92 },
  { share: 27, discipline: 94 },
  { share: 21, discipline: 91 },
  { share: 13, discipline: 95 },
] as const

/** In 100: how often each faction favours a proposal of each topic. */
const LEANING = [
  [88, 72, 55, 60, 80],
  [35, 80, 70, 22, 60],
  [70, 25, 78, 75, 18],
  [8, 30, 10, 15, 24],
] as const

export type PlantedMember = {
  name: string
  /** Index of the hidden faction, or null for one who votes as the mood takes them. */
  faction: number | null
  joinedDay: number
  leftDay: number
  /** 0 … 999, higher comes more often. */
  diligence: number
}

type Proposal = { name: string; opensDay: number; lines: readonly ('yes' | 'no')[] }

/** The members that `makeBallots` of the same seed lets vote, with the truth the analysis seeks. */
export function plantMembers(seed: number): PlantedMember[] {
  const random = seededRandom(seed)
  return Array.from({ length: MEMBERS }, (_, index) => {
    const early = random.below(100) < 62
    const joinedDay = early ? 0 : random.below(DAYS - 400)
    const stays = random.below(100) < 80
    return {
      name: `M-${String(index + 1).padStart(4, '0')}`,
      faction: drawFaction(random.below(100)),
      joinedDay,
      leftDay: stays ? DAYS : joinedDay + 380 + random.below(DAYS - joinedDay - 380),
      diligence: random.below(1000),
    }
  })
}

function drawFaction(percent: number): number | null {
  let bound = 0
  for (const [index, { share }] of FACTIONS.entries()) {
    bound += share
    if (percent < bound) return index
  }
  return null
}

function plantProposals(random: SeededRandom, count: number): Proposal[] {
  const days = Array.from({ length: count }, () => random.below(DAYS - VOTING_DAYS))
  days.sort((a, b) => a - b)
  return days.map((opensDay, index) => {
    const topic = random.below(TOPICS)
    // One draw for all: factions of like leaning end on the same side more often than by chance.
    const appeal = random.below(100)
    return {
      name: `P-${String(index + 1).padStart(4, '0')}`,
      opensDay,
      lines: LEANING.map((leaning) => (appeal < (leaning[topic] ?? 50) ? 'yes' : 'no')),
    }
  })
}

/** Per mille of those on the roll who vote: sinks from 740 to 560, then a reform lifts it again. */
function turnoutPermille(day: number): number {
  const sinking = 740 - Math.floor((180 * day) / (4 * 365))
  return day < 4 * 365 ? sinking : 560 + Math.floor((130 * (day - 4 * 365)) / (2 * 365))
}

/** Splits `total` by weight, each share at most its maximum; what rounding leaves goes round. */
function apportion(total: number, weights: readonly number[], maxima: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0)
  const shares = weights.map((weight, i) =>
    Math.min(Math.floor((total * weight) / sum), maxima[i] ?? 0),
  )
  let missing = total - shares.reduce((a, b) => a + b, 0)
  while (missing > 0) {
    const before = missing
    for (const [i, maximum] of maxima.entries()) {
      if (missing === 0 || (shares[i] ?? 0) >= maximum) continue
      shares[i] = (shares[i] ?? 0) + 1
      missing -= 1
    }
    assert(missing < before, 'the maxima together are less than the total')
  }
  return shares
}

function choose(random: SeededRandom, member: PlantedMember, proposal: Proposal): string {
  if (random.below(100) < 4) return 'abstain'
  const line = member.faction === null ? undefined : proposal.lines[member.faction]
  if (member.faction === null || line === undefined) return random.below(2) === 0 ? 'yes' : 'no'
  const follows = random.below(100) < (FACTIONS[member.faction]?.discipline ?? 50)
  return follows === (line === 'yes') ? 'yes' : 'no'
}

/**
 * The ballots as CSV: a header, then exactly `ballots` lines `date,proposal_id,member,choice` in
 * the order they were cast. At most one ballot a member and proposal.
 */
export function makeBallots({
  seed,
  ballots,
}: {
  seed: number
  ballots: number
}): Uint8Array<ArrayBuffer> {
  const members = plantMembers(seed)
  const random = seededRandom(seed ^ 0x5eed)
  const proposals = plantProposals(random, Math.max(12, Math.round(ballots / BALLOTS_PER_PROPOSAL)))
  const rolls = proposals.map(({ opensDay }) =>
    members.filter(({ joinedDay, leftDay }) => joinedDay <= opensDay && opensDay < leftDay),
  )
  const weights = proposals.map(
    ({ opensDay }, i) => (rolls[i]?.length ?? 0) * (turnoutPermille(opensDay) + random.below(60)),
  )
  const turnouts = apportion(
    ballots,
    weights,
    rolls.map((roll) => roll.length),
  )
  const byDay = new Map<number, string[]>()
  for (const [i, proposal] of proposals.entries()) {
    const present = (rolls[i] ?? [])
      .map((member) => ({ member, score: member.diligence + random.below(700) }))
      .sort((a, b) => b.score - a.score || (a.member.name < b.member.name ? -1 : 1))
      .slice(0, turnouts[i])
    for (const { member } of present) {
      const day = FIRST_DAY + proposal.opensDay + random.below(VOTING_DAYS)
      const date = new Date(day * 86_400_000).toISOString().slice(0, 10)
      const line = `${date},${proposal.name},${member.name},${choose(random, member, proposal)}\n`
      const lines = byDay.get(day)
      if (lines === undefined) byDay.set(day, [line])
      else lines.push(line)
    }
  }
  const days = [...byDay].sort(([a], [b]) => a - b)
  const body = days.map(([, lines]) => lines.join('')).join('')
  return new TextEncoder().encode(`date,proposal_id,member,choice\n${body}`)
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { seed: { type: 'string' }, ballots: { type: 'string' } },
    allowPositionals: true,
  })
  const [file] = positionals
  const seed = Number(values.seed ?? DEFAULT_BALLOTS.seed)
  const ballots = Number(values.ballots ?? DEFAULT_BALLOTS.ballots)
  if (file === undefined || !Number.isSafeInteger(seed) || !(ballots > 0 && ballots <= 400_000)) {
    process.stderr.write('usage: make-ballots.ts FILE [--seed N] [--ballots 1…400000]\n')
    process.exitCode = 2
  } else {
    writeFileSync(file, makeBallots({ seed, ballots: Math.floor(ballots) }))
  }
}
