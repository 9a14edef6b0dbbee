/**
 * A node of the charter in the process of the tests that bids, takes a lease and seals a receipt as
 * it should, of a run that never was: its results are made up.
 */
import { executorRole } from '@planetary-mesh/mesh-node'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import type { Did } from '@planetary-mesh/spec'
import { fakeExec } from '../mesh/fake-exec.ts'
import { type Name, signerOf } from './daemons.ts'
import { type Member, type MemberOptions, openMember } from './member.ts'

export const EXECUTOR = {
  slots: 1,
  memoryPages: 16_384,
  cores: 2,
  scopes: [],
  location: '',
  pricePpm: 1_000_000,
  fuelPerMs: 1_000_000,
  profile: RUNTIME_PROFILE,
  bidValidMs: 60_000,
  resendMs: 500,
}

export type LyingExecutor = Member & { did: Did }

/** Resolves when it has read the charter: it bids from now on. */
export async function openLyingExecutor(
  name: Name,
  bootstrap: readonly string[],
): Promise<LyingExecutor> {
  const roles = [executorRole(EXECUTOR)]
  const openExec: MemberOptions['openExec'] = ({ blocks }) => fakeExec(blocks)
  const member = await openMember(name, { roles, bootstrap, openExec })
  return { ...member, did: signerOf(name).did }
}
