/**
 * The ports of a process: everything it does to the world goes through one of these. Each has an
 * in-memory twin and an exam (`peer/test/exams/`) that any implementation must pass, the unhappy
 * half included. Where a port was closed, or its disk crashed, it refuses with STORE_CLOSED.
 * Source: architecture.md "Deciding and doing".
 */
import type { Block, CID, Did, Manifest, Ran, Signer } from '@planetary-mesh/spec'

/** Content-addressed blocks. Every read is hashed again: a wrong block is refused, never given. */
export type Blocks = {
  /**
   * All of them, or none and a refusal; durable when it resolves. Refuses BLOCK_CID_MISMATCH,
   * STORE_FULL, STORE_CLOSED. Putting what is there already mends it if it was spoiled.
   */
  put(blocks: readonly Block[]): Promise<void>
  /**
   * The bytes, the caller's own, or undefined where nobody asked has them: a store on a network
   * asks other members too, and may keep what it got. Refuses BLOCK_CID_MISMATCH, STORE_CLOSED.
   */
  get(cid: CID): Promise<Uint8Array | undefined>
  /** Whether it is held here. */
  has(cid: CID): Promise<boolean>
  /** Every block held here, in no order. Refuses as `get` does. */
  all(): AsyncIterable<Block>
  close(): Promise<void>
}

/** An append-only file of one process, which has one writer at a time. */
export type Journal = {
  /**
   * All of them durable when it resolves, or none is ever seen; in the order of the calls.
   * Refuses STORE_FULL, STORE_CLOSED.
   */
  append(entries: readonly Uint8Array[]): Promise<void>
  /** What is durable: whole entries, oldest first. Refuses JOURNAL_CORRUPT, STORE_CLOSED. */
  read(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** The newest snapshot of what a process has folded; one that is lost costs only time. */
export type Snapshots = {
  /** The bytes of the last write that resolved, or undefined. */
  read(): Promise<Uint8Array | undefined>
  /** In place of what was there; durable when it resolves. Refuses STORE_FULL, STORE_CLOSED. */
  write(bytes: Uint8Array): Promise<void>
}

/** Messages between members: may be lost, doubled, late, swapped; the sender is who it says. */
export type Transport = {
  /** Never throws for who is away; a message to nobody is lost. */
  send(to: Did, message: Uint8Array): void
  /** To every other member that is listening. */
  broadcast(message: Uint8Array): void
  /** One listener; a second replaces the first. Nothing is heard before there is one. */
  listen(onMessage: (from: Did, message: Uint8Array) => void): void
  /**
   * A range of another member's log in one go, where there is such a way; without it, the log comes
   * by messages. Refuses PEER_AWAY and what the other side refuses.
   */
  pullLog?(from: Did, fromSize: number, signal: AbortSignal): AsyncIterable<Block>
  /** Nothing is sent or heard any more. */
  close(): Promise<void>
}

/** Time in ms since 1970. */
export type Clock = {
  nowMs(): number
  /**
   * Calls back once, later, at `atMs` or after it, unless cancelled by the function returned;
   * cancelling twice or too late does nothing. Earlier alarms ring first.
   */
  at(atMs: number, callback: () => void): () => void
}

/** Keys of this process or person; a key never leaves its ring. */
export type Keyring = {
  signer(did: Did): Signer | undefined
  dids(): readonly Did[]
}

export type Random = { bytes(count: number): Uint8Array }

/** Runs a manifest's job: fetches, checks, runs, imports the outputs into blocks. */
export type Exec = {
  /**
   * Refuses (Refusal) a module or input that is missing, altered or may not run; throws HostFault
   * where this machine failed. At most `wallMs` of real time. `signal` cancels: the result's
   * outcome says where it stopped; `cancelAtFuel` replays a cancel to that very host call.
   */
  run(
    manifest: Manifest,
    options: { wallMs: number; signal: AbortSignal; cancelAtFuel?: number },
  ): Promise<Ran>
  close(): Promise<void>
}

/** What `serve` needs of the world; its key and its chance come with the roles. */
export type Ports = {
  blocks: Blocks
  journal: Journal
  /** Without it a start folds the log from its first entry. */
  snapshots?: Snapshots
  transport: Transport
  clock: Clock
  exec: Exec
}
