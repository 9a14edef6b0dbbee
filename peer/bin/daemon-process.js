/**
 * What the process of a daemon is started with, by whoever starts one: it shall stay as small after
 * a week as after an hour. Plain JavaScript for Node 18 and later.
 */

/**
 * Flags of Node. What a daemon makes and drops would else stay in memory for long; a nursery that
 * shrank and grew again with each pause would be work for nothing.
 */
export const DAEMON_FLAGS = ['--min-semi-space-size=4', '--max-semi-space-size=4']

/**
 * For the C library, in bytes. Two arenas: else each of its threads keeps what others gave back.
 * Fixed thresholds: else it learns from the first large buffer to keep the room of all of them.
 */
export const DAEMON_ENV = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '131072',
}
