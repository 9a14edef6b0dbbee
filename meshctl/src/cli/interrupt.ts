/** Cleaning up however a command ends: done, failed, or told to stop by Ctrl-C. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Does `work`, then `cleanUp`, exactly once. A signal on the way cleans up first and then ends this
 * process by that signal, as it would have without us.
 */
export async function interruptible<T>(
  work: () => Promise<T>,
  cleanUp: () => Promise<void>,
): Promise<T> {
  let cleaning: Promise<void> | undefined
  let ending: Promise<never> | undefined
  const clean = () => {
    cleaning ??= cleanUp()
    return cleaning
  }
  const onSignal = (signal: NodeJS.Signals) => {
    ending ??= endBy(signal)
  }
  const endBy = async (signal: NodeJS.Signals) => {
    await clean().catch(() => {})
    forget()
    process.kill(process.pid, signal)
    return new Promise<never>(() => {})
  }
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    return await work()
  } finally {
    // what the work says about its own interruption is of no interest
    if (ending !== undefined) await ending
    await clean()
    forget()
  }
}
