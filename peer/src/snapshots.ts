/**
 * Writes down now and then what a process has folded, so that its next start reads that and folds
 * only what came later. Source: ADR 0011.
 */
import {
  type AnyRecord,
  LIMITS,
  Refusal,
  type Replica,
  readSnapshot,
  type Signer,
  sha256,
  snapshotOf,
  textOf,
  type Verify,
} from '@planetary-mesh/spec'
import type { Restore } from './load-log.ts'
import type { Notice } from './notice.ts'
import type { Snapshots } from './ports.ts'

export type SnapshotKeeper = {
  /** The newest one; what cannot be used is as good as none. */
  restore: Restore
  /** To be called when all that is folded is durable: writes one if enough came since the last. */
  take(replica: Replica): void
  /** The last one of a process that ends, if some came since. */
  takeLast(replica: Replica): Promise<void>
}

/** A process that ends writes another one after so much fewer entries. */
const LAST_SHARE = 8
/** Processes of one mesh write their first one up to half of the entries earlier than others. */
const SHARES = 512
/** So that what is written for each entry stays little, however many jobs are open. */
const ENTRIES_PER_JOB = 32

const refusalIn = ({ code, detail }: Refusal) => ({ code, detail })

export function openSnapshotKeeper(options: {
  snapshots: Snapshots | undefined
  signer: Signer
  verify: Verify
  /** Entries between two of them; more where there are many jobs to be written. */
  every: number
  log: (notice: Notice) => void
}): SnapshotKeeper {
  const { snapshots, signer, verify, every, log } = options
  // the first one at a time of its own: while it writes, a process does nothing else
  const [share = 0] = sha256(Buffer.from(signer.did))
  const first = every - Math.floor((every * share) / SHARES)
  let takenAt = 0
  let writing: Promise<void> | undefined

  const warn = (message: string, error: unknown) => {
    const why = error instanceof Refusal ? refusalIn(error) : { detail: String(error) }
    log({ level: 'warn', message, ...why })
  }

  const write = async (replica: Replica): Promise<void> => {
    takenAt = replica.ledger.size
    try {
      await snapshots?.write(snapshotOf(replica, signer))
    } catch (error) {
      warn('a snapshot of the log was not written', error)
    }
    writing = undefined
  }

  const takeAfter = (entries: number, replica: Replica): void => {
    const { ledger, problem, head } = replica
    if (snapshots === undefined || problem !== undefined || head === null) return
    if (ledger.jobs.size > LIMITS.snapshotJobsMax) return
    if (ledger.size - takenAt >= entries) writing ??= write(replica)
  }

  return {
    async restore(empty, open) {
      try {
        const bytes = await snapshots?.read()
        if (bytes === undefined) return undefined
        const snapshot = readSnapshot(bytes, signer.did, verify)
        const records = new Map<string, AnyRecord>()
        for (const cid of snapshot.records) records.set(textOf(cid), await open(cid))
        const replica = snapshot.open(empty, (cid) => records.get(textOf(cid)) as AnyRecord)
        takenAt = replica.ledger.size
        return replica
      } catch (error) {
        if (error instanceof Refusal && error.code === 'STORE_CLOSED') throw error
        warn('the snapshot of the log is not used', error)
        return undefined
      }
    },
    take(replica) {
      const due = takenAt === 0 ? first : every
      takeAfter(Math.max(due, ENTRIES_PER_JOB * replica.ledger.jobs.size), replica)
    },
    async takeLast(replica) {
      await writing
      takeAfter(every / LAST_SHARE, replica)
      await writing
    },
  }
}
