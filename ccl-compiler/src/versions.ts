/** What every header says about who made the module. */

/** The version of spec/ccl-abi.md. */
export const ABI = 1
export const COMPILER_VERSION = '0.1.0'
