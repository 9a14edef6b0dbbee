/**
 * Where a run can be cancelled: at the entry of a host call, before that call is paid or does
 * anything. The fuel used there names the place: every call costs fuel, so no two share it.
 */

/**
 * Asked at every host call whether the run ends there. `fuelUsed` is the fuel at its entry, and
 * costs something to find out.
 */
export type CancelCheck = (fuelUsed: () => number) => boolean

/** Thrown through the guest that is cancelled. */
export class GuestCancelled extends Error {
  override readonly name = 'GuestCancelled'
  readonly atFuel: number

  constructor(atFuel: number) {
    super(`cancelled at fuel ${atFuel}`)
    this.atFuel = atFuel
  }
}

export const neverCancelled: CancelCheck = () => false

/** A replay: the first host call at which so much fuel was used. */
export const cancelledFrom =
  (atFuel: number): CancelCheck =>
  (fuelUsed) =>
    fuelUsed() >= atFuel
