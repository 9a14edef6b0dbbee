/** Following a job from wherever it is to its end, in S1's words as they become true. */
import { setTimeout as wait } from 'node:timers/promises'
import { type CID, Refusal } from '@planetary-mesh/spec'
import { note, print } from '../cli/terminal.ts'
import { watchLedger } from './ledger-watch.ts'
import type { Mesh } from './with-mesh.ts'
import { isOver, type JobView, receiptOf, type Word, wordOf } from './words.ts'

/** How long a node that went away is waited for. */
const AWAY_MS = 60_000
const AGAIN_MS = 500
/** The verdicts may take this long, and as often as long as the run itself took. */
const VERDICTS_MS = 30_000
const VERDICTS_TIMES = 4

export type Told = {
  /** Once for each status that the node tells; true is enough. */
  heard(job: JobView): boolean
}

/** S1's lines: each word once for each attempt, those in between too when they were too quick. */
export function openWords(json: boolean): Told & { words: readonly Word[] } {
  const words: Word[] = []
  let isTitled = false
  const tell = (word: Word) => {
    if (words.includes(word)) return
    words.push(word)
    if (json) return
    if (!isTitled) print('\nJob execution progress:\n')
    isTitled = true
    print(`Status: ${word}\n`)
  }
  return {
    words,
    heard(job) {
      const word = wordOf(job)
      if (word === 'Submitted' || word === 'Bidding' || word === 'Unknown') return false
      if (word === 'Running' || word === 'Completed') tell('Assigned')
      if (word === 'Completed') tell('Running')
      tell(word)
      return false
    },
  }
}

/**
 * The last status: when that is enough, of a job that is over, or whose receipt has waited so long
 * for its verdicts that somebody should look. A node that goes away is asked again for a minute.
 */
export async function followJob(job: CID, mesh: Mesh, told: Told): Promise<JobView> {
  const startedAtMs = Date.now()
  let last: JobView | undefined
  let awaySinceMs: number | undefined
  const patience = new AbortController()
  const signal = AbortSignal.any([mesh.signal, patience.signal])
  let timer: NodeJS.Timeout | undefined
  const ledger = watchLedger(mesh)
  try {
    for (;;) {
      try {
        for await (const event of mesh.client.events(job, signal)) {
          awaySinceMs = undefined
          if (event.type !== 'status') continue
          last = event.job
          if (told.heard(last)) return last
          if (receiptOf(last) !== null && timer === undefined) {
            const ms = VERDICTS_MS + VERDICTS_TIMES * (Date.now() - startedAtMs)
            timer = setTimeout(() => patience.abort(), ms)
          }
        }
      } catch (thrown) {
        mesh.signal.throwIfAborted()
        const isAway = thrown instanceof Refusal && thrown.code === 'NODE_AWAY'
        if (!patience.signal.aborted && !isAway) throw thrown
        if (isAway && awaySinceMs === undefined) {
          awaySinceMs = Date.now()
          note('meshctl: the node does not answer; the job goes on without it, asking again …\n')
        }
        if (isAway && Date.now() - (awaySinceMs ?? 0) > AWAY_MS) throw thrown
      }
      mesh.signal.throwIfAborted()
      if (last !== undefined && (patience.signal.aborted || isOver(last))) return last
      await wait(AGAIN_MS, undefined, { signal: mesh.signal })
      if (awaySinceMs !== undefined) await mesh.reconnect().catch(awayAgain)
    }
  } finally {
    clearTimeout(timer)
    ledger.end()
  }
}

function awayAgain(thrown: unknown): void {
  if (!(thrown instanceof Refusal)) throw thrown
}

/** What a command that follows says when it is told to stop. */
export function sayHowToComeBack(mesh: Mesh, job: CID): void {
  mesh.onInterrupt(() => {
    note(
      '\nmeshctl: nothing is lost: the job goes on without you. To come back:\n' +
        `  npx meshctl job-status --job-id ${job} --follow\n`,
    )
  })
}
