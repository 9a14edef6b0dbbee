/**
 * The adversaries. A stranger and a lying verifier hear the log like everybody else; for each
 * receipt in it they say `valid` at once, the liar twice over. A good federation does not care.
 */
import type { Transport } from '@planetary-mesh/peer'
import {
  appendMessage,
  type CID,
  encodeMessage,
  type Receipt,
  type Signer,
  seal,
  textOf,
  Verdict,
} from '@planetary-mesh/spec'

export function openMallory(
  signer: Signer,
  transport: Transport,
  options: { writer: Signer['did']; charter: CID; times: number },
): (receipts: readonly Receipt[]) => void {
  const judged = new Set<string>()
  return (receipts) => {
    for (const receipt of receipts) {
      if (judged.has(textOf(receipt.cid))) continue
      judged.add(textOf(receipt.cid))
      for (let time = 0; time < options.times; time++) {
        const verdict = seal(
          Verdict,
          {
            receipt: receipt.cid,
            charter: options.charter,
            method: 'replay',
            result: 'valid',
            findings: [],
          },
          signer,
        )
        transport.send(options.writer, encodeMessage(appendMessage([verdict])))
      }
    }
  }
}
