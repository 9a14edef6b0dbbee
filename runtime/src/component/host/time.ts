/** `wasi:clocks`, `wasi:io/poll` and `wasi:random`: all of it from the run's input and its fuel. */
import { CHUNK_BYTES, type Preview1, Resource } from './preview1.ts'
import { refuseToGoOn } from './stop.ts'

const REALTIME = 0
const MONOTONIC = 1
const NS_PER_SECOND = 1_000_000_000n
const TIME_MAX = (1n << 64n) - 1n
/** More random bytes than this in one call end the run: no guest could hold them. */
const RANDOM_BYTES_MAX = 1n << 26n

export type Instant = { seconds: bigint; nanoseconds: number }
export const instantOf = (ns: bigint): Instant => ({
  seconds: ns / NS_PER_SECOND,
  nanoseconds: Number(ns % NS_PER_SECOND),
})
export const nanosecondsOf = ({ seconds, nanoseconds }: Instant): bigint =>
  seconds * NS_PER_SECOND + BigInt(nanoseconds)

const nowOf = (preview1: Preview1) => preview1.long('clock_time_get', MONOTONIC, 0n)

/** Something to wait for. Streams are always ready; a timer is once the clock has come so far. */
export class Pollable extends Resource {
  /** On the monotonic clock; 0 is always past. */
  readonly whenNs: bigint

  constructor(preview1: Preview1, whenNs = 0n) {
    super(preview1)
    this.whenNs = whenNs
  }

  ready(): boolean {
    return this.whenNs === 0n || this.whenNs <= nowOf(this.preview1)
  }

  block(): void {
    if (!this.ready()) this.preview1.sleepUntil(this.whenNs)
  }
}

/** The places of all that are ready; waits for the first timer when none is. */
function poll(list: Pollable[]): Uint32Array {
  const ready = () => list.flatMap((pollable, index) => (pollable.ready() ? [index] : []))
  const found = ready()
  if (found.length > 0) return Uint32Array.from(found)
  const first = list.reduce(
    (least, one) => (one.whenNs < least.whenNs ? one : least),
    list[0] ?? refuseToGoOn('poll of nothing'),
  )
  first.block()
  return Uint32Array.from(ready())
}

export function clocksOf(preview1: Preview1) {
  const now = () => nowOf(preview1)
  const later = (ns: bigint) => (ns > TIME_MAX ? TIME_MAX : ns)
  return {
    'wasi:io/poll': { Pollable, poll },
    'wasi:clocks/monotonic-clock': {
      now,
      resolution: () => preview1.long('clock_res_get', MONOTONIC),
      subscribeInstant: (when: bigint) => new Pollable(preview1, when),
      subscribeDuration: (ns: bigint) => new Pollable(preview1, ns === 0n ? 0n : later(now() + ns)),
    },
    'wasi:clocks/wall-clock': {
      now: () => instantOf(preview1.long('clock_time_get', REALTIME, 0n)),
      resolution: () => instantOf(preview1.long('clock_res_get', REALTIME)),
    },
    'wasi:clocks/timezone': {
      display: () => ({ utcOffset: 0, name: 'UTC', inDaylightSavingTime: false }),
      utcOffset: () => 0,
    },
  }
}

export function randomOf(preview1: Preview1) {
  const bytes = (length: bigint): Uint8Array => {
    if (length > RANDOM_BYTES_MAX) refuseToGoOn(`${length} random bytes`)
    const all = new Uint8Array(Number(length))
    for (let at = 0; at < all.length; at += CHUNK_BYTES) {
      all.set(preview1.drawn(Math.min(CHUNK_BYTES, all.length - at)), at)
    }
    return all
  }
  const word = () => Buffer.from(bytes(8n)).readBigUInt64LE()
  return {
    'wasi:random/random': { getRandomBytes: bytes, getRandomU64: word },
    'wasi:random/insecure': { getInsecureRandomBytes: bytes, getInsecureRandomU64: word },
    'wasi:random/insecure-seed': { insecureSeed: () => [word(), word()] },
  }
}
