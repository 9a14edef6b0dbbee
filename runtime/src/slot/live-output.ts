/**
 * What a guest says while it runs, on its way out of its slot: pieces of stdout and stderr, and how
 * far it is. A guest that says little is heard at once; one that floods is heard in larger pieces.
 */
import { performance } from 'node:perf_hooks'
import type { Progress } from '@planetary-mesh/spec/bare'
import type { GuestSink } from '../wasi/job-progress.ts'
import { encodeFrame } from './frames.ts'
import { ProgressLines } from './progress-lines.ts'

/** So many messages may follow each other at once; one more may for every millisecond. */
const BURST = 256
/** Beyond them, pieces wait until they are so many bytes, or so many. */
export const PIECE_BYTES_MAX = 32 * 1024
export const PIECES_MAX = 1024
const PROGRESS_MS = 100

type Piece = { stream: 'stdout' | 'stderr'; bytes: Uint8Array }

export type LiveLine = GuestSink & {
  /** Sends what waited long enough; at every host call. */
  tick(): void
  /** Sends all that waits: the guest has ended. */
  close(): void
}

/** `send` gets the pieces of a frame: `{live: streams}` with a part each, or `{progress}`. */
export function openLiveLine(
  send: (pieces: readonly Uint8Array[]) => void,
  nowMs: () => number = () => performance.now(),
): LiveLine {
  let waiting: Piece[] = []
  let waitingBytes = 0
  let credit = BURST
  let creditAtMs = nowMs()
  let progress: Progress | undefined
  let progressAtMs = Number.NEGATIVE_INFINITY

  const flush = () => {
    if (waiting.length === 0) return
    const pieces = joined(waiting)
    waiting = []
    waitingBytes = 0
    const streams = pieces.map(({ stream }) => stream)
    send(
      encodeFrame(
        { live: streams },
        pieces.map(({ bytes }) => bytes),
      ),
    )
  }
  const mayFlush = () => {
    const now = nowMs()
    credit = Math.min(BURST, credit + now - creditAtMs)
    creditAtMs = now
    if (credit < 1) return false
    credit--
    return true
  }
  const tellProgress = () => {
    if (progress === undefined) return
    const { done, total } = progress
    progress = undefined
    send(encodeFrame({ progress: [done, total] }, []))
  }
  const line: LiveLine = {
    output(stream, bytes) {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES_MAX) {
        const piece = bytes.slice(at, at + PIECE_BYTES_MAX)
        waiting.push({ stream, bytes: piece })
        waitingBytes += piece.length
        if (waitingBytes >= PIECE_BYTES_MAX || waiting.length >= PIECES_MAX || mayFlush()) flush()
      }
      if (stream === 'stderr') lines.take(bytes)
    },
    progress(said) {
      progress = said
      const now = nowMs()
      if (now - progressAtMs < PROGRESS_MS) return
      progressAtMs = now
      tellProgress()
    },
    tick() {
      if (waiting.length > 0 && mayFlush()) flush()
      if (progress !== undefined) line.progress(progress)
    },
    close() {
      flush()
      tellProgress()
    },
  }
  const lines = new ProgressLines(line.progress)
  return line
}

/** Neighbours of one stream as one piece. */
function joined(pieces: readonly Piece[]): Piece[] {
  const runs: { stream: Piece['stream']; parts: Uint8Array[] }[] = []
  for (const { stream, bytes } of pieces) {
    const last = runs.at(-1)
    if (last?.stream === stream) last.parts.push(bytes)
    else runs.push({ stream, parts: [bytes] })
  }
  return runs.map(({ stream, parts: [first, ...more] }) => ({
    stream,
    bytes:
      more.length === 0 ? (first as Uint8Array) : Buffer.concat([first as Uint8Array, ...more]),
  }))
}
