/**
 * How fast a stranger verifies a receipt offline, the whole log folded from its first entry,
 * against native Ed25519 over every signature that is in it.
 */
import { type KeyObject, verify } from 'node:crypto'
import { type Did, type Verify, verifyChain, verifySignature } from '@planetary-mesh/spec'
import { type HonestLog, sealHonestLog } from './honest-log.ts'
import { type Effort, type Row, repeated, rowOf, takeTurns } from './measure.ts'
import { nativePublicKey } from './native-ed25519.ts'

type Signed = { key: KeyObject; message: Uint8Array; signature: Uint8Array }

export async function benchChain(effort: Effort): Promise<Row[]> {
  const log = sealHonestLog()
  const { signed, checks } = signaturesOf(log)
  const bare = () => {
    for (const { key, message, signature } of signed) verify(null, message, key, signature)
  }
  const pairs = await takeTurns(
    effort.pairs,
    repeated(() => verifyChain(log), effort),
    repeated(bare, effort),
  )
  const against = `Ed25519 verify of its ${signed.length} signatures`
  const facts = {
    entries: log.entries,
    anchors: log.anchors,
    signatures: signed.length,
    'signature checks': checks,
  }
  return [rowOf({ bench: 'chain', what: 'verify a chain of one job', against }, pairs, facts)]
}

/** Each different signature that the verification checks, and how many checks it makes in all. */
function signaturesOf(log: HonestLog): { signed: Signed[]; checks: number } {
  const seen = new Map<string, Signed>()
  let checks = 0
  const recording: Verify = (author: Did, message, signature) => {
    checks += 1
    const key = nativePublicKey(author)
    seen.set(Buffer.from(signature).toString('hex'), { key, message, signature })
    return verifySignature(author, message, signature)
  }
  const { verified } = verifyChain({ ...log, verify: recording })
  if (verified.mark !== '✓') throw new Error(`an honest chain is verified: ${verified.detail}`)
  return { signed: [...seen.values()], checks }
}
