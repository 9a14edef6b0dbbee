/** A submitter who sends a job every second, to whichever home answers, until one has taken it. */
import { setTimeout as wait } from 'node:timers/promises'
import type { JobView } from '@planetary-mesh/peer'
import { type CID, type EncodedFile, LIMITS, Refusal } from '@planetary-mesh/spec'
import { newNonce, type RunningMesh } from '../../bench/running-mesh.ts'

const JOB_MS = 1000
const RETRY_MS = 500
const PAGES_MAX = 256
/** Until the jobs that are under way when the last one was sent are over. */
const ENDS_MS_MAX = 120_000
const TERMINAL: readonly string[] = ['verified', 'failed', 'expired', 'disputed', 'cancelled']

export function openSubmitter(
  mesh: RunningMesh,
  given: { module: EncodedFile; profile: string; homes: readonly string[] },
) {
  const { module, profile, homes } = given
  const acknowledged: CID[] = []
  let sent = 0

  const submit = async () => {
    sent += 1
    const { manifest, hold } = mesh.seal({
      token: mesh.token.cid,
      module: { cid: module.cid, bytes: module.bytes },
      args: ['10', `${sent}`],
      fuelMax: LIMITS.fuelPerUnit,
      memoryPagesMax: PAGES_MAX,
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
        acknowledged.push(manifest.cid)
        return
      } catch (thrown) {
        if (!isAway(thrown)) throw thrown
        await wait(RETRY_MS)
      }
    }
  }

  return {
    get submitted() {
      return acknowledged.length
    },
    async run(over: AbortSignal): Promise<void> {
      const going = new Set<Promise<void>>()
      while (!over.aborted) {
        const one = submit()
        going.add(one)
        one.then(
          () => going.delete(one),
          () => {},
        )
        await wait(JOB_MS, undefined, { signal: over }).catch(() => {})
      }
      await Promise.all(going)
    },
    /** How many jobs ended in which state, as that node says when it has waited long enough. */
    async ends(node: string): Promise<Map<string, number>> {
      const endsAtMs = performance.now() + ENDS_MS_MAX
      const counts = new Map<string, number>()
      for (const job of acknowledged) {
        const state = await settledState(() => mesh.client(node).job(job), endsAtMs)
        counts.set(state, (counts.get(state) ?? 0) + 1)
      }
      return counts
    },
  }
}

async function settledState(ask: () => Promise<JobView>, endsAtMs: number): Promise<string> {
  for (;;) {
    const { state } = (await ask()).status
    if (TERMINAL.includes(state) || performance.now() > endsAtMs) return state
    await wait(RETRY_MS)
  }
}

/** What a kill may cause; anything else is a finding. ENOENT: its run file is not there yet. */
const isAway = (thrown: unknown): boolean =>
  (thrown instanceof Refusal && ['NODE_AWAY', 'LEDGER_AWAY', 'PEER_AWAY'].includes(thrown.code)) ||
  Object(thrown).code === 'ENOENT' ||
  thrown instanceof SyntaxError
