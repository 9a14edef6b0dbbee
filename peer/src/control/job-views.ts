/** Where a job stands, for people: from the process's own fold and what its home knows besides. */
import {
  type AnyRecord,
  type CID,
  charterNow,
  type Did,
  type EndJson,
  type Job,
  type JobJson,
  type JobStatus,
  jobStatus,
  Refusal,
  type Result,
  textOf,
} from '@planetary-mesh/spec'
import type { Blocks } from '../ports.ts'
import type { Process } from '../process.ts'
import type { Asking } from './asking.ts'

type End = ReturnType<typeof EndJson.parse>

export type JobViews = {
  /** Refuses JOB_UNKNOWN. */
  view(job: CID): Promise<JobJson>
  /** What came of a job that is over. */
  end(job: CID): End
}

const ENDED = ['verified', 'disputed', 'failed', 'expired', 'cancelled']

/** Whether nothing more will happen to the job. */
export const isOver = ({ status }: JobJson): boolean => ENDED.includes(status.state)

export function openJobViews(given: {
  process: Pick<Process, 'did' | 'replica' | 'states' | 'durable'>
  blocks: Pick<Blocks, 'get' | 'has'>
  asking: Asking
  isConnected: (did: Did) => boolean
  nowMs: () => number
}): JobViews {
  const { process, blocks, asking, nowMs } = given
  const { replica } = process
  const jobOf = (cid: CID): Job | undefined => replica.ledger.jobs.get(textOf(cid))

  const isWriterAway = () => {
    if (replica.ledger.charters.length === 0) return true
    const { writer } = charterNow(replica.ledger).body
    return writer !== process.did && !given.isConnected(writer)
  }

  /** What the log alone says; a home knows more. */
  const fromLog = (cid: CID) => {
    const anchored = (record: CID) => replica.anchorOf.has(textOf(record))
    const status = jobStatus(cid, recordsOf(jobOf(cid)), nowMs(), anchored)
    return { status, phase: null, detail: null, waitingFor: null }
  }

  /** A home knows more of what is under way, and what was said last of what failed. */
  const seenOf = async (cid: CID) => {
    const settled = jobOf(cid)?.settle?.record.body.reason
    const knowsMore = settled === undefined || settled === 'failed'
    if (!process.states.has('home') || !knowsMore) return fromLog(cid)
    return asking.look({ type: 'status', job: cid }, 'status')
  }

  /** Of a job whose state is known: so its manifest was proven, and the CID names its bytes. */
  const manifestOf = async (cid: CID): Promise<Uint8Array | null> => {
    const logged = jobOf(cid)
    if (logged !== undefined) return logged.manifest.bytes
    return ((await blocks.has(cid)) ? await blocks.get(cid) : undefined) ?? null
  }

  return {
    async view(cid) {
      const seen = await seenOf(cid)
      if (seen.status.state === 'unknown') {
        throw new Refusal('JOB_UNKNOWN', `${cid} is not in the log`)
      }
      const manifest = await manifestOf(cid)
      const status = statusJson(seen.status)
      const isWaiting = !ENDED.includes(status.state) && isWriterAway()
      // what has been folded may be on the disk only in a moment: the log is asked for next
      await process.durable()
      return {
        job: textOf(cid),
        manifest: manifest && Buffer.from(manifest).toString('base64'),
        status,
        phase: seen.phase,
        detail: seen.detail,
        waitingFor: seen.waitingFor ?? (isWaiting ? 'the ledger' : null),
      }
    },
    end(cid) {
      const result = resultOf(jobOf(cid))
      if (result === undefined) return { outcome: null, stdout: null, stderr: null, output: null }
      const { stdout, stderr, output } = result
      return {
        outcome: outcomeText(result),
        stdout: textOf(stdout.cid),
        stderr: textOf(stderr.cid),
        output: textOf(output.cid),
      }
    },
  }
}

function recordsOf(job: Job | undefined): AnyRecord[] {
  if (job === undefined) return []
  const logged = [job.hold, job.cancel, job.settle, ...job.leases]
  const runs = job.leases.flatMap(({ decline, receipts }) => [
    decline,
    ...receipts,
    ...receipts.flatMap(({ verdicts }) => verdicts),
  ])
  const records = [...logged, ...runs].flatMap((one) => (one === undefined ? [] : [one.record]))
  return [job.manifest, ...records]
}

/** The receipt that was settled, or else the last one. */
function resultOf(job: Job | undefined): Result | undefined {
  const receipts = (job?.leases ?? []).flatMap((lease) => lease.receipts)
  const settled = job?.settle?.record.body.receipt
  const paid = receipts.find(({ record }) => settled?.equals(record.cid) === true)
  return (paid ?? receipts.at(-1))?.record.body.result
}

/** `exited(0)`, `trapped(unreachable)`, `out-of-fuel` … */
function outcomeText({ outcome }: Result): string {
  switch (outcome.type) {
    case 'exited':
      return `exited(${outcome.code})`
    case 'trapped':
      return `trapped(${outcome.trap})`
    case 'cancelled':
      return `cancelled(${outcome.atFuel})`
    default:
      return outcome.type
  }
}

function statusJson(status: JobStatus): JobJson['status'] {
  if (!('receipt' in status)) return status
  const receipt = status.receipt && textOf(status.receipt)
  return { ...status, receipt } as JobJson['status']
}
