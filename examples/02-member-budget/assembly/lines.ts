/**
 * A file read line by line, and a line cut at its commas. No line and no field is ever copied to
 * the heap: a field is a range of the one line buffer.
 */
import { readFile } from './files'

export const LINE: i32 = 0
export const LINE_TOO_LONG: i32 = 1
export const LINES_END: i32 = 2

const LINE_BYTES_MAX: i32 = 512
const CHUNK_BYTES: i32 = 65536
const FIELDS_MAX: i32 = 32
const COMMA: u8 = 0x2c
const QUOTE: u8 = 0x22
const RETURN: u8 = 0x0d
const NEWLINE: u8 = 0x0a

export class Lines {
  private readonly fd: i32
  private readonly chunk: StaticArray<u8> = new StaticArray<u8>(CHUNK_BYTES)
  private chunkBytes: i32 = 0
  private at: i32 = 0
  private readonly starts: StaticArray<i32> = new StaticArray<i32>(FIELDS_MAX)
  private readonly ends: StaticArray<i32> = new StaticArray<i32>(FIELDS_MAX)
  readonly bytes: StaticArray<u8> = new StaticArray<u8>(LINE_BYTES_MAX)
  length: i32 = 0
  fields: i32 = 0
  /** Whether the host failed to read on. */
  failed: bool = false

  constructor(fd: i32) {
    this.fd = fd
  }

  /** Reads the next line without its end, "\n" or "\r\n", and cuts it into at most 32 fields. */
  next(): i32 {
    this.length = 0
    let tooLong = false
    let some = false
    while (this.at < this.chunkBytes || this.fill()) {
      some = true
      const byte = this.chunk[this.at++]
      if (byte === NEWLINE) break
      if (this.length < LINE_BYTES_MAX) this.bytes[this.length++] = byte
      else tooLong = true
    }
    if (!some) return LINES_END
    if (tooLong) return LINE_TOO_LONG
    if (this.length > 0 && this.bytes[this.length - 1] === RETURN) this.length--
    this.cut()
    return LINE
  }

  private fill(): bool {
    const read = readFile(this.fd, changetype<usize>(this.chunk), CHUNK_BYTES)
    this.failed = read < 0
    this.at = 0
    this.chunkBytes = read > 0 ? read : 0
    return read > 0
  }

  private cut(): void {
    let start = 0
    this.fields = 0
    for (let i = 0; i <= this.length && this.fields < FIELDS_MAX; i++) {
      if (i < this.length && this.bytes[i] !== COMMA) continue
      const quoted = i - start >= 2 && this.bytes[start] === QUOTE && this.bytes[i - 1] === QUOTE
      this.starts[this.fields] = quoted ? start + 1 : start
      this.ends[this.fields] = quoted ? i - 1 : i
      this.fields++
      start = i + 1
    }
  }

  /** Takes the mark that some programs put before UTF-8 text off the line just read. */
  dropByteOrderMark(): void {
    const b = this.bytes
    if (this.length < 3 || b[0] !== 0xef || b[1] !== 0xbb || b[2] !== 0xbf) return
    for (let i = 3; i < this.length; i++) b[i - 3] = b[i]
    this.length -= 3
    this.cut()
  }

  start(field: i32): i32 {
    return this.starts[field]
  }

  size(field: i32): i32 {
    return this.ends[field] - this.starts[field]
  }

  is(field: i32, text: string): bool {
    const start = this.starts[field]
    if (this.size(field) !== text.length) return false
    for (let i = 0; i < text.length; i++)
      if (<i32>this.bytes[start + i] !== text.charCodeAt(i)) return false
    return true
  }

  /** A number of 1 to `digitsMax` digits between two positions of the line, -1 if it is none. */
  digits(from: i32, to: i32, digitsMax: i32): i64 {
    if (to <= from || to - from > digitsMax) return -1
    let value: i64 = 0
    for (let i = from; i < to; i++) {
      const digit = <i32>this.bytes[i] - 0x30
      if (digit < 0 || digit > 9) return -1
      value = value * 10 + digit
    }
    return value
  }
}
