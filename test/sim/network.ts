/**
 * The simulated network: messages are late, lost, doubled and out of order while faults last. Every
 * message passes by the taps, so that the invariants see what was said, not only what was kept.
 */
import type { Clock, Transport } from '@planetary-mesh/peer'
import type { Did } from '@planetary-mesh/spec'
import type { Chance } from './chance.ts'

export type Tap = (from: Did, bytes: Uint8Array) => void

export type Network = {
  /** A member's end; a new one for the same member replaces the old, as after a restart. */
  join(did: Did): Transport
  tap(tap: Tap): void
  /** From now on nothing is lost or doubled. */
  heal(): void
  readonly counts: { sent: number; lost: number; doubled: number }
}

export function openNetwork(clock: Clock, chance: Chance): Network {
  type End = { onMessage: ((from: Did, bytes: Uint8Array) => void) | undefined }
  const ends = new Map<Did, End>()
  const taps: Tap[] = []
  const counts = { sent: 0, lost: 0, doubled: 0 }
  let faulty = true

  const delay = () => (faulty && chance.oneIn(40) ? chance.between(50, 400) : chance.between(1, 12))

  const carry = (from: Did, to: Did, bytes: Uint8Array) => {
    const target = ends.get(to)
    if (target === undefined) return
    counts.sent += 1
    if (faulty && chance.oneIn(50)) {
      counts.lost += 1
      return
    }
    const copies = faulty && chance.oneIn(40) ? 2 : 1
    counts.doubled += copies - 1
    for (let copy = 0; copy < copies; copy++) {
      // delivered to whoever has the name then: a message may outlive a crash of its receiver
      clock.at(clock.nowMs() + delay(), () => ends.get(to)?.onMessage?.(from, bytes))
    }
  }

  return {
    counts,
    tap: (tap) => void taps.push(tap),
    heal: () => {
      faulty = false
    },
    join(did) {
      const end: End = { onMessage: undefined }
      ends.set(did, end)
      return {
        send(to, bytes) {
          for (const tap of taps) tap(did, bytes)
          carry(did, to, bytes)
        },
        broadcast(bytes) {
          for (const tap of taps) tap(did, bytes)
          for (const to of ends.keys()) if (to !== did) carry(did, to, bytes)
        },
        listen(onMessage) {
          end.onMessage = onMessage
        },
        async close() {
          end.onMessage = undefined
        },
      }
    },
  }
}
