/** Waiting that ends: at a time, or when whoever waits is closed. */
import { HostFault } from '@planetary-mesh/spec'
import type { Clock } from './ports.ts'

export type Patience = {
  /** `work`, or HostFault 'deadline' at `endsAtMs`, or HostFault 'closed'. */
  wait<T>(work: Promise<T>): Promise<T>
  /** From now on only closing ends the waiting. */
  hasTime(): void
  /** There is nothing to wait for any more. */
  end(): void
}

export function openPatience(options: {
  clock: Clock
  endsAtMs: number
  closing: AbortSignal
}): Patience {
  const { clock, endsAtMs, closing } = options
  const { promise: over, reject } = Promise.withResolvers<never>()
  // nobody may be waiting when it happens
  over.catch(() => {})
  const onClose = () => reject(new HostFault('closed', 'it was closed'))
  const cancel = clock.at(endsAtMs, () =>
    reject(new HostFault('deadline', 'the time was over before the job could start')),
  )
  if (closing.aborted) onClose()
  closing.addEventListener('abort', onClose)
  return {
    wait: (work) => Promise.race([work, over]),
    hasTime: cancel,
    end() {
      cancel()
      closing.removeEventListener('abort', onClose)
    },
  }
}
