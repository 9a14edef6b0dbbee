/**
 * The part of the contract that needs no schema: names of bytes and people, refusals, limits, what
 * a sandbox is given. For programs that start often, such as a compiler on a command line or the
 * process of a slot: schemas take longer to set up than a small text to compile.
 */
export { assert } from './assert.ts'
export { admit, attempt, isCode, Refusal } from './errors.ts'
export { LIMITS } from './limits.ts'
export * from './records/cid.ts'
export { type Did, isDid } from './records/did.ts'
export { PRIORITIES } from './records/priorities.ts'
export * from './sandbox.ts'
export type { JobRequest } from './wire/job-request.ts'
