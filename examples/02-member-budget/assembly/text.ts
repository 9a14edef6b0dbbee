/**
 * Text on its way to a file: ASCII collected in a fixed buffer and written when that is full.
 */
import { writeFile } from './files'

const BUFFER_BYTES: i32 = 8192
const MONTHS_PER_YEAR: i32 = 12
const YEAR_MIN: i32 = 1970

export class Text {
  private readonly bytes: StaticArray<u8> = new StaticArray<u8>(BUFFER_BYTES)
  private used: i32 = 0
  private readonly fd: i32
  /** Whether the host refused any of it. */
  failed: bool = false

  constructor(fd: i32) {
    this.fd = fd
  }

  putByte(byte: u8): Text {
    if (this.used === BUFFER_BYTES) this.flush()
    this.bytes[this.used++] = byte
    return this
  }

  put(text: string): Text {
    for (let i = 0; i < text.length; i++) this.putByte(<u8>text.charCodeAt(i))
    return this
  }

  putInteger(value: i64): Text {
    return this.put(value.toString())
  }

  /** Text in a column of `width`, on its left or right side. */
  putLeft(text: string, width: i32): Text {
    return this.put(text).putMany(' ', width - text.length)
  }

  putRight(text: string, width: i32): Text {
    return this.putMany(' ', width - text.length).put(text)
  }

  putMany(text: string, times: i32): Text {
    for (let i = 0; i < times; i++) this.put(text)
    return this
  }

  flush(): void {
    if (!writeFile(this.fd, changetype<usize>(this.bytes), this.used)) this.failed = true
    this.used = 0
  }
}

function twoDigits(value: i64): string {
  return value < 10 ? `0${value}` : value.toString()
}

/** Cents as units with two decimals: -1234 is "-12.34". */
export function formatCents(cents: i64): string {
  const size = cents < 0 ? -cents : cents
  const sign = cents < 0 ? '-' : ''
  return `${sign}${size / 100}.${twoDigits(size % 100)}`
}

/** Months since January 1970 as "2026-03". */
export function formatMonth(month: i32): string {
  const year = YEAR_MIN + month / MONTHS_PER_YEAR
  return `${year}-${twoDigits((month % MONTHS_PER_YEAR) + 1)}`
}
