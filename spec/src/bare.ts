/**
 * The part of the contract that needs no schema: names of bytes and people, refusals, limits. For
 * programs that start often, such as a compiler on a command line: schemas take longer to set up
 * than a small text to compile.
 */
export { assert } from './assert.ts'
export { admit, attempt, Refusal } from './errors.ts'
export { LIMITS } from './limits.ts'
export * from './records/cid.ts'
export { type Did, isDid } from './records/did.ts'
export { PRIORITIES } from './records/priorities.ts'
export type { JobRequest } from './wire/job-request.ts'
