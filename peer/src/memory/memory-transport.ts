/** A network in memory: by itself it carries everything, in order, as soon as it can. */
import type { Did } from '@planetary-mesh/spec'
import type { Transport } from '../ports.ts'

export type Delivery = { from: Did; to: Did; message: Uint8Array }

export type MemoryHub = {
  /** A member's end; a new one for the same member replaces the old, as after a restart. */
  join(did: Did): Transport
  /** Hears every message that anybody sends: a listening peer, for tests. */
  listen(tap: (from: Did, message: Uint8Array) => void): void
}

/**
 * `carry` decides what becomes of a message: it calls `deliver` once, later, twice, after others,
 * or never. Delivered to whoever has the name then: a message may outlive a crash of its receiver.
 */
export function openMemoryHub(
  options: { carry?: (delivery: Delivery, deliver: () => void) => void } = {},
): MemoryHub {
  const carry = options.carry ?? ((_delivery, deliver) => setImmediate(deliver))
  type End = { onMessage: ((from: Did, message: Uint8Array) => void) | undefined }
  const ends = new Map<Did, End>()
  const taps: ((from: Did, message: Uint8Array) => void)[] = []

  return {
    listen: (tap) => void taps.push(tap),
    join(did) {
      const end: End = { onMessage: undefined }
      ends.set(did, end)
      /** What is sent; a copy, since the sender may use its bytes again. */
      const said = (bytes: Uint8Array): Uint8Array | undefined => {
        if (ends.get(did) !== end) return undefined
        const message = bytes.slice()
        for (const tap of taps) tap(did, message)
        return message
      }
      const post = (to: Did, message: Uint8Array) =>
        carry({ from: did, to, message }, () => ends.get(to)?.onMessage?.(did, message))
      return {
        send(to, bytes) {
          const message = said(bytes)
          if (message !== undefined && ends.has(to)) post(to, message)
        },
        broadcast(bytes) {
          const message = said(bytes)
          if (message === undefined) return
          for (const [to, { onMessage }] of ends) {
            if (to !== did && onMessage !== undefined) post(to, message)
          }
        },
        listen(onMessage) {
          end.onMessage = onMessage
        },
        async close() {
          end.onMessage = undefined
          if (ends.get(did) === end) ends.delete(did)
        },
      }
    },
  }
}
