/** How fast records are sealed and opened, against native Ed25519 over the same bytes. */
import { sign, verify } from 'node:crypto'
import {
  Bid,
  decodeBlock,
  Manifest,
  open,
  type RecordKind,
  type Sealed,
  type Signer,
  seal,
  signedBytes,
  signerFromSeed,
} from '@planetary-mesh/spec'
import { sealHonestLog, seedOf } from './honest-log.ts'
import { type Effort, type Row, repeated, rowOf, takeTurns } from './measure.ts'
import { nativePrivateKey, nativePublicKey } from './native-ed25519.ts'

export async function benchRecords(effort: Effort): Promise<Row[]> {
  const { bid, manifest } = sealHonestLog()
  return [
    ...(await benchKind(Bid, bid, 'bruno', effort)),
    ...(await benchKind(Manifest, manifest, 'alice', effort)),
  ]
}

async function benchKind<K extends string, T>(
  kind: RecordKind<K, T>,
  record: Sealed<K, T>,
  authorName: string,
  effort: Effort,
): Promise<Row[]> {
  const seed = seedOf(authorName)
  const signer: Signer = signerFromSeed(seed)
  const { cid, bytes, body, author } = record
  const message = signedBytes(kind.kind, author, body)
  const { signature } = decodeBlock(bytes) as { signature: Uint8Array }
  const privateKey = nativePrivateKey(seed)
  const publicKey = nativePublicKey(author)
  const facts = { 'record bytes': bytes.length, 'signed bytes': message.length }
  const against = async (what: string, ours: () => unknown, name: string, bare: () => unknown) =>
    rowOf(
      { bench: 'records', what, against: name },
      await takeTurns(effort.pairs, repeated(ours, effort), repeated(bare, effort)),
      facts,
    )
  return [
    await against(
      `seal a ${kind.kind}`,
      () => seal(kind, body as NoInfer<T>, signer),
      'Ed25519 sign',
      () => sign(null, message, privateKey),
    ),
    await against(
      `open a ${kind.kind}`,
      () => open(kind, bytes, { cid }),
      'Ed25519 verify',
      () => verify(null, message, publicKey, signature),
    ),
  ]
}
