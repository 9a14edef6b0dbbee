/**
 * The log as a stranger reads it from a member's store over its control API: every block hashed,
 * every entry folded again, nothing believed.
 */
import assert from 'node:assert/strict'
import type { ControlClient } from '@planetary-mesh/peer'
import {
  Anchor,
  type AnyRecord,
  anchorsBack,
  attempt,
  type Block,
  type CID,
  CODEC,
  type Did,
  ensureHash,
  type Job,
  LogEntry,
  openAny,
  openReplica,
  plainReader,
  Refusal,
  type Replica,
  receive,
  verifyChain,
} from '@planetary-mesh/spec'
import { charter } from './daemons.ts'

export type ReadLog = {
  head: CID
  blocks: Map<string, Block>
  replica: Replica
  get(cid: CID): Uint8Array | undefined
  job(cid: CID): Job
}

/** From the member that is asked, or through it from `via`. Refuses what is not what it says. */
export async function readLog(
  from: Pick<ControlClient, 'log'>,
  given: { via?: Did } = {},
): Promise<ReadLog> {
  const blocks = new Map<string, Block>()
  const replica = openReplica(charter.cid, { keepsAll: true })
  const anchors: { cid: CID; size: number }[] = []
  const get = (cid: CID) => blocks.get(`${cid}`)?.bytes
  for await (const block of from.log(given)) {
    ensureHash(block.cid, block.bytes)
    blocks.set(`${block.cid}`, block)
    const isRecord = block.cid.code === CODEC['dag-cbor']
    const anchor = isRecord ? attempt(() => Anchor.decode(block.bytes, block.cid)) : undefined
    if (anchor !== undefined && !(anchor instanceof Refusal)) {
      anchors.push({ cid: block.cid, size: anchor.size })
    }
  }
  for (const { cid } of anchors.sort((a, b) => a.size - b.size)) {
    const received = receive(replica, { anchor: cid, get }, plainReader())
    if (received.type === 'stopped') {
      throw new Refusal(received.problem.code, received.problem.detail)
    }
  }
  const { head } = replica
  assert.ok(head, 'a log has an anchor')
  return {
    head,
    blocks,
    replica,
    get,
    job(cid) {
      const job = replica.ledger.jobs.get(`${cid}`)
      assert.ok(job, `${cid} is in the log`)
      return job
    },
  }
}

/** Every record of the log, oldest first, found from its newest anchor by links alone. */
export function walk({ head, get }: ReadLog): { entries: CID[]; records: AnyRecord[] } {
  const back = anchorsBack(head, get)
  assert.ok('anchors' in back, 'every anchor is there')
  const entries = back.anchors.flatMap((cid) => [...Anchor.decode(need(get, cid), cid).entries])
  const records = entries.map((cid) => {
    const { record } = LogEntry.decode(need(get, cid), cid)
    return openAny(need(get, record), { cid: record })
  })
  return { entries, records }
}

export function need(get: ReadLog['get'], cid: CID): Uint8Array {
  const bytes = get(cid)
  assert.ok(bytes, `no block ${cid}`)
  return bytes
}

/** Both check marks of a receipt, over a log and the files that `source` has. */
export async function check(
  log: ReadLog,
  receipt: CID,
  source: Pick<ControlClient, 'dag'>,
): Promise<ReturnType<typeof verifyChain>> {
  const blocks = new Map(log.blocks)
  const job = log.replica.ledger.jobOf.get(`${receipt}`)
  const found = job?.leases
    .flatMap(({ receipts }) => receipts)
    .find(({ record }) => record.cid.equals(receipt))
  const { module, inputs } = job?.manifest.body ?? {}
  const { stdout, stderr, output } = found?.record.body.result ?? {}
  for (const file of [module, stdout, stderr, output, ...(inputs ?? []).map(({ file }) => file)]) {
    if (file === undefined) continue
    for await (const block of source.dag(file.cid)) blocks.set(`${block.cid}`, block)
  }
  const get = (cid: CID) => blocks.get(`${cid}`)?.bytes
  return verifyChain({ receipt, head: log.head, genesis: charter.cid, get })
}
