/**
 * What is passed on of what neighbours say to everybody. A message that does not open is refused
 * for its bytes; a job that the log writer did not allow is not passed on and not heard here.
 */
import {
  type AnyRecord,
  type Charter,
  type Message,
  openMessage,
  Refusal,
} from '@planetary-mesh/spec'
import type { Judgement } from '../libp2p/gossip.ts'
import type { Opener } from '../opener.ts'

/** What roles say to everybody; all else goes from one to another. */
const BROADCAST: readonly Message['type'][] = ['announce', 'advert', 'log']

/** `charterNow` is the version in force here, or the pinned one before the log is read. */
export function openJudge(given: { open: Opener; charterNow: () => Charter }) {
  return (bytes: Uint8Array): Judgement => {
    const message = opened(bytes, given.open)
    if (message === undefined || !BROADCAST.includes(message.type)) return 'reject'
    if (message.type !== 'announce') return 'accept'
    if (!isAllowedJob(message.opened)) return 'reject'
    // who writes the log is something that honest members may know at different times
    return message.opened[2]?.author === given.charterNow().body.writer ? 'accept' : 'ignore'
  }
}

function opened(bytes: Uint8Array, open: Opener): Message | undefined {
  try {
    return openMessage(bytes, open)
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/** Manifest, hold, and a decision that allows this very hold. */
function isAllowedJob([manifest, hold, decision]: readonly AnyRecord[]): boolean {
  return (
    manifest?.kind === 'manifest' &&
    hold?.kind === 'hold' &&
    decision?.kind === 'decision' &&
    decision.body.effect === 'allow' &&
    decision.body.hold.equals(hold.cid) &&
    hold.body.manifest.equals(manifest.cid)
  )
}
