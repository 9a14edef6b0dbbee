/** The reader's own run of a job, from the blocks of a file alone. */
import { openExec, openMemoryDisk, openSystemClock } from '@planetary-mesh/peer'
import { Refusal, type Result, runsProfile, type Sandbox } from '@planetary-mesh/spec'
import type { Verification } from './check-proof.ts'
import type { Proof } from './proof.ts'

/**
 * The deterministic part of what running the job again gives, or how it is refused here. Throws
 * `HostFault` when this machine failed: that says nothing about the receipt.
 */
export async function replayJob(
  { chain }: Verification,
  proof: Proof,
  sandbox: Sandbox,
): Promise<Result | Refusal | string> {
  if (chain === undefined) return 'the chain did not open'
  const { manifest, receipt } = chain
  const { profile, outcome } = receipt.body.result
  if (!runsProfile(sandbox.profile, profile))
    return `its runtime profile is ${profile}, here is ${sandbox.profile}`
  const fetch = async (cid: Parameters<Proof['get']>[0]) => proof.get(cid)
  const blocks = openMemoryDisk({ fetch }).openBlocks()
  const exec = openExec({ blocks, clock: openSystemClock(), sandbox })
  const cancel = outcome.type === 'cancelled' ? { cancelAtFuel: outcome.atFuel } : {}
  try {
    const { result } = await exec.run(manifest, {
      wallMs: manifest.body.deadlineMs,
      signal: new AbortController().signal,
      ...cancel,
    })
    return result
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown
    throw thrown
  } finally {
    await exec.close()
    await blocks.close()
  }
}
