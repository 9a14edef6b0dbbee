/**
 * What the process of a daemon is started with, by whoever starts one: it shall stay as small after
 * a week as after an hour. Plain JavaScript for Node 18 and later.
 */

/** Flags of Node. What a daemon makes and drops would else stay in memory for long. */
export const DAEMON_FLAGS = ['--max-semi-space-size=4']

/** For the C library: else each of its threads keeps what others gave back. */
export const DAEMON_ENV = { MALLOC_ARENA_MAX: '2' }
