/**
 * What peers say to each other. A message is a DAG-CBOR map with a `type`; the records in it travel
 * as their own bytes and are opened at the door, so that a step only ever sees opened records.
 * Heartbeats and progress are messages, not records. Source: protocol.md "Transport".
 */
import { z } from 'zod'
import { isCode, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { type AnyRecord, openAny } from '../records/any-record.ts'
import { decodeBlock, encodeCanonical } from '../records/block.ts'
import type { CID } from '../records/cid.ts'
import { Amount, Bytes, fitText, Scope, text } from '../records/fields.ts'
import { Link } from '../records/links.ts'
import { parse } from '../records/record.ts'

/** Records travel as their bytes and are opened while a message is read. */
const records = (max: number) => z.array(Bytes).max(max)

/** A refusal on the wire. */
const DETAIL_BYTES_MAX = 2048

/** What a node's owner lets the mesh use, and how much of it is free now. */
export const Capacity = z.strictObject({
  slots: z.int().min(0).max(1024),
  freeSlots: z.int().min(0).max(1024),
  /** Leases that wait for a slot. */
  queued: Amount,
  memoryPages: Amount,
  cores: z.int().min(0).max(1024),
  location: text(64),
  /** Whose jobs the owner takes; empty for everybody's. */
  scopes: z.array(Scope).max(LIMITS.scopesMax),
  profile: text(64),
})
export type Capacity = z.infer<typeof Capacity>

export const WireError = z.strictObject({
  code: z.string().refine(isCode, 'no such code'),
  detail: text(DETAIL_BYTES_MAX),
  values: z.record(z.string(), Amount),
})

/**
 * A request is named by the first record it brings, and its answer says which one it answers: a
 * retry is a resend. `log` messages carry one anchor with the blocks of its entries, their records
 * and what those name.
 */
const SHAPES = z.discriminatedUnion('type', [
  /**
   * Anyone to the writer: log these (an award asks for its lease). `linked` are the records that
   * they name: manifest, award, bids.
   */
  z.strictObject({
    type: z.literal('append'),
    records: records(8),
    linked: records(LIMITS.bidsMax + 8),
  }),
  /** The writer: done, with the records it sealed for it (decision, lease, settle). */
  z.strictObject({
    type: z.literal('appended'),
    request: Link,
    records: records(16),
    index: Amount,
  }),
  /** Anyone to the asker: no. `records` hold a sealed deny. */
  z.strictObject({
    type: z.literal('refused'),
    request: Link,
    error: WireError,
    records: records(8),
  }),
  /** Home to everybody: a job to bid on, with the writer's decision that it may cost. */
  z.strictObject({ type: z.literal('announce'), records: records(3) }),
  /** Bidder to home. */
  z.strictObject({ type: z.literal('offer'), records: records(1) }),
  /** Bidder to home: not me, and why. */
  z.strictObject({ type: z.literal('pass'), manifest: Link, error: WireError }),
  /** Home to the winner: award, its bids, manifest, hold, decision. */
  z.strictObject({ type: z.literal('awarded'), records: records(LIMITS.bidsMax + 8) }),
  /** Executor to home, for people: it changes nothing. */
  z.strictObject({
    type: z.literal('progress'),
    manifest: Link,
    phase: z.enum(['assigned', 'running', 'completed', 'failed']),
    detail: text(512),
  }),
  /** Writer to everybody: one batch of the log. */
  z.strictObject({
    type: z.literal('log'),
    anchor: Link,
    blocks: z.array(Bytes).max(LIMITS.batchBlocksMax),
  }),
  /** Reader to the writer: I have this much, send what follows. */
  z.strictObject({ type: z.literal('behind'), from: Amount }),
  /** Executor to everybody, now and then: I am here, and this is free. */
  z.strictObject({ type: z.literal('advert'), capacity: Capacity }),
  /** Witness to the writer: my cosignature of that anchor's checkpoint. */
  z.strictObject({ type: z.literal('cosigned'), anchor: Link, note: text(4096) }),
])

export type WireMessage = z.infer<typeof SHAPES>

/** A message whose records are opened and signed; blocks of a `log` message stay bytes. */
export type Message = WireMessage & { opened: readonly AnyRecord[]; named: readonly AnyRecord[] }

export type WireError = z.infer<typeof WireError>

export function encodeMessage(message: WireMessage): Uint8Array {
  return encodeCanonical(message, LIMITS.messageBytesMax)
}

/** Refuses with BLOCK_…, MESSAGE_MALFORMED, and whatever opening one of its records refuses. */
export function openMessage(
  bytes: Uint8Array,
  open: (bytes: Uint8Array, cid?: CID) => AnyRecord = (bytes) => openAny(bytes),
): Message {
  const value = decodeBlock(bytes, { bytesMax: LIMITS.messageBytesMax })
  const message = shaped(value)
  const opened = 'records' in message ? message.records.map((bytes) => open(bytes)) : []
  const named = 'linked' in message ? message.linked.map((bytes) => open(bytes)) : []
  return { ...message, opened, named }
}

function shaped(value: unknown): WireMessage {
  try {
    return parse(SHAPES, value, 'message')
  } catch (error) {
    if (error instanceof Refusal) {
      throw new Refusal('MESSAGE_MALFORMED', error.detail, { cause: error })
    }
    throw error
  }
}

/** A refusal as it travels, and back. */
export function toWireError({ code, detail, values }: Refusal): WireError {
  return { code, detail: fitText(detail, DETAIL_BYTES_MAX), values: { ...values } }
}

export function fromWireError(error: WireError): Refusal {
  const { code, detail, values } = error
  return new Refusal(isCode(code) ? code : 'MESSAGE_MALFORMED', detail, { values })
}

type Sent = { readonly bytes: Uint8Array }

const bytesOf = (records: readonly Sent[]) => records.map(({ bytes }) => bytes)

/** "Log these": the last record is what is asked, those before it are what it needs. */
export function appendMessage(records: readonly Sent[], linked: readonly Sent[] = []): WireMessage {
  return { type: 'append', records: bytesOf(records), linked: bytesOf(linked) }
}

/** A message that is nothing but its records. */
export function recordsMessage(
  type: 'announce' | 'offer' | 'awarded',
  records: readonly Sent[],
): WireMessage {
  return { type, records: bytesOf(records) }
}
