/** Jobs as people name them: by CID, or by its beginning among the jobs that the node lists. */
import type { ControlClient } from '@planetary-mesh/peer'
import { type CID, LIMITS, parseCid, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { findByBeginning, wholeCid } from '../cli/ids.ts'

/**
 * The job that `text` means. Refuses with JOB_UNKNOWN what begins no job; several are a usage error
 * that names them. A whole CID is taken as it is.
 */
export async function findJob(client: Pick<ControlClient, 'jobs'>, text: string): Promise<CID> {
  const whole = wholeCid(text)
  if (whole !== undefined) return whole
  const limit = LIMITS.controlListMax
  const { jobs, more } = await client.jobs({ limit })
  const known = jobs.map(({ job }) => parseCid(job))
  const found = findByBeginning(text, known, 'job')
  if (found !== undefined) return found
  const among = more ? ` among the newest ${limit}` : ''
  throw new Refusal('JOB_UNKNOWN', `no job${among} begins with '${text}'`)
}

/** A CID that must be whole, such as of a token that pays. */
export function cidOption(name: string, text: string): CID {
  const cid = wholeCid(text)
  if (cid === undefined) throw new UsageError(`${name} ${text}: expected a whole CID`)
  return cid
}
