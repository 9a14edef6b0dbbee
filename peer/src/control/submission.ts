/** A job as a person's tools bring it: one CAR file of the records that she sealed. */
import {
  admit,
  type Block,
  type Call,
  type CID,
  Hold,
  Manifest,
  open,
  Token,
  textOf,
} from '@planetary-mesh/spec'
import { readCarStream } from './car-stream.ts'

/**
 * Hold (the root), its manifest, and all other blocks as tokens, in their order. Refuses as
 * `readCarStream` and `open` do, and with REQUEST_MALFORMED where a block or the root is missing.
 */
export async function readSubmission(
  chunks: AsyncIterable<Uint8Array>,
): Promise<Extract<Call, { type: 'submit' }>> {
  const { roots, blocks } = await readCarStream(chunks)
  const held = new Map<string, Block>()
  for await (const block of blocks) held.set(textOf(block.cid), block)
  const take = (cid: CID, what: string): Block => {
    const block = held.get(textOf(cid))
    admit(block !== undefined, 'REQUEST_MALFORMED', `the ${what} ${cid} is not in the file`)
    held.delete(textOf(cid))
    return block
  }
  const [root, ...others] = roots
  const isOne = root !== undefined && others.length === 0
  admit(isOne, 'REQUEST_MALFORMED', `${roots.length} roots; the hold is the one root`)
  const hold = open(Hold, take(root, 'hold').bytes, { cid: root })
  const named = hold.body.manifest
  const manifest = open(Manifest, take(named, 'manifest').bytes, { cid: named })
  const tokens = [...held.values()].map(({ cid, bytes }) => open(Token, bytes, { cid }))
  return { type: 'submit', tokens, manifest, hold }
}
