/**
 * What is written where: answers to stdout, everything about them to stderr. Bytes of strangers
 * never steer a terminal, and colours appear only in one.
 */
import { styleText } from 'node:util'

/** Control, format and private characters, and ends of lines that are no line feed. */
const STEERING = /[\p{Cc}\p{Cf}\p{Co}\u2028\u2029]/gu

type Colour = 'green' | 'red' | 'yellow' | 'bold' | 'dim'

export function print(text: string): void {
  process.stdout.write(text)
}

export function note(text: string): void {
  process.stderr.write(text)
}

export function printJson(value: unknown): void {
  print(jsonText(value))
}

export const jsonText = (value: unknown) => `${escaped(JSON.stringify(value, null, 2))}\n`

/** JSON, but of what could steer a terminal only its escapes: the same value to a parser. */
export const escaped = (json: string) =>
  json.replace(STEERING, (point) => (point === '\n' ? point : unitsOf(point)))

const unitsOf = (point: string) =>
  point
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** Exactly these bytes, unless the stream is a terminal: then its control characters are shown. */
export function printBytes(stream: NodeJS.WriteStream, bytes: Uint8Array): void {
  if (bytes.length === 0) return
  stream.write(stream.isTTY ? printable(new TextDecoder().decode(bytes), '\n\t') : bytes)
}

/** Text of one line or, with `keep`, of many: control and format characters as `\u{1b}`. */
export function printable(text: string, keep = ''): string {
  return text.replace(STEERING, (point) =>
    keep.includes(point) ? point : `\\u{${point.codePointAt(0)?.toString(16)}}`,
  )
}

/** Coloured where stdout is a terminal that wants it. */
export function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stdout })
}

const MARK_COLOURS = { '✓': 'green', '✗': 'red', '…': 'yellow' } as const

export const paintMark = (mark: '✓' | '✗' | '…') => paint(MARK_COLOURS[mark], mark)

/** A word for a shell: as it is where nothing in it means anything to one. */
export const quoted = (word: string) =>
  /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
