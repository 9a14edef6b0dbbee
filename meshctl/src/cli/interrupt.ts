/** Cleaning up however a command ends: done, failed, or told to stop by Ctrl-C. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export type CleanUp = () => Promise<unknown>

/**
 * Does `work`, then what it left in `cleanUps`, last first, each whatever became of the others. A
 * signal on the way aborts `signal`, cleans up, and then ends this process by that very signal, as
 * it would have ended without us.
 */
export async function interruptible<T>(
  work: (cleanUps: CleanUp[], signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cleanUps: CleanUp[] = []
  const controller = new AbortController()
  let ending: Promise<never> | undefined
  const clean = async () => {
    const failed: unknown[] = []
    for (let next = cleanUps.pop(); next !== undefined; next = cleanUps.pop()) {
      await next().catch((thrown) => failed.push(thrown))
    }
    return failed
  }
  const endBy = async (signal: NodeJS.Signals) => {
    controller.abort()
    await clean()
    forget()
    process.kill(process.pid, signal)
    return new Promise<never>(() => {})
  }
  const onSignal = (signal: NodeJS.Signals) => {
    ending ??= endBy(signal)
  }
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    const done = await work(cleanUps, controller.signal)
    // an end that only looks like one: the signal came first
    if (ending !== undefined) await ending
    const [failed] = await clean()
    if (failed !== undefined) throw failed
    return done
  } catch (thrown) {
    // what the work says about its own interruption is of no interest
    if (ending !== undefined) await ending
    await clean()
    throw thrown
  } finally {
    forget()
  }
}
