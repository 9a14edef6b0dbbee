/** Arguments, environment, clocks, random numbers, exit: what a program asks about itself. */
import { fail } from './abi.ts'
import { GuestExit, type Host, type WasiCalls } from './host.ts'

/** Fuel for each random byte, on top of the call. */
const RANDOM_BYTE_FUEL = 4
/** The clock ticks once per unit of fuel. */
const RESOLUTION_NS = 1n
const CLOCK = { realtime: 0, monotonic: 1, processTime: 2, threadTime: 3 } as const

export const processCalls: WasiCalls<
  | 'args_get'
  | 'args_sizes_get'
  | 'environ_get'
  | 'environ_sizes_get'
  | 'clock_res_get'
  | 'clock_time_get'
  | 'proc_exit'
  | 'proc_raise'
  | 'random_get'
  | 'sched_yield'
> = {
  args_get: (host, pointers, texts) => putTexts(host, host.args, pointers, texts),
  args_sizes_get: (host, count, bytes) => putSizes(host, host.args, count, bytes),
  environ_get: (host, pointers, texts) => putTexts(host, host.environment, pointers, texts),
  environ_sizes_get: (host, count, bytes) => putSizes(host, host.environment, count, bytes),

  clock_res_get(host, clock, resolution) {
    if (clock > CLOCK.threadTime) fail('INVAL')
    host.memory.setU64(resolution, RESOLUTION_NS)
  },

  clock_time_get(host, clock, _precision, time) {
    host.memory.setU64(time, timeOf(host, clock))
  },

  proc_exit(_host, code) {
    throw new GuestExit(code)
  },

  proc_raise() {
    fail('NOTSUP')
  },

  random_get(host, pointer, length) {
    host.memory.ensureWritable(pointer, length)
    host.charge(length * RANDOM_BYTE_FUEL)
    host.random.fill(host.memory.claim(pointer, length))
  },

  sched_yield() {},
}

/** Nanoseconds of one of the four clocks. EINVAL for any other. */
export function timeOf(host: Host, clock: number): bigint {
  switch (clock) {
    case CLOCK.realtime:
    case CLOCK.monotonic:
      return host.now()
    case CLOCK.processTime:
    case CLOCK.threadTime:
      return host.worked()
    default:
      return fail('INVAL')
  }
}

const lengthOf = (texts: readonly Uint8Array[]) => texts.reduce((sum, text) => sum + text.length, 0)

function putSizes(host: Host, texts: readonly Uint8Array[], count: number, bytes: number): void {
  host.memory.setU32(count, texts.length)
  host.memory.setU32(bytes, lengthOf(texts))
}

function putTexts(host: Host, texts: readonly Uint8Array[], pointers: number, at: number): void {
  host.charge(texts.length * 8 + lengthOf(texts))
  let address = at
  for (const [index, text] of texts.entries()) {
    host.memory.setU32(pointers + index * 4, address)
    host.memory.write(address, text)
    address += text.length
  }
}
