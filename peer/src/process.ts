/** A process of roles as those see it who start one, ask it, and look at it. */
import type {
  Answer,
  Block,
  Call,
  CID,
  Did,
  Message,
  Policies,
  Reader,
  Replica,
  RoleName,
  Sealed,
  Signer,
  Verify,
} from '@planetary-mesh/spec'
import type { LogRange } from './log-range.ts'
import type { Notice } from './notice.ts'
import type { Opener } from './opener.ts'
import type { Ports } from './ports.ts'

export type ServeOptions = {
  signer: Signer
  /** The pinned charter, and the writer it names: where the log is asked for before it is known. */
  genesis: CID
  writer: Did
  /** The process's own from here on: closing it closes them. */
  ports: Ports
  verify?: Verify
  /** Of a log writer that has begun its log before, whatever is on its disk: its witnesses. */
  begun?: readonly Did[] | undefined
  /** What policies in CCL are asked through; without it a charter that has one is not folded. */
  policies?: Policies
  opener?: Opener
  /** How messages and log blocks are read; by default with nothing remembered but records. */
  reader?: Reader
  readMessage?: (bytes: Uint8Array) => Message
  /** How many between two snapshots; default: as the limits say. */
  entriesPerSnapshot?: number
  log?: (notice: Notice) => void
}

export type Process = {
  readonly did: Did
  /** Refuses OVERLOADED, STORE_CLOSED, REQUEST_UNKNOWN; the answer may itself be a refusal. */
  call(request: Call): Promise<Answer>
  /**
   * Asks the log writer to log these, and what they name; the index of the last one once it is
   * durable there. Refuses as the writer does, with LEDGER_AWAY, OVERLOADED, STORE_CLOSED.
   */
  append(records: readonly Sealed[], linked?: readonly Sealed[]): Promise<number>
  /** Calls back after every event, until the function it gives is called. */
  watch(listener: () => void): () => void
  readonly replica: Replica
  /** What this process has folded, from its own blocks, for others to fold. */
  readonly logRange: LogRange
  /** The same as a row of blocks, and last the cosignatures that its roles know of. */
  logBlocks(fromSize: number, signal?: AbortSignal): AsyncIterable<Block>
  /** Resolves when what `replica` has folded so far is on the disk. */
  durable(): Promise<void>
  /** What each role holds, to look at: tests and invariants. */
  readonly states: ReadonlyMap<RoleName, unknown>
  /** Messages that were not taken: the queue was full, or they did not open. */
  readonly dropped: { readonly overload: number; readonly refused: number }
  /** Why the process stopped by itself, if it did. */
  readonly fault: unknown
  /** Resolves when the process has stopped: with its fault, or undefined. */
  readonly ended: Promise<unknown>
  /** Resolves when every event so far, and every effect of it, is done. Runs may go on. */
  idle(): Promise<void>
  /** Finishes the event in hand, drops what waits, closes the ports. */
  close(): Promise<void>
  /** As a crash: nothing more happens, whatever was under way, and no port is touched. */
  kill(): void
}
