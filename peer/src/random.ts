/** Random bytes: the system's, or from a seed for tests and simulations. */
import { randomBytes } from 'node:crypto'
import { sha256 } from '@planetary-mesh/spec'
import type { Random } from './ports.ts'

export function openSystemRandom(): Random {
  return { bytes: (count) => new Uint8Array(randomBytes(count)) }
}

/** One stream, however it is cut: SHA-256(seed ‖ 64-bit big-endian counter), from 0 on. */
export function openSeededRandom(seed: Uint8Array): Random {
  const input = new Uint8Array(seed.length + 8)
  input.set(seed)
  const view = new DataView(input.buffer)
  let counter = 0n
  let left = new Uint8Array()
  return {
    bytes(count) {
      const out = new Uint8Array(count)
      for (let at = 0; at < count; ) {
        if (left.length === 0) {
          view.setBigUint64(seed.length, counter)
          counter += 1n
          left = new Uint8Array(sha256(input))
        }
        const part = left.subarray(0, count - at)
        out.set(part, at)
        at += part.length
        left = left.subarray(part.length)
      }
      return out
    },
  }
}
