/**
 * The program's arguments, as the host hands them over: zero-ended bytes behind each other.
 */
import { Options } from './forecast'
import { args_get, args_sizes_get } from './wasi_snapshot_preview1'

const ARGUMENTS_MAX: u32 = 16
const ARGUMENT_BYTES_MAX: u32 = 1024
const OPENING_CENTS_MAX: i64 = 1_000_000_000_000_000

const counts = memory.data(8)
const pointers = memory.data(64) // of ARGUMENTS_MAX pointers
const bytes = memory.data(1024)

function argument(index: u32): string {
  const address = load<usize>(pointers + index * sizeof<usize>())
  let length = 0
  while (load<u8>(address + length) !== 0) length++
  return String.UTF8.decodeUnsafe(address, length)
}

/** Digits only; -1 if there is none or the number is outside low..high. */
function parseNumber(text: string, low: i64, high: i64): i64 {
  let value: i64 = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
    if (value > high) return -1
  }
  return text.length > 0 && value >= low ? value : -1
}

/** Fills the options; answers the argument that cannot be used, or the empty text. */
export function parseOptions(options: Options): string {
  if (args_sizes_get(counts, counts + 4) !== 0) return 'the arguments'
  const count = load<u32>(counts)
  if (count > ARGUMENTS_MAX || load<u32>(counts, 4) > ARGUMENT_BYTES_MAX) return 'so many arguments'
  if (args_get(pointers, bytes) !== 0) return 'the arguments'
  for (let i: u32 = 1; i < count; i += 2) {
    const name = argument(i)
    const value = i + 1 < count ? argument(i + 1) : ''
    let number: i64 = -1
    if (name === '--opening') {
      number = parseNumber(value, 0, OPENING_CENTS_MAX)
      options.openingCents = number
    } else if (name === '--months') {
      number = parseNumber(value, 1, 24)
      options.months = <i32>number
    } else if (name === '--window') {
      number = parseNumber(value, 2, 36)
      options.window = <i32>number
    }
    if (number < 0) return `${name} ${value}`
  }
  return ''
}
