/** An award that names my bid: ask the ledger for its lease, again and again until it answers. */
import {
  type AnyRecord,
  type Award,
  appendMessage,
  type Bid,
  charterNow,
  type Did,
  type Effect,
  type Env,
  isCode,
  type Message,
  Refusal,
  textOf,
  toWireError,
} from '@planetary-mesh/spec'
import type { ExecutorState } from './state.ts'

type Awarded = Extract<Message, { type: 'awarded' }>

export function claim(state: ExecutorState, message: Awarded, home: Did, env: Env): Effect[] {
  const found = readAward(message.opened, env)
  if (found === undefined) return []
  const job = textOf(found.award.body.manifest)
  state.homes.set(job, home)
  const key = textOf(found.award.cid)
  // asked already: the timer asks again, not every copy of the message
  if (state.claims.has(key)) return []
  state.claims.set(key, { message, home })
  return ask(found.award, message, env)
}

/** The ledger said no: the home must know, since it may choose another. */
export function claimRefused(
  state: ExecutorState,
  message: Extract<Message, { type: 'refused' }>,
): Effect[] {
  const claimed = state.claims.get(textOf(message.request))
  if (claimed === undefined) return []
  state.claims.delete(textOf(message.request))
  const award = awardOf(claimed.message.opened)
  if (award === undefined) return []
  const { code, detail } = message.error
  const error = toWireError(new Refusal(isCode(code) ? code : 'AWARD_INVALID', detail))
  const pass = { type: 'pass', manifest: award.body.manifest, error } as const
  return [{ do: 'send', to: claimed.home, message: pass }]
}

/** Claims live until their lease is in the log, the ledger refuses, or the job is over. */
export function resendClaims(state: ExecutorState, env: Env): Effect[] {
  return [...state.claims].flatMap(([key, { message }]) => {
    const award = awardOf(message.opened)
    const job = award && env.replica.ledger.jobs.get(textOf(award.body.manifest))
    const leased = job?.leases.some(({ record }) => textOf(record.body.award) === key)
    if (award === undefined || leased === true || job?.settle !== undefined) {
      state.claims.delete(key)
      return []
    }
    return ask(award, message, env)
  })
}

function ask(award: Award, { opened }: Awarded, env: Env): Effect[] {
  const { writer } = charterNow(env.replica.ledger).body
  const bids = opened.filter((record) => record.kind === 'bid')
  return [{ do: 'send', to: writer, message: appendMessage([award], bids) }]
}

/** The award, if it lists these bids and the winner is mine. */
function readAward(
  records: readonly AnyRecord[],
  env: Env,
): { award: Award; winner: Bid } | undefined {
  const award = awardOf(records)
  const winner = records.find(
    (record) => record.kind === 'bid' && award?.body.winner.equals(record.cid) === true,
  )
  if (award === undefined || winner?.kind !== 'bid' || winner.author !== env.self.did) {
    return undefined
  }
  return { award, winner }
}

function awardOf(records: readonly AnyRecord[]): Award | undefined {
  const [award] = records
  return award?.kind === 'award' ? award : undefined
}
