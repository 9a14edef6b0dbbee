/** What a finished run costs: integers, rounded up, never above the hold (decisions 1 to 3). */
import { assert } from '../assert.ts'
import type { Manifest } from '../records/kinds/manifest.ts'
import type { Result } from '../records/kinds/receipt.ts'

const MiB = 1024n * 1024n

/**
 * The units to post for `result` at a bid of `price`: ⌈price × min(fuel, fuelMax) / fuelMax⌉ for
 * compute, ⌈output bytes / MiB⌉ for storage, ⌈(module + input bytes) / MiB⌉ for bandwidth; at most
 * `held`. Every outcome in a receipt is paid; host faults make no receipt.
 */
export function settleAmount(
  manifest: Manifest,
  price: number,
  held: number,
  result: Result,
): number {
  const charge = chargeOf(manifest, price, result)
  const post = charge < BigInt(held) ? Number(charge) : held
  assert(Number.isSafeInteger(post) && post >= 0 && post <= held, 'a post is within its hold')
  return post
}

function chargeOf({ body }: Manifest, price: number, result: Result): bigint {
  switch (body.resourceType) {
    case 'compute': {
      const fuel = Math.min(result.fuel, body.fuelMax)
      return divideUp(BigInt(price) * BigInt(fuel), BigInt(body.fuelMax))
    }
    case 'storage':
      return divideUp(
        BigInt(result.output.bytes) + BigInt(result.stdout.bytes) + BigInt(result.stderr.bytes),
        MiB,
      )
    case 'bandwidth': {
      const inputs = body.inputs.reduce((sum, { file }) => sum + BigInt(file.bytes), 0n)
      return divideUp(BigInt(body.module.bytes) + inputs + BigInt(body.stdin?.bytes ?? 0), MiB)
    }
  }
}

const divideUp = (dividend: bigint, divisor: bigint) => (dividend + divisor - 1n) / divisor
