/**
 * What a job says while it runs, as its executor tells, printed as it comes. Nobody has signed it,
 * so the receipt's output is compared with it later.
 */
import { createHash, type Hash } from 'node:crypto'
import { type CID, Refusal } from '@planetary-mesh/spec'
import { openLiveProgress } from '../cli/live-progress.ts'
import { openLiveText } from '../cli/live-text.ts'
import { note } from '../cli/terminal.ts'
import type { Told } from './follow.ts'
import type { Mesh } from './with-mesh.ts'
import { type JobView, receiptOf } from './words.ts'

/** What was printed of one stream. */
type Shown = { bytes: number; hash: Hash; isWhole: boolean }

export type LiveLogs = Told & {
  /** Ends the watching; resolves when nothing is printed any more. */
  end(): Promise<void>
  /** Prints what of the signed bytes is still to come: all, where something else was shown. */
  finish(signed: { stdout: Uint8Array; stderr: Uint8Array }): void
}

export function openLiveLogs(job: CID, mesh: Mesh, isRaw: boolean): LiveLogs {
  let stop = new AbortController()
  const texts = {
    stdout: openLiveText(process.stdout, isRaw),
    stderr: openLiveText(process.stderr, isRaw),
  }
  const shown = { stdout: nothingShown(), stderr: nothingShown() }
  let attempt = 0
  let watching = Promise.resolve()

  const restOf = (stream: 'stdout' | 'stderr', signed: Uint8Array): Uint8Array => {
    const { bytes, hash, isWhole } = shown[stream]
    if (bytes === 0) return signed
    const same = createHash('sha256').update(signed.subarray(0, bytes)).digest()
    if (isWhole && bytes <= signed.length && hash.digest().equals(same)) {
      return signed.subarray(bytes)
    }
    note(`meshctl: the receipt's ${stream} is another than what was shown live; it is:\n`)
    return signed
  }

  const watch = async (signal: AbortSignal) => {
    const progress = openLiveProgress()
    for await (const event of mesh.client.output(job, signal)) {
      if (event.type === 'output') {
        const { bytes, stream } = event
        shown[stream].bytes += bytes.length
        shown[stream].hash.update(bytes)
        progress.written(event)
        await texts[stream].write(bytes)
      } else if (event.type === 'skipped') {
        for (const stream of Object.values(shown)) stream.isWhole = false
        note(`meshctl: ${event.bytes} bytes came too fast to show\n`)
      } else progress.told(event)
    }
  }

  return {
    heard(view: JobView) {
      const { status } = view
      if (status.state === 'leased' && status.attempt > attempt) {
        attempt = status.attempt
        // another node begins from the start
        if (attempt > 1)
          for (const stream of Object.values(shown)) stream.isWhole &&= stream.bytes === 0
        stop.abort()
        stop = new AbortController()
        const signal = AbortSignal.any([mesh.signal, stop.signal])
        watching = watching.then(() => watch(signal)).catch(unseen)
      }
      return receiptOf(view) !== null
    },
    async end() {
      stop.abort()
      await watching
    },
    finish(signed) {
      for (const stream of ['stdout', 'stderr'] as const) {
        void texts[stream].write(restOf(stream, signed[stream]))
        texts[stream].end()
      }
    },
  }
}

const nothingShown = (): Shown => ({ bytes: 0, hash: createHash('sha256'), isWhole: true })

/** An executor that cannot be asked shows nothing live: the receipt comes all the same. */
function unseen(thrown: unknown): void {
  if (!(thrown instanceof Refusal)) throw thrown
}
