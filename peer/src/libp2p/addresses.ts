/**
 * Where members are: from the configuration, from what a member says of itself when it connects,
 * and from what members say of each other. Kept on the disk. An address grants nothing: whoever
 * answers there must prove the member's key.
 */

import { peerIdFromString } from '@libp2p/peer-id'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { type Did, decodeBlock, encodeBlock, isDid, LIMITS, Refusal } from '@planetary-mesh/spec'
import type { LevelNotes } from '../level/level-notes.ts'
import { didOf, peerIdOf } from './identity.ts'

export type AddressBook = {
  /** Newest first. */
  of(did: Did): readonly Multiaddr[]
  dids(): readonly Did[]
  /** A member's own word, or the owner's: in place of what was known. */
  learn(did: Did, addresses: readonly Multiaddr[]): void
  /** Somebody else's word: only until the member itself was heard. */
  hearsay(did: Did, addresses: readonly Multiaddr[]): void
  /** Resolves when what was learnt is on the disk, or failed to be. */
  written(): Promise<void>
}

/** Notes that fail to be written are only heard of again. */
export async function openAddressBook(
  notes: LevelNotes | undefined,
  bootstrap: readonly Multiaddr[],
): Promise<AddressBook> {
  const book = new Map<Did, Multiaddr[]>()
  const sure = new Set<Did>()
  let writing: Promise<unknown> = Promise.resolve()
  if (notes !== undefined) {
    for await (const [name, value] of notes.all()) {
      const did = name.slice(PREFIX.length)
      if (!name.startsWith(PREFIX) || !isDid(did)) continue
      book.set(did, readAddresses(did, value))
    }
  }

  const set = (did: Did, addresses: readonly Multiaddr[]) => {
    const kept = usable(did, addresses)
    if (kept.length === 0) return
    if (!book.has(did) && book.size >= LIMITS.membersMax) return
    const before = book.get(did) ?? []
    if (String(before) === String(kept)) return
    book.set(did, kept)
    const note = notes?.set(PREFIX + did, encodeBlock(kept.map(String)).bytes)
    if (note !== undefined) writing = Promise.allSettled([writing, note])
  }

  for (const address of bootstrap) {
    const did = namedIn(address)
    if (did !== undefined) set(did, [address, ...(book.get(did) ?? [])])
  }

  return {
    of: (did) => book.get(did) ?? [],
    dids: () => [...book.keys()],
    written: async () => void (await writing),
    learn(did, addresses) {
      sure.add(did)
      set(did, addresses)
    },
    hearsay(did, addresses) {
      if (!sure.has(did)) set(did, [...addresses, ...(book.get(did) ?? [])])
    },
  }
}

const PREFIX = 'addresses/'

/** The member that an address names with /p2p/, if it does. */
export function namedIn(address: Multiaddr): Did | undefined {
  const name = address.getComponents().findLast((part) => part.name === 'p2p')?.value
  try {
    return name === undefined ? undefined : didOf(peerIdFromString(name))
  } catch {
    return undefined
  }
}

/** Parses what somebody wrote or sent. Refuses MESSAGE_MALFORMED. */
export function parseAddress(text: unknown): Multiaddr {
  const isText = typeof text === 'string' && text.length <= LIMITS.addressBytesMax
  try {
    if (isText) return multiaddr(text)
  } catch {
    // refused below
  }
  throw new Refusal('MESSAGE_MALFORMED', `'${String(text).slice(0, 80)}' is no multiaddr`)
}

/** Distinct addresses that name the member; those of others are left out. */
function usable(did: Did, addresses: readonly Multiaddr[]): Multiaddr[] {
  const distinct = new Map<string, Multiaddr>()
  for (const address of addresses) {
    const named = namedIn(address)
    const whole = named === undefined ? address.encapsulate(`/p2p/${peerIdOf(did)}`) : address
    const text = whole.toString()
    const isTcp = whole.getComponents().some((part) => part.name === 'tcp')
    const isOther = named !== undefined && named !== did
    if (isTcp && !isOther && text.length <= LIMITS.addressBytesMax) distinct.set(text, whole)
  }
  return [...distinct.values()].slice(0, LIMITS.addressesMax)
}

/** What does not read is as if it had not been there. */
function readAddresses(did: Did, value: Uint8Array): Multiaddr[] {
  try {
    const texts = decodeBlock(value)
    return Array.isArray(texts) ? usable(did, texts.map(parseAddress)) : []
  } catch (error) {
    if (error instanceof Refusal) return []
    throw error
  }
}
