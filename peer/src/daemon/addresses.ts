/** Where a newcomer on another machine may find this process, best address first. */

const LOOPBACK = /^\/(ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/

/** The addresses that lead here from elsewhere before those that lead back to the one who dials. */
export function forOthers(addresses: readonly string[]): string[] {
  return [...addresses].sort((a, b) => Number(LOOPBACK.test(a)) - Number(LOOPBACK.test(b)))
}
