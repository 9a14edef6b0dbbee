/** What the process of a daemon is started with, by whoever starts one. */
export const DAEMON_FLAGS: readonly string[]
export const DAEMON_ENV: Readonly<Record<string, string>>
