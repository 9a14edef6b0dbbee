/**
 * How many appends a journal had not long ago, in a file beside LevelDB's: when a bit turns in its
 * log, LevelDB drops what follows without a word, and a journal would merely be shorter. The mark
 * is written after the appends are on the disk, and not for each: it may lag, it never leads.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LIMITS, sha256 } from '@planetary-mesh/spec'

export type JournalMark = {
  /** The count that was read when it was opened; 0 if there was none that could be read. */
  readonly before: number
  /** Notes the count soon. */
  set(count: number): void
  /** Writes what is noted, and nothing after it. */
  close(): Promise<void>
}

export async function openJournalMark(folder: string): Promise<JournalMark> {
  const path = join(folder, 'journal-mark')
  const before = countIn(await readFile(path, 'utf8').catch(() => ''))
  let count = before
  let written = before
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const write = async () => {
    if (count === written) return
    written = count
    await writeFile(`${path}.part`, textOf(count))
    await rename(`${path}.part`, path)
  }
  // a mark that cannot be written is an old one, which is still true
  const writeSoon = () => {
    timer = undefined
    writing = writing.then(write).catch(() => {})
  }

  return {
    before,
    set(next) {
      count = next
      timer ??= setTimeout(writeSoon, LIMITS.journalMarkMs).unref()
    },
    async close() {
      clearTimeout(timer)
      writeSoon()
      await writing
    },
  }
}

/** The count, and enough of its hash that a turned bit shows. */
function textOf(count: number): string {
  return `${count} ${Buffer.from(sha256(Buffer.from(String(count)))).toString('hex')}\n`
}

/** Torn, turned or missing is as good as none. */
function countIn(text: string): number {
  const count = Number(text.split(' ')[0])
  return Number.isSafeInteger(count) && count >= 0 && text === textOf(count) ? count : 0
}
