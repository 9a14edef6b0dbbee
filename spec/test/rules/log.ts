/**
 * An honest log writer, and one that can be told to lie. Everything it writes, and what that names,
 * is kept as blocks, so that a replica or `verifyChain` reads them as a stranger would.
 */

import assert from 'node:assert/strict'
import {
  Anchor,
  type AnyRecord,
  append,
  appendLeaf,
  type Block,
  type Charter,
  type CID,
  conservationProblems,
  type LedgerState,
  type Linked,
  LogEntry,
  type Logged,
  NO_PEAKS,
  openLedger,
  originOf,
  type Peaks,
  type Policies,
  Refusal,
  rootOf,
  type Signer,
  signCheckpoint,
} from '@planetary-mesh/spec'
import { CHARTER, dora, FILE_BLOCKS, startMs } from './world.ts'

/** What a lying or clumsy writer may do differently when it anchors. */
export type AnchorOver = Partial<Anchor> & { signer?: Signer; origin?: string }

export class Log {
  readonly genesis: CID
  readonly ledger: LedgerState
  readonly blocks = new Map<string, Uint8Array>()
  readonly anchors: CID[] = []
  /** The time of the next entry; tests move it. */
  atMs = startMs
  /** The refusal of the first entry that the fold would not take, if there is one. */
  lie: Refusal | undefined
  readonly #records = new Map<string, AnyRecord>()
  #open: CID[] = []
  #peaks: Peaks = NO_PEAKS

  /** A log of the federation of `charter`; a liar's begins with another one. */
  constructor(charter: Charter = CHARTER, first = charter, policies?: Policies) {
    this.genesis = charter.cid
    this.ledger = openLedger(charter.cid, policies)
    for (const block of FILE_BLOCKS) this.put(block)
    if (first === charter) this.append(charter)
    else this.write(first)
  }

  get size(): number {
    return this.#peaks.size
  }

  readonly get = (cid: CID): Uint8Array | undefined => this.blocks.get(cid.toString())

  readonly linked: Linked = (cid) => this.#records.get(cid.toString())

  put({ cid, bytes }: Block): void {
    this.blocks.set(cid.toString(), bytes)
  }

  /** A record outside the log that entries may name: a manifest, a bid, an award. */
  know<R extends AnyRecord>(record: R): R {
    this.put(record)
    this.#records.set(record.cid.toString(), record)
    return record
  }

  /** Appends as an honest writer does: the fold first. Throws its refusal. */
  append<R extends AnyRecord>(record: R): Logged<AnyRecord> {
    const logged = append(this.ledger, record, this.atMs, this.linked)
    assert.deepEqual(conservationProblems(this.ledger), [])
    this.force(record)
    return logged
  }

  /** Appends if the fold allows it, and lies if not. */
  write<R extends AnyRecord>(record: R): R {
    if (this.lie === undefined) {
      try {
        this.append(record)
        return record
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        this.lie = error
      }
    }
    this.force(record)
    return record
  }

  /** Writes an entry without asking the fold. */
  force(record: AnyRecord, atMs = this.atMs): void {
    this.know(record)
    const entry = LogEntry.encode({ record: record.cid, atMs })
    this.put(entry)
    this.#open.push(entry.cid)
    this.#peaks = appendLeaf(this.#peaks, entry.cid.bytes)
  }

  /** Anchors what is open. Gives the anchor's CID, the head that a reader starts from. */
  anchor(over: AnchorOver = {}): CID {
    const { signer = dora, origin = originOf(this.genesis), ...rest } = over
    const honest = {
      previous: this.anchors.at(-1) ?? null,
      entries: this.#open,
      size: this.#peaks.size,
      root: rootOf(this.#peaks),
      charter: this.ledger.charters.at(-1)?.record.cid ?? this.genesis,
      ...rest,
    }
    const { size, root, charter } = honest
    const checkpoint = signCheckpoint({ origin, size, root, charter }, signer)
    const anchor = Anchor.encode({ checkpoint, ...honest })
    this.put(anchor)
    this.anchors.push(anchor.cid)
    this.#open = []
    return anchor.cid
  }

  /** Another history from here on: what it writes is not in this log. */
  fork(): Log {
    const fork = new Log()
    Object.assign(fork, { lie: new Refusal('EQUIVOCATION', 'a second history'), atMs: this.atMs })
    fork.anchors.push(...this.anchors)
    for (const [key, bytes] of this.blocks) fork.blocks.set(key, bytes)
    fork.#peaks = this.#peaks
    fork.#open = [...this.#open]
    return fork
  }
}
