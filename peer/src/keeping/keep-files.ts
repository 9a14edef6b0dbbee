/**
 * The keeper's side: a home asks a member to keep the files of a job that it is submitting, so that
 * the job can run although the home is lost. They are fetched by CID from whoever has them, and
 * kept as the files of any job are. Source: protocol.md "Who chooses; the home node".
 */
import {
  type AnyRecord,
  admit,
  type Charter,
  type Did,
  hasRole,
  LIMITS,
  type Manifest,
  Refusal,
  textOf,
} from '@planetary-mesh/spec'
import { keepFile } from '../fetch-file.ts'
import { ensureInputsFit, filesOf } from '../job-files.ts'
import type { Blocks } from '../ports.ts'
import { openTurns } from '../turns.ts'
import { openUnpaidCount } from './unpaid.ts'

/**
 * Resolves when module, stdin and inputs of the sealed manifest are durable here. Refuses
 * ROLE_MISSING, RECORD_…, SIGNATURE_INVALID, LIMIT_EXCEEDED, FILE_…, BLOCK_…, STORE_FULL and
 * OVERLOADED. `signal` ends the waiting for a turn, not the fetching: what is there, is there.
 */
export type KeepFiles = (home: Did, manifest: Uint8Array, signal: AbortSignal) => Promise<void>

export function openKeepFiles(given: {
  blocks: Pick<Blocks, 'get' | 'put' | 'has'>
  open: (bytes: Uint8Array) => AnyRecord
  charterNow: () => Charter
  isLogged: (job: string) => boolean
  storage: () => { usedBytes: number; maxBytes: number | null }
  nowMs: () => number
  /** Hears who probably has the blocks that are got next. */
  expectBlocksAt?: (home: Did) => void
}): KeepFiles {
  const { blocks, open, charterNow, storage, expectBlocksAt = () => {} } = given
  const turns = openTurns(LIMITS.keepsMax)
  const unpaid = openUnpaidCount(given)
  const going = new Map<string, Promise<void>>()

  /** Bytes of the files of which not even the root is here. */
  const missingBytes = async (manifest: Manifest): Promise<number> => {
    const roots = new Map(filesOf(manifest).map(({ file }) => [textOf(file.cid), file]))
    let bytes = 0
    for (const file of roots.values()) bytes += (await blocks.has(file.cid)) ? 0 : file.bytes
    return bytes
  }

  const keep = async (home: Did, manifest: Manifest, signal: AbortSignal): Promise<void> => {
    ensureInputsFit(manifest)
    const bytes = await missingBytes(manifest)
    const { usedBytes, maxBytes } = storage()
    const fits = maxBytes === null || usedBytes + bytes <= maxBytes
    admit(fits, 'STORE_FULL', `${bytes} bytes more, ${usedBytes} of ${maxBytes} are used`)
    unpaid.add(home, manifest.cid, bytes)
    const turn = turns.take()
    try {
      await turn.granted
      admit(!signal.aborted, 'OVERLOADED', 'other files were fetched for too long')
      expectBlocksAt(home)
      for (const { file, bytesMax } of filesOf(manifest)) await keepFile(file, blocks, bytesMax)
    } finally {
      turn.end()
    }
  }

  return async (home, bytes, signal) => {
    // before anything is decoded or verified
    admit(hasRole(charterNow(), home, 'home'), 'ROLE_MISSING', `${home} is no home`)
    const manifest = open(bytes)
    if (manifest.kind !== 'manifest') {
      throw new Refusal('RECORD_KIND_MISMATCH', `asked to keep the files of a ${manifest.kind}`)
    }
    const key = textOf(manifest.cid)
    const begun = going.get(key) ?? keep(home, manifest, signal)
    going.set(key, begun)
    const forget = () => void going.delete(key)
    begun.then(forget, forget)
    await begun
  }
}
