/** Kills one process of a mesh after another, without a word, and starts each again. */
import { setTimeout as wait } from 'node:timers/promises'
import type { RunningMesh } from '../../bench/running-mesh.ts'
import { openChance } from '../sim/chance.ts'

/** From one kill to the next; later only where a process takes longer than that to be back. */
const KILL_MS = 20_000
/** How long it stays away. */
const AWAY_MS = 3000

/** Until it is `over`, then gives how many were killed; all of them run in the end. */
export async function killInTurns(
  mesh: RunningMesh,
  given: {
    among: readonly string[]
    seed: number
    over: AbortSignal
    say: (text: string) => void
  },
): Promise<number> {
  const chance = openChance(given.seed)
  let kills = 0
  for (let killedAtMs = performance.now(); ; ) {
    const pauseMs = killedAtMs + KILL_MS - performance.now()
    await wait(Math.max(0, pauseMs), undefined, { signal: given.over }).catch(() => {})
    if (given.over.aborted) return kills
    const name = chance.pick(given.among)
    killedAtMs = performance.now()
    await mesh.end(name, 'SIGKILL')
    kills += 1
    await wait(AWAY_MS)
    await mesh.start(name)
    given.say(`${new Date().toISOString()} ${name} was killed and is back`)
  }
}
