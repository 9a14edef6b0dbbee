/**
 * How fast CCL decides, against the policy engines that people would use instead, and how fast it
 * is read and checked. Every engine answers every request rightly before anything is timed.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '@planetary-mesh/ccl-compiler'
import { type Engine, openCedar, openCels } from './ccl-engines.ts'
import { buildPool, type Decide, openMeteredPool, openPool } from './ccl-host.ts'
import { hitsAndMisses, mixed, type Workload } from './ccl-requests.ts'
import { benchStart } from './ccl-start.ts'
import { type Effort, type Row, rowOf, type Sample, takeTurns } from './measure.ts'

const ASKS = 10_000
const FEW_MEMBERS = 4
const MANY_MEMBERS = 1000
/** How many CEL libraries are shown: the fastest of those that there are. */
const CELS_SHOWN = 2
/** An engine is timed over so many asks at a time, of all of them in turn. */
const SLICE = 64

export async function benchCcl(effort: Effort): Promise<Row[]> {
  const asks = Math.ceil(ASKS * effort.share)
  return [
    ...(await benchDecisions(`decide, ${FEW_MEMBERS} members`, mixed(FEW_MEMBERS, asks), effort)),
    ...(await benchDecisions(
      `decide, ${MANY_MEMBERS} members`,
      hitsAndMisses(MANY_MEMBERS, asks),
      effort,
    )),
    await benchParse(effort),
    await benchStart(effort),
  ]
}

async function benchDecisions(what: string, workload: Workload, effort: Effort): Promise<Row[]> {
  const unit = buildPool(workload)
  const decide = openPool(unit, workload)
  const metered = openMeteredPool(unit, workload)
  const cels = await openCels(workload)
  const cedar = await openCedar(workload)
  const fuel = compareAnswers(decide, [cedar, ...cels], workload)
  const fuelMetered = compareAnswers(metered, [], workload)
  const facts = {
    decisions: workload.asks.length,
    'module bytes': unit.wasm.length,
    'fuel of a decision': Math.round(fuel / workload.asks.length),
    'fuel at most': unit.header.costMax,
  }
  const ours = over(workload, (ask) => decide(ask).fuel > 0, effort)
  const rows: Row[] = []
  for (const { name, allows } of [cedar, ...fastest(cels, workload, effort)]) {
    const pairs = await takeTurns(effort.pairs, ours, over(workload, allows, effort))
    const row = rowOf({ bench: 'ccl', what, against: name }, pairs, facts)
    rows.push({ ...row, facts: { ...facts, 'percent of its speed': Math.round(100 / row.ratio) } })
  }
  const sandboxed = over(workload, (ask) => metered(ask).fuel > 0, effort)
  rows.push(
    rowOf(
      { bench: 'ccl', what: `${what}, metered`, against: 'the same, un-metered' },
      await takeTurns(effort.pairs, sandboxed, ours),
      { 'fuel of a decision': Math.round(fuelMetered / workload.asks.length) },
    ),
  )
  return rows
}

/** Every engine on every request: the right effect, and of ours the right rule; gives the fuel. */
function compareAnswers(decide: Decide, engines: readonly Engine[], { asks }: Workload): number {
  let fuel = 0
  asks.forEach(({ by }, ask) => {
    const decided = decide(ask)
    const wanted = by === 'within' ? 'allow' : 'deny'
    if (decided.effect !== wanted || decided.rule !== by) {
      throw new Error(`CCL: ${decided.effect} by ${decided.rule} of request ${ask}, wanted ${by}`)
    }
    for (const { name, allows } of engines) {
      if (allows(ask) !== (by === 'within')) throw new Error(`${name} errs about request ${ask}`)
    }
    fuel += decided.fuel
  })
  return fuel
}

function fastest(engines: readonly Engine[], workload: Workload, effort: Effort): Engine[] {
  const timed = engines.map((engine) => ({ engine, ms: over(workload, engine.allows, effort)() }))
  timed.sort((a, b) => (a.ms as number) - (b.ms as number))
  return timed.slice(0, CELS_SHOWN).map(({ engine }) => engine)
}

/** The time of one decision, over all requests in turn. */
function over({ asks }: Workload, decide: (ask: number) => boolean, effort: Effort): Sample {
  let at = 0
  const slice = repeatedInCpuTime(() => {
    for (let count = 0; count < SLICE; count++) {
      decide(at)
      at = (at + 1) % asks.length
    }
  }, effort)
  return () => (slice() as number) / SLICE
}

/**
 * As `repeated`, by the CPU time of this process: nothing here waits, and what else the machine
 * does is no part of it.
 */
function repeatedInCpuTime(operation: () => unknown, { sampleMs }: Effort): Sample {
  const timeOf = (count: number): number => {
    const before = process.cpuUsage()
    for (let index = 0; index < count; index++) operation()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  let count = 1
  while (timeOf(count) < sampleMs) count *= 2
  return () => timeOf(count) / count
}

/** A compiler is much code: so often it reads all texts before the engine has optimised it. */
const WARM_ROUNDS = 400
const TEXTS = join(import.meta.dirname, '../examples/ccl')

/** Bytes a second from text to typed tree, of all examples that are right. */
async function benchParse(effort: Effort): Promise<Row> {
  const files = globSync('*.ccl', { cwd: TEXTS }).sort()
  const texts = files
    .map((file) => readFileSync(join(TEXTS, file), 'utf8'))
    .filter((text) => check(text).ok)
  const bytes = Buffer.byteLength(texts.join(''))
  const perByte = (sample: Sample): Sample => {
    return async () => (await sample()) / bytes
  }
  const json = texts.map((text) => JSON.stringify(text.split(/\b/)))
  for (let round = 0; round < WARM_ROUNDS * effort.share; round++) texts.map((text) => check(text))
  const pairs = await takeTurns(
    effort.pairs,
    perByte(repeatedInCpuTime(() => texts.map((text) => check(text)), effort)),
    perByte(repeatedInCpuTime(() => json.map((text) => JSON.parse(text)), effort)),
  )
  return rowOf(
    { bench: 'ccl', what: 'check, bytes', against: 'JSON.parse of the same words' },
    pairs,
    { texts: texts.length, bytes },
  )
}
