/** What an executor remembers between events, and what its owner set. */
import type { Bid, CID, Decline, Did, Message, Receipt } from '@planetary-mesh/spec'
import type { Hours } from './hours.ts'

export type ExecutorConfig = {
  /** Runs side by side. */
  slots: number
  memoryPages: number
  cores: number
  location: string
  /** The price of a job, in ppm of the amount it holds. */
  pricePpm: number
  /** Fuel a millisecond on this machine at its slowest: what a promise of time is made from. */
  fuelPerMs: number
  /** The scopes whose jobs the owner takes; empty for all. */
  scopes: readonly string[]
  /** When the owner takes jobs; always if left out. */
  hours?: Hours
  profile: string
  bidValidMs: number
  resendMs: number
  /** How often it looks whether to say that it is here and what is free; never if left out. */
  advertMs?: number
}

/** A run of mine: leased and waiting for a slot, or running. */
export type Run = {
  lease: CID
  job: string
  priority: number
  phase: 'queued' | 'running'
  startedAtMs: number
}

export type ExecutorState = {
  /** My bids that an award may still name, by job. */
  bids: Map<string, Bid>
  /** Awards that I asked the ledger to lease, by award. */
  claims: Map<string, { message: Message & { type: 'awarded' }; home: Did }>
  /** By lease. */
  runs: Map<string, Run>
  /** Leases that I started once, ever: none is started again after a crash. */
  started: Set<string>
  /** Sealed receipts that the log does not hold yet, by lease. */
  receipts: Map<string, Receipt>
  /** Leases given up, as long as the log says that they are live. */
  declines: Map<string, Decline>
  /** The home that announced each job, for progress. */
  homes: Map<string, Did>
  /** The beats since the start, and what was said at the last one at which something was. */
  advert: { beat: number; said?: { beat: number; freeSlots: number; queued: number } }
}
