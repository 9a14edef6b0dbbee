/**
 * How many appends a journal had not long ago, in a file beside LevelDB's: when a bit turns in its
 * log, LevelDB drops what follows without a word, and a journal would merely be shorter. The mark
 * is written after the appends are on the disk, and not for each: it may lag, it never leads.
 */
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { LIMITS, sha256 } from '@planetary-mesh/spec'

export type JournalMark = {
  /** The count that was read when it was opened; 0 if there was none that could be read. */
  readonly before: number
  /** Notes the count soon. */
  set(count: number): void
  /** Writes what is noted, and nothing after it. */
  close(): void
}

/** Two lines, written in turns: one that is torn leaves the other. */
const LINES = 2
const LINE_BYTES = 96

export function openJournalMark(folder: string): JournalMark {
  const path = join(folder, 'journal-mark')
  const counts = readLines(path)
  const before = Math.max(...counts)
  let count = before
  let written = before
  let line = counts.indexOf(before)
  let timer: NodeJS.Timeout | undefined

  const write = () => {
    timer = undefined
    if (count === written) return
    written = count
    line = (line + 1) % LINES
    writeLine(path, line, textOf(count))
  }

  return {
    before,
    set(next) {
      count = next
      timer ??= setTimeout(write, LIMITS.journalMarkMs).unref()
    },
    close() {
      clearTimeout(timer)
      write()
    },
  }
}

/** In place, at once: a hundred bytes into the system’s memory cost less than waiting for it. */
function writeLine(path: string, line: number, text: string): void {
  try {
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT)
    try {
      writeSync(file, text, line * LINE_BYTES)
    } finally {
      closeSync(file)
    }
  } catch {
    // a mark that cannot be written is an old one, which is still true
  }
}

function readLines(path: string): number[] {
  const text = attemptRead(path)
  return Array.from({ length: LINES }, (_, line) =>
    countIn(text.slice(line * LINE_BYTES, (line + 1) * LINE_BYTES)),
  )
}

function attemptRead(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** The count, and enough of its hash that a turned bit shows. */
function textOf(count: number): string {
  const hash = Buffer.from(sha256(Buffer.from(String(count)))).toString('hex')
  return `${count} ${hash}`.padEnd(LINE_BYTES - 1).concat('\n')
}

/** Torn, turned or missing is as good as none. */
function countIn(line: string): number {
  const count = Number(line.split(' ')[0])
  const isCount = Number.isSafeInteger(count) && count >= 0
  return isCount && line === textOf(count) ? count : 0
}
