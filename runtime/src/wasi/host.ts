/**
 * The WASI preview1 host of one run: what the guest's calls read and change, and the table of
 * functions that its module imports. Nothing here reaches files, clocks or randomness of the host.
 */

import { Errno, SIGNATURES, type WasiName } from './abi.ts'
import type { Budget } from './budget.ts'
import type { CallDigest } from './call-digest.ts'
import type { Descriptors } from './descriptors.ts'
import type { GuestMemory } from './guest-memory.ts'
import { ensurePathLength } from './paths.ts'
import type { SeededRandom } from './random.ts'
import type { Tree } from './tree.ts'

/** Fuel of every host call before anything else, and of those that look up a path. */
const CALL_FUEL = 2000
const PATH_CALL_FUEL = 4000

export type Host = {
  readonly memory: GuestMemory
  readonly tree: Tree
  readonly descriptors: Descriptors
  readonly budget: Budget
  readonly random: SeededRandom
  readonly digest: CallDigest
  /** Argument and `NAME=value` texts as the guest gets them, each with its NUL. */
  readonly args: readonly Uint8Array[]
  readonly environment: readonly Uint8Array[]
  /** Begins a host call; throws `GuestCancelled` when the run is to end here. */
  enter(): void
  /** Takes fuel, before the work that it pays for. Throws when there is none left. */
  charge(units: number): void
  /** Nanoseconds since 1970 on the guest's clock: start + fuel used + time slept. */
  now(): bigint
  /** Nanoseconds of the guest's own work: its fuel. */
  worked(): bigint
  /** Moves the clock as if the guest had slept. */
  sleep(nanoseconds: bigint): void
}

/** i32 as an unsigned number, i64 as an unsigned bigint, by the letters of `SIGNATURES`. */
export type CallArguments<Letters extends string> = Letters extends `i${infer Rest}`
  ? [number, ...CallArguments<Rest>]
  : Letters extends `I${infer Rest}`
    ? [bigint, ...CallArguments<Rest>]
    : []

/** The functions of preview1 under their names; each returns nothing, or throws an `Errno`. */
export type WasiCalls<Names extends WasiName = WasiName> = {
  readonly [Name in Names]: (host: Host, ...args: CallArguments<(typeof SIGNATURES)[Name]>) => void
}

/** Thrown through the guest by `proc_exit`. */
export class GuestExit extends Error {
  override readonly name = 'GuestExit'
  readonly code: number

  constructor(code: number) {
    super(`exit ${code}`)
    this.code = code
  }
}

/** The functions that are given to an instance: charged, answered with an errno, and digested. */
export function importsOf(
  host: Host,
  moduleName: string,
  calls: WasiCalls,
): Record<string, (...args: (number | bigint)[]) => number> {
  const imports: Record<string, (...args: (number | bigint)[]) => number> = {}
  for (const name of Object.keys(SIGNATURES) as WasiName[]) {
    const call = calls[name] as (host: Host, ...args: (number | bigint)[]) => void
    const fuel = name.startsWith('path_') ? PATH_CALL_FUEL : CALL_FUEL
    const fullName = `${moduleName}.${name}`
    imports[name] = (...given) => {
      host.enter()
      const args = given.map(unsigned)
      host.charge(fuel)
      host.memory.written.length = 0
      let errno = 0
      try {
        call(host, ...args)
      } catch (thrown) {
        if (thrown instanceof GuestExit) host.digest.add(fullName, args, null, host.memory)
        if (!(thrown instanceof Errno)) throw thrown
        errno = thrown.code
      }
      host.digest.add(fullName, args, errno, host.memory)
      return errno
    }
  }
  return imports
}

/** A path argument: at most `pathBytesMax` bytes of UTF-8. */
export function pathOf(host: Host, pointer: number, length: number): string {
  ensurePathLength(length)
  return host.memory.text(pointer, length)
}

const unsigned = (value: number | bigint) =>
  typeof value === 'number' ? value >>> 0 : BigInt.asUintN(64, value)
