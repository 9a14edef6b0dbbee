/**
 * The meter that a rewritten module and its host share: one imported mutable i64 global W that packs
 * fuel left and call depth left, and one i32 global that says why a module stopped itself.
 * Source: runtime.md, "Metering: scheme K".
 */

/** Import module and field names that a rewritten module adds. No guest may import from it. */
export const METER_MODULE = 'mesh:meter'
export const METER_W = 'w'
export const METER_REASON = 'reason'
