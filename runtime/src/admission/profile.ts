/**
 * The runtime profile: one name for everything that a run's fuel and outcome depend on. Change the
 * cost table, the rewriter, the WASI host, the NaN mode or the clock rate, and the name changes
 * too.
 */

export const RUNTIME_PROFILE: string = 'mesh-runtime/1'
