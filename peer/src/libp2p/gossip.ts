/**
 * Small messages to everybody, passed on from neighbour to neighbour. What a neighbour passes on is
 * not its own, so each message travels in an envelope signed by its author, and that is the sender
 * the roles are told: to it they answer. A nonce makes saying the same again another message; else
 * gossip would swallow every retry.
 *
 * Nothing is passed on that was not opened first. A message is *rejected*, which costs the
 * neighbour, only for what its bytes alone show: any honest member would have stopped it. What
 * depends on who knows which charter is merely *ignored*.
 */
import { randomBytes } from 'node:crypto'
import type { GossipSub, TopicValidatorResult } from '@libp2p/gossipsub'
import {
  admit,
  type Did,
  decodeBlock,
  encodeBlock,
  isDid,
  LIMITS,
  Refusal,
  type Signer,
  sha256,
  verifySignature,
} from '@planetary-mesh/spec'
import type { Notice } from '../notice.ts'

/** Accept: heard and passed on. Reject only for what the bytes alone show. */
export type Judgement = 'accept' | 'reject' | 'ignore'

/** On the wire a list, in this order. */
type Envelope = { author: Did; nonce: Uint8Array; message: Uint8Array; signature: Uint8Array }

/** Our words are gossipsub's own; its enum alone would load all of it. */
const toResult = (judgement: Judgement) => judgement as TopicValidatorResult

const NONCE_BYTES = 8
const ENVELOPE_BYTES = 256

/** The limit of what is sent by gossip; larger messages go to each member over its stream. */
export const fitsGossip = (message: Uint8Array) => message.length <= LIMITS.gossipBytesMax

/** Gossip scores that see only messages that honest members do not pass on. */
export function gossipScores(topic: string) {
  const invalid = { invalidMessageDeliveriesWeight: -1, invalidMessageDeliveriesDecay: 0.9 }
  const quiet = {
    topicWeight: 1,
    timeInMeshWeight: 0,
    timeInMeshQuantum: 1000,
    timeInMeshCap: 1,
    firstMessageDeliveriesWeight: 0,
    firstMessageDeliveriesDecay: 0.5,
    firstMessageDeliveriesCap: 1,
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: 0.5,
    meshMessageDeliveriesCap: 1,
    meshMessageDeliveriesThreshold: 1,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: 1000,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: 0.5,
  }
  // many members behind one address are no crime: a laboratory has one
  return { IPColocationFactorWeight: 0, topics: { [topic]: { ...quiet, ...invalid } } }
}

/** The name of a message: sha-256 of its envelope. */
export const gossipId = ({ data }: { data: Uint8Array }) => sha256(data)

export type Gossip = {
  /** Resolves to those whom it was handed to. */
  publish(message: Uint8Array): Promise<ReadonlySet<string>>
  close(): void
}

export function openGossip(options: {
  pubsub: GossipSub
  topic: string
  signer: Signer
  isMember: (did: Did) => boolean
  judge: (message: Uint8Array) => Judgement
  onMessage: (from: Did, message: Uint8Array) => void
  log: (notice: Notice) => void
}): Gossip {
  const { pubsub, topic, signer, isMember, judge, onMessage } = options

  const signed = (author: Did, nonce: Uint8Array, message: Uint8Array) =>
    encodeBlock(['mesh/0', 'broadcast', topic, author, nonce, message]).bytes

  /** Cheap checks first: a stranger's message costs no signature. */
  const judged = (data: Uint8Array): Judgement => {
    const { author, nonce, message, signature } = envelopeIn(data)
    if (author === signer.did || !isMember(author)) return 'ignore'
    if (!verifySignature(author, signed(author, nonce, message), signature)) return 'reject'
    const judgement = judge(message)
    if (judgement === 'accept') onMessage(author, message)
    return judgement
  }

  pubsub.topicValidators.set(topic, (_neighbour, { data }) => {
    try {
      return toResult(judged(data))
    } catch (error) {
      if (error instanceof Refusal) return toResult('reject')
      // gossip would swallow it
      options.log({ level: 'error', message: 'judging a message failed', detail: String(error) })
      return toResult('ignore')
    }
  })
  pubsub.subscribe(topic)

  return {
    async publish(message) {
      const { did: author } = signer
      const nonce = new Uint8Array(randomBytes(NONCE_BYTES))
      const signature = signer.sign(signed(author, nonce, message))
      const { bytes } = encodeBlock([author, nonce, message, signature], envelopeMax)
      const { recipients } = await pubsub.publish(topic, bytes)
      return new Set(recipients.map(String))
    },
    close() {
      pubsub.unsubscribe(topic)
      pubsub.topicValidators.delete(topic)
    },
  }
}

/** Refuses BLOCK_…, MESSAGE_MALFORMED. */
function envelopeIn(data: Uint8Array): Envelope {
  const value = decodeBlock(data, { bytesMax: envelopeMax })
  const [author, nonce, message, signature] = Array.isArray(value) ? value : []
  const isWhole =
    Array.isArray(value) &&
    value.length === 4 &&
    isDid(author) &&
    nonce instanceof Uint8Array &&
    message instanceof Uint8Array &&
    signature instanceof Uint8Array &&
    nonce.length === NONCE_BYTES &&
    fitsGossip(message)
  admit(isWhole, 'MESSAGE_MALFORMED', 'expected author, nonce, message, signature')
  return { author, nonce, message, signature }
}

const envelopeMax = LIMITS.gossipBytesMax + ENVELOPE_BYTES
