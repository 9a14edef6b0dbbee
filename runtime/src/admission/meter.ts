/**
 * The meter that a rewritten module and its host share: one imported mutable i64 global W that
 * packs the fuel left and the call depth left as fuel * 2^18 + depth.
 *
 * W alone says why a module stopped itself: fuel below zero, or else depth below zero. Rewritten
 * code stores W before it gives up, before each `unreachable` of the guest and around each host
 * call.
 * Source: runtime.md, "Metering: scheme K".
 */
import assert from 'node:assert'
import { LIMITS } from '@planetary-mesh/spec/bare'
import { WebAssembly } from './engine.ts'

/** Import module and field name that a rewritten module adds. No guest may import from it. */
export const METER_MODULE = 'mesh:meter'
export const METER_W = 'w'

/** Bits of W below the fuel: 17 for the depth left and one that shows when it fell below zero. */
export const DEPTH_BITS = 18
/** Set in W exactly when the depth left is below zero. */
export const DEPTH_GONE = 2 ** (DEPTH_BITS - 1)

const FUEL_ONE = 1n << BigInt(DEPTH_BITS)

/** Why a module was stopped by its meter. */
export type Stop = 'out-of-fuel' | 'depth'

/** Thrown by `charge` when the fuel is gone, through the guest, to whoever started it. */
export class MeterStop extends Error {
  override readonly name = 'MeterStop'
  readonly stop: Stop = 'out-of-fuel'
}

export type Meter = {
  /** To be given to the instance as `{ ...imports, [METER_MODULE]: meter.imports }`. */
  readonly imports: Record<string, unknown>
  /** Fuel used so far, 0 … fuelMax. Exact in a host call, after a normal end, and after a stop. */
  fuelUsed(): number
  /** Why the meter stopped the guest, once it ended; undefined when it did not. */
  stop(): Stop | undefined
  /**
   * Takes `units` of fuel for a host call; throws `MeterStop` when fuel is, or was already, gone.
   */
  charge(units: number): void
  /** All the fuel and depth again, for the next call of the same instance. */
  refill(): void
}

/** W of a run that has all its fuel and all its depth left. */
export function packMeter(fuelMax: number): bigint {
  assert(Number.isSafeInteger(fuelMax) && fuelMax >= 0 && fuelMax <= LIMITS.fuelMax)
  return BigInt(fuelMax) * FUEL_ONE + BigInt(LIMITS.callDepthUnitsMax)
}

/** A fresh meter for one run. `fuelMax` in fuel units, 0 … LIMITS.fuelMax. */
export function openMeter(fuelMax: number): Meter {
  const full = packMeter(fuelMax)
  const w = new WebAssembly.Global({ value: 'i64', mutable: true }, full)
  return {
    imports: { [METER_W]: w },
    fuelUsed: () => fuelMax - Math.max(0, fuelLeft(w.value)),
    stop() {
      if (fuelLeft(w.value) < 0) return 'out-of-fuel'
      return depthLeft(w.value) < 0 ? 'depth' : undefined
    },
    charge(units) {
      assert(Number.isSafeInteger(units) && units >= 0 && units <= LIMITS.fuelMax)
      // Gone stays gone: a host that calls again after a stop must not wrap W around.
      if (fuelLeft(w.value) >= 0) w.value -= BigInt(units) * FUEL_ONE
      if (fuelLeft(w.value) < 0) throw new MeterStop(`the fuel of ${fuelMax} units is used up`)
    },
    refill() {
      w.value = full
    },
  }
}

/** Depth is a signed number in the low bits, so fuel is W rounded to the nearest whole unit. */
const fuelLeft = (w: bigint) => Number((w + BigInt(DEPTH_GONE)) >> BigInt(DEPTH_BITS))
const depthLeft = (w: bigint) => Number(BigInt.asIntN(DEPTH_BITS, w))
