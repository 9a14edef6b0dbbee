/**
 * How far a guest says that it is, as a line of ours on stderr: of a guest that writes such lines
 * itself they are in its own stderr already.
 */
import { ProgressLines } from '@planetary-mesh/runtime'
import type { LiveOutput, Progress } from '@planetary-mesh/spec'
import { note } from './terminal.ts'

export type LiveProgress = {
  /** What the guest writes, as it comes. */
  written(output: LiveOutput): void
  told(progress: Progress): void
}

export function openLiveProgress(): LiveProgress {
  let written: Progress | undefined
  const lines = new ProgressLines((progress) => {
    written = progress
  })
  return {
    written({ stream, bytes }) {
      if (stream === 'stderr') lines.take(bytes)
    },
    told({ done, total }) {
      if (written?.done !== done || written.total !== total) note(`progress ${done}/${total}\n`)
    },
  }
}
