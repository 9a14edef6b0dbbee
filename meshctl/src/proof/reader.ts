/**
 * How a command reads records: what was proven once is not proven again. A log is folded for what
 * it says, and then for each check mark; its signatures are the same ones each time.
 */
import { createOpener } from '@planetary-mesh/peer'
import { LIMITS, plainReader, type Reader, verifySignature } from '@planetary-mesh/spec'

export function openReader(): Reader {
  const max = LIMITS.logRecordsRememberedMax
  return { ...plainReader(), open: createOpener({ verify: verifySignature, max }) }
}
