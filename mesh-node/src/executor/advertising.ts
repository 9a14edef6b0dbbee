/** "I am here, and this is free": for people and their tables; no bid or lease depends on it. */
import type { Capacity, Effect, Env, WireMessage } from '@planetary-mesh/spec'
import type { ExecutorConfig, ExecutorState } from './state.ts'

/** Says it to everybody, a home in this very process included, and again later. */
export function advertise(state: ExecutorState, env: Env, config: ExecutorConfig): Effect[] {
  if (config.advertMs === undefined) return []
  const message: WireMessage = { type: 'advert', capacity: capacityOf(state, config) }
  return [
    { do: 'broadcast', message },
    { do: 'timer', name: 'advert', atMs: env.nowMs + config.advertMs },
  ]
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
