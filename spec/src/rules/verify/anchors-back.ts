/** The anchors of a log from the oldest to `head`, found by walking their `previous` links. */
import { Refusal } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { CID } from '../../records/cid.ts'
import { Anchor } from '../../records/kinds/log.ts'
import { type Finding, finding } from './finding.ts'

export function anchorsBack(
  head: CID,
  get: (cid: CID) => Uint8Array | undefined,
): { anchors: CID[] } | { finding: Finding } {
  const anchors: CID[] = []
  let at: CID | null = head
  // a CID cannot be in a cycle; the bound is for a log that is merely too long
  while (at !== null && anchors.length <= LIMITS.logEntriesMax) {
    const bytes = get(at)
    if (bytes === undefined) return { finding: finding('BLOCK_MISSING', at, 'an anchor') }
    try {
      const anchor: Anchor = Anchor.decode(bytes, at)
      anchors.push(at)
      at = anchor.previous
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { finding: finding(error.code, at, error.detail) }
    }
  }
  return { anchors: anchors.reverse() }
}
