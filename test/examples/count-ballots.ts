/**
 * The figures of the voting analysis, counted once more by plain means: maps, and every pair of
 * ballots compared. What the C program says must equal this.
 */
export type Ballot = { date: string; proposal: string; member: string; choice: string }

export type Period = {
  period: string
  proposals: number
  on_roll: number
  voters: number
  ballots: number
  turnout_ppm: number
}

export function parseBallots(csv: Uint8Array): Ballot[] {
  const [, ...lines] = new TextDecoder().decode(csv).trimEnd().split('\n')
  return lines.map((line) => {
    const [date = '', proposal = '', member = '', choice = ''] = line.split(',')
    return { date, proposal, member, choice }
  })
}

export function ppm(part: number, whole: number): number {
  return whole === 0 ? 0 : Number((BigInt(part) * 1_000_000n) / BigInt(whole))
}

function quarterOf(date: string): string {
  return `${date.slice(0, 4)}-Q${Math.floor((Number(date.slice(5, 7)) + 2) / 3)}`
}

function groupBy<K>(ballots: readonly Ballot[], key: (ballot: Ballot) => K): Map<K, Ballot[]> {
  return Map.groupBy(ballots, key)
}

export function countPeriods(ballots: readonly Ballot[]): Period[] {
  const firstDate = new Map<string, string>()
  for (const { date, proposal } of ballots) {
    const first = firstDate.get(proposal)
    if (first === undefined || date < first) firstDate.set(proposal, date)
  }
  const quarter = ({ proposal }: { proposal: string }) => quarterOf(firstDate.get(proposal) ?? '')
  const rolls = [...groupBy(ballots, ({ member }) => member).values()].map((own) => {
    const quarters = own.map(quarter).sort()
    return { first: quarters[0] ?? '', last: quarters.at(-1) ?? '' }
  })
  return [...groupBy(ballots, quarter)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([period, cast]) => {
      const proposals = new Set(cast.map(({ proposal }) => proposal)).size
      const onRoll = rolls.filter(({ first, last }) => first <= period && period <= last).length
      return {
        period,
        proposals,
        on_roll: onRoll,
        voters: new Set(cast.map(({ member }) => member)).size,
        ballots: cast.length,
        turnout_ppm: ppm(cast.length, proposals * onRoll),
      }
    })
}

export function countPassed(ballots: readonly Ballot[]): number {
  const count = (cast: readonly Ballot[], choice: string) =>
    cast.filter((ballot) => ballot.choice === choice).length
  return [...groupBy(ballots, ({ proposal }) => proposal).values()].filter(
    (cast) => count(cast, 'yes') > count(cast, 'no'),
  ).length
}

/** The agreement matrix by comparing every two ballots on the same proposal. */
export function comparePairs(
  ballots: readonly Ballot[],
  factions: readonly { members: readonly string[] }[],
): number[][] {
  const factionOf = new Map(
    factions.flatMap(({ members }, faction) => members.map((name) => [name, faction] as const)),
  )
  const size = factions.length
  const same = new Float64Array(size * size)
  const pairs = new Float64Array(size * size)
  const placed = ballots.filter(({ member }) => factionOf.has(member))
  for (const cast of groupBy(placed, ({ proposal }) => proposal).values()) {
    const sides = Uint8Array.from(cast, ({ member }) => factionOf.get(member) ?? 0)
    const choices = Uint8Array.from(cast, ({ choice }) => ['yes', 'no', 'abstain'].indexOf(choice))
    for (let a = 0; a < cast.length; a++) {
      for (let b = 0; b < a; b++) {
        const sideA = sides[a] as number
        const sideB = sides[b] as number
        const cell = Math.min(sideA, sideB) * size + Math.max(sideA, sideB)
        pairs[cell] = (pairs[cell] as number) + 1
        if (choices[a] === choices[b]) same[cell] = (same[cell] as number) + 1
      }
    }
  }
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_, column) => {
      const cell = Math.min(row, column) * size + Math.max(row, column)
      return ppm(same[cell] ?? 0, pairs[cell] ?? 0)
    }),
  )
}
