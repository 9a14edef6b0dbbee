/**
 * What a guest writes and how far it says that it is, printed while it runs: bytes as they are,
 * shown harmless on a terminal.
 */
import type { RunOptions, RunResult } from '@planetary-mesh/spec'
import { openLiveProgress } from '../cli/live-progress.ts'
import { openLiveText } from '../cli/live-text.ts'
import { note } from '../cli/terminal.ts'

const NEWLINE = 0x0a

export type LiveRun = Required<Pick<RunOptions, 'onOutput' | 'onProgress'>> & {
  /** Prints what of the result was not printed yet. */
  finish(result: RunResult): void
}

export function openLiveRun(): LiveRun {
  const texts = {
    stdout: openLiveText(process.stdout, !process.stdout.isTTY),
    stderr: openLiveText(process.stderr, !process.stderr.isTTY),
  }
  const printed = { stdout: 0, stderr: 0 }
  const progress = openLiveProgress()
  return {
    onOutput(output) {
      const { stream, bytes } = output
      printed[stream] += bytes.length
      progress.written(output)
      return texts[stream].write(bytes)
    },
    onProgress: progress.told,
    finish(result) {
      for (const stream of ['stdout', 'stderr'] as const) {
        void texts[stream].write(result[stream].subarray(printed[stream]))
        texts[stream].end()
      }
      // what comes next is ours
      if (result.stderr.length > 0 && result.stderr.at(-1) !== NEWLINE) note('\n')
    },
  }
}
