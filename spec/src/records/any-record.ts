/** Opening a record without knowing its kind beforehand. */
import type { CID } from 'multiformats/cid'
import { KINDS } from './kinds/index.ts'
import { openOneOf, type SealedOf } from './record.ts'
import type { Verify } from './signature.ts'

type AnyKind = (typeof KINDS)[number]
export type AnyRecord = SealedOf<AnyKind>

const byName: ReadonlyMap<string, AnyKind> = new Map(KINDS.map((kind) => [kind.kind, kind]))

/** Opens bytes as whatever record they are. Refuses as `open` does. */
export function openAny(
  bytes: Uint8Array,
  options: { cid?: CID; verify?: Verify } = {},
): AnyRecord {
  return openOneOf(byName, bytes, options)
}
