/**
 * Asking another member to keep the files of a job: the question is the sealed manifest, which
 * names them; an empty answer says that they are durable there.
 */
import type { Did, Manifest } from '@planetary-mesh/spec'
import type { NetworkNode } from '../libp2p/node.ts'
import type { KeepFiles } from './keep-files.ts'

const KEEP_PROTOCOL = '/mesh/0/keep'

/** Answers members from now on. */
export async function serveKeep(
  node: Pick<NetworkNode, 'handleRequest'>,
  keepFiles: KeepFiles,
): Promise<void> {
  await node.handleRequest(KEEP_PROTOCOL, async (from, manifest, signal) => {
    await keepFiles(from, manifest, signal)
    return new Uint8Array()
  })
}

/** Resolves when `member` says that it keeps them. Refuses as it does, and PEER_AWAY. */
export async function askKeep(
  node: Pick<NetworkNode, 'request'>,
  member: Did,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<void> {
  await node.request(member, KEEP_PROTOCOL, manifest.bytes, signal)
}
