/**
 * A guest's output as it comes, piece by piece: no control byte of it steers a terminal, a
 * character cut in two arrives whole, and whoever writes waits for a slow reader.
 */
import { printable } from './terminal.ts'

export type LiveText = {
  /** Resolves when the next piece may come; undefined when it may at once. */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** The rest of a character or line end that nothing followed. */
  end(): void
}

/** `isRaw` for the bytes as they are. */
export function openLiveText(stream: NodeJS.WriteStream, isRaw: boolean): LiveText {
  const decoder = new TextDecoder()
  let held = ''
  const put = (piece: string | Uint8Array) => {
    // a reader that has left gets nothing more, and nobody waits for it
    if (piece.length === 0 || stream.destroyed || stream.write(piece)) return undefined
    return drained(stream)
  }
  if (isRaw) return { write: put, end() {} }
  const shown = (text: string) => printable(text.replaceAll('\r\n', '\n'), '\n\t')
  return {
    write(bytes) {
      const text = held + decoder.decode(bytes, { stream: true })
      // it may be half of a line end
      held = text.endsWith('\r') ? '\r' : ''
      return put(shown(text.slice(0, text.length - held.length)))
    },
    end() {
      put(shown(held + decoder.decode()))
      held = ''
    },
  }
}

/** Until the stream takes more, or never will. */
function drained(stream: NodeJS.WriteStream): Promise<void> {
  const ends = ['drain', 'error', 'close'] as const
  return new Promise((resolve) => {
    const end = () => {
      for (const event of ends) stream.off(event, end)
      resolve()
    }
    for (const event of ends) stream.on(event, end)
  })
}
