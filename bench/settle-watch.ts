/**
 * Tells when jobs are over, the moment the log of one process says so: nobody has to look again and
 * again, which would be measured too.
 */
import type { CID, Env, Role } from '@planetary-mesh/spec'

/** Longer than any job of a bench takes: then something is wrong. */
const WAIT_MS_MAX = 60_000

export type SettleWatch = {
  /** Watches the log through the roles of the process with this name; they act as before. */
  watchAs(name: string): (name: string, roles: readonly Role[]) => readonly Role[]
  /** Resolves once that process has read the log's charter: before, it takes no calls. */
  started(): Promise<void>
  /** Resolves once the job is paid for and every verifier has said its verdict. */
  settled(job: CID): Promise<void>
}

export function openSettleWatch(verifiers: number): SettleWatch {
  const start = Promise.withResolvers<void>()
  const waiting = new Map<string, PromiseWithResolvers<void>>()

  const look = (env: Env) => {
    for (const [key, { resolve, reject }] of waiting) {
      const job = env.replica.ledger.jobs.get(key)
      const reason = job?.settle?.record.body.reason
      if (job === undefined || reason === undefined) continue
      const verdicts = job.leases.at(-1)?.receipts[0]?.verdicts ?? []
      if (reason !== 'verified') reject(new Error(`job ${key} was settled as ${reason}`))
      else if (verdicts.length === verifiers) resolve()
      else continue
      waiting.delete(key)
    }
  }
  const watched = (role: Role): Role => ({
    ...role,
    step: (state, event, env) => {
      if (event.type === 'start') start.resolve()
      if (event.type === 'log') look(env)
      return role.step(state, event, env)
    },
  })
  return {
    watchAs: (watchedName) => (name, roles) => (name === watchedName ? roles.map(watched) : roles),
    started: () => inTime(start.promise, 'the process to start'),
    settled(job) {
      const settle = Promise.withResolvers<void>()
      waiting.set(`${job}`, settle)
      return inTime(settle.promise, `the settle of ${job}`)
    },
  }
}

/** A process that stopped by a fault says nothing more. */
async function inTime(awaited: Promise<void>, what: string): Promise<void> {
  const late = Promise.withResolvers<void>()
  const error = new Error(`${WAIT_MS_MAX} ms were not enough for ${what}`)
  const timer = setTimeout(() => late.reject(error), WAIT_MS_MAX)
  try {
    await Promise.race([awaited, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
