/**
 * What must hold after every event, over everything the simulation can see: the messages as they
 * were sent, the anchors as the writer signed them, the states of the live processes. Numbers are
 * those of architecture.md.
 */

import type { Book } from '@planetary-mesh/federation'
import {
  Anchor,
  type AnyRecord,
  actCid,
  type CID,
  cidOf,
  conservationProblems,
  type Did,
  LogEntry,
  type Message,
  type Replica,
  textOf,
} from '@planetary-mesh/spec'
import { Auditor } from './auditor.ts'

export class Invariants {
  readonly auditor = new Auditor()
  /** Anchors in log order, as they were first broadcast, with everything they carried. */
  readonly blocks = new Map<string, Uint8Array>()
  #head: string | null = null
  #size = 0
  readonly #rootOfSize = new Map<number, string>()
  readonly #waiting = new Map<string, string>()
  readonly #receiptOf = new Map<string, string>()
  readonly #verdictOf = new Map<string, string>()
  readonly #records = new Map<string, AnyRecord>()
  readonly #liars: ReadonlySet<Did>
  /** How far each replica was when it was last compared. */
  readonly #seen = new WeakMap<Replica, number>()

  constructor(liars: ReadonlySet<Did>) {
    this.#liars = liars
  }

  /** Every message that anybody sends passes here, before it can be lost. */
  said(from: Did, message: Message): void {
    if (message.type === 'log') return this.#log(message.anchor, message.blocks)
    for (const record of [...message.opened, ...message.named]) {
      if (record.author !== from || this.#liars.has(from)) continue
      if (record.kind === 'receipt') {
        this.#once(
          this.#receiptOf,
          `${from} ${record.body.lease}`,
          record,
          'one receipt a lease (8)',
        )
      }
      if (record.kind === 'verdict') {
        const about = `${from} ${record.body.receipt}`
        this.#once(this.#verdictOf, about, record, 'one verdict a receipt (8)')
      }
    }
  }

  #once(seen: Map<string, string>, about: string, record: AnyRecord, invariant: string): void {
    const act = textOf(actCid(record))
    const before = seen.get(about)
    seen.set(about, act)
    this.auditor.check(invariant, before === undefined || before === act, () => about)
  }

  #log(cid: CID, blocks: readonly Uint8Array[]): void {
    for (const bytes of blocks) this.blocks.set(cidOf('dag-cbor', bytes).toString(), bytes)
    const anchor = this.#anchor(textOf(cid))
    if (anchor === undefined) return
    const root = Buffer.from(anchor.root).toString('hex')
    const before = this.#rootOfSize.get(anchor.size)
    this.#rootOfSize.set(anchor.size, root)
    const same = before === undefined || before === root
    this.auditor.check('one root a size (8)', same, () => `size ${anchor.size}`)
    if (before !== undefined) return
    this.#waiting.set(`${anchor.previous}`, textOf(cid))
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#read(next)
  }

  #next(): string | undefined {
    const next = this.#waiting.get(`${this.#head}`)
    this.#waiting.delete(`${this.#head}`)
    return next
  }

  #read(cid: string): void {
    const anchor = this.#anchor(cid)
    if (anchor === undefined) return
    for (const link of anchor.entries) {
      const entry = LogEntry.decode(this.blocks.get(textOf(link)) as Uint8Array)
      const record = this.#find(textOf(entry.record))
      if (record === undefined) continue
      this.auditor.read({ record, atMs: entry.atMs, index: this.#size }, (name) => this.#find(name))
      this.#size += 1
    }
    this.#head = cid
  }

  #anchor(cid: string): Anchor | undefined {
    const bytes = this.blocks.get(cid)
    return bytes === undefined ? undefined : Anchor.decode(bytes)
  }

  #find(cid: string): AnyRecord | undefined {
    return this.#records.get(cid)
  }

  /** Records as somebody opened them; the invariants open none themselves. */
  knows(record: AnyRecord): void {
    this.#records.set(textOf(record.cid), record)
  }

  /** The writer's own book, after an event. */
  book(book: Book | undefined): void {
    if (book === undefined) return
    const problems = conservationProblems(book.ledger)
    this.auditor.check('issued = free + held + spent + returned (4)', problems.length === 0, () =>
      problems.join('; '),
    )
  }

  /** A live process's copy of the log, after an event. */
  replica(replica: Replica): void {
    const { auditor } = this
    const { problem } = replica
    auditor.check('an honest log stops no replica (6)', problem === undefined, () =>
      JSON.stringify(problem),
    )
    const last = replica.anchors.at(-1)
    if (last === undefined || this.#seen.get(replica) === last.size) return
    this.#seen.set(replica, last.size)
    const root = this.#rootOfSize.get(last.size)
    const same = root === Buffer.from(last.root).toString('hex')
    auditor.check('same log, same root, on every replica (6)', same, () => `size ${last.size}`)
  }

  get head(): string | null {
    return this.#head
  }

  get size(): number {
    return this.#size
  }
}
