/** What a home writes down: the jobs it carries, and submitters' choices that it acknowledged. */
import {
  type AnyRecord,
  type Award,
  type Bid,
  Bytes,
  type Effect,
  type Env,
  type LedgerState,
  openAny,
  parse,
  textOf,
} from '@planetary-mesh/spec'
import { z } from 'zod'
import type { HomeJob, HomeState } from './state.ts'

const JournalEntry = z.union([
  z.strictObject({ manifest: Bytes, hold: Bytes, decision: Bytes }),
  /** The award and the bids that it lists. */
  z.strictObject({ award: Bytes, bids: z.array(Bytes) }),
])
type JournalEntry = z.infer<typeof JournalEntry>

/** Durable, so that a home that starts again goes on with the job. */
export function recordJob({ manifest, hold, decision }: HomeJob): Effect {
  const entry = { manifest: manifest.bytes, hold: hold.bytes, decision: decision.bytes }
  return { do: 'record', entry: entry satisfies JournalEntry }
}

/** Durable, so that a person whose choice was acknowledged need not choose again. */
export function recordAward(award: Award, bids: readonly Bid[]): Effect {
  const entry = { award: award.bytes, bids: bids.map(({ bytes }) => bytes) }
  return { do: 'record', entry: entry satisfies JournalEntry }
}

/** Whether the time of the job's hold is over by the log's own clock: nothing can come of it. */
export function isOver(value: unknown, ledger: LedgerState): boolean {
  const entry = parse(JournalEntry, value, 'home journal')
  if (!('hold' in entry)) return false
  const hold = openAny(entry.hold, { verify: () => true })
  return hold.kind === 'hold' && hold.body.untilMs < ledger.lastAtMs
}

/** The jobs as they were written down; of several choices the last one counts. */
export function readJournal(state: HomeState, journal: readonly unknown[], env: Env): void {
  for (const value of journal) {
    const entry = parse(JournalEntry, value, 'home journal')
    if ('award' in entry) readAward(state, entry, env)
    else readJob(state, entry, env)
  }
}

type Written<Key extends string> = Extract<JournalEntry, Record<Key, unknown>>

function readJob(state: HomeState, entry: Written<'manifest'>, env: Env): void {
  const [manifest, hold, decision] = [entry.manifest, entry.hold, entry.decision].map((bytes) =>
    env.open(bytes),
  )
  if (manifest?.kind !== 'manifest' || hold?.kind !== 'hold') return
  if (decision?.kind !== 'decision') return
  state.jobs.set(textOf(manifest.cid), {
    manifest,
    hold,
    decision,
    bids: new Map(),
    passes: new Map(),
    earlier: new Map(),
    closed: true,
    award: undefined,
    phase: null,
    phaseDetail: null,
  })
}

function readAward(state: HomeState, entry: Written<'award'>, env: Env): void {
  const award = env.open(entry.award)
  const job = award.kind === 'award' ? state.jobs.get(textOf(award.body.manifest)) : undefined
  if (award.kind !== 'award' || job === undefined) return
  const bids = entry.bids.map((bytes) => env.open(bytes)).filter(isBid)
  job.bids = new Map(bids.map((bid) => [bid.author, bid]))
  job.award = award
}

const isBid = (record: AnyRecord): record is Bid => record.kind === 'bid'
