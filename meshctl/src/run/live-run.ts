/** What a guest writes, printed while it runs: bytes as they are, shown harmless on a terminal. */
import type { RunOptions, RunResult } from '@planetary-mesh/spec'
import { openLiveText } from '../cli/live-text.ts'

export type LiveRun = Required<Pick<RunOptions, 'onOutput'>> & {
  /** Prints what of the result was not printed yet. */
  finish(result: RunResult): void
}

export function openLiveRun(): LiveRun {
  const texts = {
    stdout: openLiveText(process.stdout, !process.stdout.isTTY),
    stderr: openLiveText(process.stderr, !process.stderr.isTTY),
  }
  const printed = { stdout: 0, stderr: 0 }
  return {
    onOutput({ stream, bytes }) {
      printed[stream] += bytes.length
      return texts[stream].write(bytes)
    },
    finish(result) {
      for (const stream of ['stdout', 'stderr'] as const) {
        void texts[stream].write(result[stream].subarray(printed[stream]))
        texts[stream].end()
      }
    },
  }
}
