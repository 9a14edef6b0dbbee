/**
 * The faster way to the log, where the transport has one: what is missing is pulled from the writer
 * in one go, batch after batch, each folded before the next is read.
 */
import { type Did, Refusal } from '@planetary-mesh/spec'
import { batchesIn, type LogBatch } from './log-range.ts'
import type { Notice } from './notice.ts'
import type { Transport } from './ports.ts'

export type CatchUp = {
  /** Begins to pull what follows `fromSize`, unless it goes on already or there is no such way. */
  begin(from: Did, fromSize: number): void
  /** The same, to its end. Refuses as `Transport.pullLog` does; nothing where there is none. */
  pull(from: Did, fromSize: number): Promise<void>
  close(): void
}

export function openCatchUp(options: {
  transport: Transport
  /** Folds a batch; false when it brought nothing, and the rest would not either. */
  take: (batch: LogBatch) => Promise<boolean>
  log: (notice: Notice) => void
  fail: (error: unknown) => void
}): CatchUp {
  const { transport, take, log, fail } = options
  const closing = new AbortController()
  let isPulling = false

  const pull = async (from: Did, fromSize: number) => {
    const blocks = transport.pullLog?.(from, fromSize, closing.signal)
    if (blocks === undefined) return
    for await (const batch of batchesIn(blocks)) {
      if (closing.signal.aborted || !(await take(batch))) return
    }
  }

  return {
    pull,
    begin(from, fromSize) {
      if (isPulling || closing.signal.aborted || transport.pullLog === undefined) return
      isPulling = true
      pull(from, fromSize)
        .catch((error: unknown) => {
          if (!(error instanceof Refusal)) return fail(error)
          const { code, detail } = error
          log({ level: 'info', message: 'the log could not be pulled', code, detail, from })
        })
        .finally(() => {
          isPulling = false
        })
    },
    close: () => closing.abort(),
  }
}
