/** A submitter who sends a job every second, to whichever home answers, until one has taken it. */
import { setTimeout as wait } from 'node:timers/promises'
import { type CID, type EncodedFile, LIMITS, Refusal } from '@planetary-mesh/spec'
import { newNonce, type RunningMesh } from '../../bench/running-mesh.ts'

const JOB_MS = 1000
/**
 * In the first minutes jobs come faster: what grows with use and then stays, such as compiled code
 * and an allocator's room, has its size before the slope of memory is taken.
 */
const WARM_UP_MS = 120_000
const WARM_UP_JOB_MS = 200
const RETRY_MS = 500
const PAGES_MAX = 256
/**
 * A mesh remembers a job until its hold is over, whatever becomes of it: with a deadline this short
 * it has as many in mind after five minutes as ever after.
 */
const DEADLINE_MS = 120_000
/** How often the jobs that are not over are asked for: a node forgets what is over for long. */
const LOOK_MS = 5000
/** Until the jobs that are under way when the last one was sent are over. */
const ENDS_MS_MAX = 120_000
const TERMINAL: readonly string[] = ['verified', 'failed', 'expired', 'disputed', 'cancelled']

export function openSubmitter(
  mesh: RunningMesh,
  given: { module: EncodedFile; profile: string; homes: readonly string[]; reader: string },
) {
  const { module, profile, homes, reader } = given
  /** Not over yet, as the reader last said. */
  const open = new Set<CID>()
  const ended = new Map<string, number>()
  let [sent, acknowledged] = [0, 0]

  const look = async () => {
    for (const job of [...open]) {
      const state = await stateOf(job)
      if (state === undefined || !TERMINAL.includes(state)) continue
      open.delete(job)
      ended.set(state, (ended.get(state) ?? 0) + 1)
    }
  }

  const stateOf = async (job: CID) => {
    try {
      return (await mesh.client(reader).job(job)).status.state
    } catch (thrown) {
      // the home's word comes before the reader's copy of the log has the job
      if (!isAway(thrown) && !isUnknown(thrown)) throw thrown
      return undefined
    }
  }

  const submit = async () => {
    sent += 1
    const { manifest, hold } = mesh.seal({
      token: mesh.token.cid,
      module: { cid: module.cid, bytes: module.bytes },
      args: ['10', `${sent}`],
      fuelMax: LIMITS.fuelPerUnit,
      memoryPagesMax: PAGES_MAX,
      deadlineMs: DEADLINE_MS,
      amount: 1,
      priceMax: 1,
      scope: mesh.token.body.scope,
      chooser: 'home',
      profile,
      createdAtMs: Date.now(),
      nonce: newNonce(),
    })
    // the same job sent twice is one job: asking again is how to hear whether it was taken
    for (let tries = sent; ; tries++) {
      try {
        const home = homes[tries % homes.length] as string
        await mesh.client(home).submit([mesh.token], manifest, hold)
        acknowledged += 1
        open.add(manifest.cid)
        return
      } catch (thrown) {
        if (!isAway(thrown)) throw thrown
        await wait(RETRY_MS)
      }
    }
  }

  return {
    get submitted() {
      return acknowledged
    },
    async run(over: AbortSignal): Promise<void> {
      const going = new Set<Promise<void>>()
      let nextLookMs = 0
      const warmUntilMs = performance.now() + WARM_UP_MS
      while (!over.aborted) {
        if (performance.now() >= nextLookMs) {
          await look()
          nextLookMs = performance.now() + LOOK_MS
        }
        const one = submit()
        going.add(one)
        one.then(
          () => going.delete(one),
          () => {},
        )
        const pauseMs = performance.now() < warmUntilMs ? WARM_UP_JOB_MS : JOB_MS
        await wait(pauseMs, undefined, { signal: over }).catch(() => {})
      }
      await Promise.all(going)
    },
    /** How many jobs ended in which state; `open` what was waited for in vain, or is unknown. */
    async ends(): Promise<ReadonlyMap<string, number>> {
      const endsAtMs = performance.now() + ENDS_MS_MAX
      for (await look(); open.size > 0 && performance.now() < endsAtMs; await look()) {
        await wait(RETRY_MS)
      }
      if (open.size > 0) ended.set('open', open.size)
      return ended
    },
  }
}

const isUnknown = (thrown: unknown) => thrown instanceof Refusal && thrown.code === 'JOB_UNKNOWN'

/** Somebody was killed, or has more to do than it can for now: nothing was taken, ask again. */
const NOT_NOW: readonly string[] = ['NODE_AWAY', 'LEDGER_AWAY', 'PEER_AWAY', 'OVERLOADED']

/** What a kill may cause; anything else is a finding. ENOENT: its run file is not there yet. */
const isAway = (thrown: unknown): boolean =>
  (thrown instanceof Refusal && NOT_NOW.includes(thrown.code)) ||
  Object(thrown).code === 'ENOENT' ||
  thrown instanceof SyntaxError
