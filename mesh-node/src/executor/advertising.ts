/** "I am here, and this is free": for people and their tables; no bid or lease depends on it. */
import type { Capacity, Effect, Env, WireMessage } from '@planetary-mesh/spec'
import type { ExecutorConfig, ExecutorState } from './state.ts'

/** While a mesh comes together everybody is told at every beat. */
const BEATS_AT_START = 30
/** Afterwards what has not changed is said so seldom: everybody passes on what everybody says. */
const BEATS_IN_QUIET = 5

/** Says it to everybody, a home in this very process included, and looks again at the next beat. */
export function advertise(state: ExecutorState, env: Env, config: ExecutorConfig): Effect[] {
  if (config.advertMs === undefined) return []
  const capacity = capacityOf(state, config)
  const next: Effect = { do: 'timer', name: 'advert', atMs: env.nowMs + config.advertMs }
  const { beat, said } = state.advert
  const isDue =
    said === undefined ||
    beat < BEATS_AT_START ||
    beat - said.beat >= BEATS_IN_QUIET ||
    said.freeSlots !== capacity.freeSlots ||
    said.queued !== capacity.queued
  state.advert.beat = beat + 1
  if (!isDue) return [next]
  const { freeSlots, queued } = capacity
  state.advert.said = { beat, freeSlots, queued }
  const message: WireMessage = { type: 'advert', capacity }
  return [{ do: 'broadcast', message }, next]
}

function capacityOf({ runs }: ExecutorState, config: ExecutorConfig): Capacity {
  const { slots, memoryPages, cores, location, scopes, profile } = config
  const running = [...runs.values()].filter(({ phase }) => phase === 'running').length
  return {
    slots,
    freeSlots: Math.max(0, slots - running),
    queued: runs.size - running,
    memoryPages,
    cores,
    location,
    scopes: [...scopes],
    profile,
  }
}
