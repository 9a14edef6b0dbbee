/**
 * A role decides, a shell does. `step` takes a state it owns, one event and the little it may know
 * of the world, and returns the state with a list of effects; it has no clock, no randomness, no
 * promise and no disk. The daemons, the demo and the simulator run the very same steps.
 * Source: architecture.md "Deciding and doing".
 */
import type { AnyRecord } from './records/any-record.ts'
import type { Block } from './records/block.ts'
import type { CID } from './records/cid.ts'
import type { Did } from './records/did.ts'
import type { Manifest } from './records/kinds/manifest.ts'
import type { Receipt, Result } from './records/kinds/receipt.ts'
import type { Signer, Verify } from './records/signature.ts'
import type { LedgerState, Logged } from './rules/ledger/state.ts'
import type { Replica } from './rules/replica.ts'
import type { Answer, Call } from './wire/calls.ts'
import type { Message, WireError, WireMessage } from './wire/messages.ts'

export type RoleName = 'home' | 'executor' | 'ledger' | 'witness' | 'verifier'

/** What a step may know. The replica is the process's copy of the log: read it, never change it. */
export type Env = {
  readonly nowMs: number
  readonly self: Signer
  readonly genesis: CID
  readonly replica: Replica
  readonly verify: Verify
  /** Opens record bytes from the journal; the shell remembers what it opened. */
  readonly open: (bytes: Uint8Array) => AnyRecord
}

/** A finished run as the sandbox and the file import made it. */
export type Ran = { result: Result; measured: Receipt['body']['measured'] }

export type RunEnd =
  | ({ type: 'done' } & Ran)
  /** The module or an input is not what it should be, or may not run. */
  | { type: 'refused'; error: WireError }
  /** Our own machine failed. */
  | { type: 'fault'; reason: string; detail: string }

export type Event =
  /** The first event of a process: this role's own journal, oldest first. */
  | { type: 'start'; journal: readonly unknown[] }
  | { type: 'message'; from: Did; message: Message }
  /** The replica took these entries, in log order. */
  | { type: 'log'; entries: readonly Logged<AnyRecord>[]; anchors: readonly CID[] }
  | { type: 'call'; call: number; request: Call }
  | { type: 'timer'; name: string }
  | { type: 'ran'; run: string; end: RunEnd }

export type Effect =
  /** Durable, with its blocks, before any later effect of this step. `entry` is DAG-CBOR data. */
  | { do: 'record'; entry: unknown; blocks?: readonly Block[] }
  | { do: 'send'; to: Did; message: WireMessage }
  | { do: 'broadcast'; message: WireMessage }
  /** One `timer` event at `atMs` or later; replaces the timer of the same name. */
  | { do: 'timer'; name: string; atMs: number }
  /** Runs the manifest's job, at most `wallMs`; one `ran` event with the same name follows. */
  | { do: 'run'; run: string; manifest: Manifest; wallMs: number; cancelAtFuel?: number }
  /** Asks a run to stop; its `ran` event says where it stopped. */
  | { do: 'cancel'; run: string }
  | { do: 'answer'; call: number; answer: Answer }

export type Step<S> = { state: S; effects: Effect[] }

export type Role<S = unknown> = {
  readonly name: RoleName
  init(): S
  step(state: S, event: Event, env: Env): Step<S>
  /** Blocks that the log does not hold and its readers are given with it: cosignatures. */
  notes?(state: S): readonly CID[]
  /**
   * Whether an entry of its journal says nothing any more, where the log has been folded so far; it
   * is then left out of the journal that the role starts with.
   */
  isOver?(entry: unknown, ledger: LedgerState): boolean
  /** Of the role that writes the log. */
  readonly own?: OwnLog
}

/**
 * What a log writer's own journal says of its log. A disk may be an older copy than what its writer
 * has signed since: others have that, and it goes back into the journal before the role starts.
 */
export type OwnLog = {
  /** How many entries the newest anchor in the journal covers. */
  anchored(journal: readonly unknown[]): number
  /** Whether an entry of the journal is this anchor: who has folded it needs none before. */
  isAnchor(entry: unknown, cid: CID): boolean
  /**
   * What the journal lacks of the batch that follows, as entries of its own. Refuses EQUIVOCATION
   * where it holds entries that this batch has not.
   */
  adopt(journal: readonly unknown[], anchor: CID, blocks: readonly Block[]): unknown[]
}
