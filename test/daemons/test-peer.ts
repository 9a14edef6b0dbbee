/**
 * A member in the process of the tests: on the same network as the daemons, with a key of the
 * charter, saying what it likes and writing down all that it hears. Nobody dials it unless it
 * listens.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { after } from 'node:test'
import { type Blocks, openLevelDisk } from '@planetary-mesh/peer'
import { type NetworkNode, openNode, type ServeLog } from '@planetary-mesh/peer/network'
import {
  appendMessage,
  type Charter,
  type CID,
  type Did,
  encodeMessage,
  type Message,
  openMessage,
  Refusal,
  type Sealed,
  type WireMessage,
} from '@planetary-mesh/spec'
import { charter, folderOf, type ROLES, seedOf } from './daemons.ts'

type Answer = Extract<Message, { type: 'appended' | 'refused' }>

export type TestPeer = {
  node: NetworkNode
  /** The bytes of every broadcast and message so far, before anybody judged them. */
  heard: readonly Uint8Array[]
  /** The first message that `probe` finds something in, of those heard and those to come. */
  hears<T>(probe: (message: Message, from: Did) => T | undefined): Promise<T>
  send(to: Did, message: WireMessage): void
  broadcast(message: WireMessage): void
  /** Asks the log writer to log these, as a home does; its answer. */
  append(records: readonly Sealed[], linked?: readonly Sealed[]): Promise<Answer>
  close(): Promise<void>
}

export type PeerOptions = {
  /** Nobody, for one that others come to. */
  bootstrap: readonly string[]
  /** Where others may dial it; nowhere without it. */
  listen?: readonly string[]
  under?: Charter
  serveLog?: ServeLog
  /** What its store gives in place of the true bytes. */
  falseBlock?: (cid: CID) => Uint8Array | undefined
}

const peers: TestPeer[] = []
after(() => Promise.all(peers.map(({ close }) => close())))

/** Resolves when it is connected to all in `bootstrap` and hears the gossip of one of them. */
export async function openPeer(
  name: keyof typeof ROLES,
  { bootstrap, serveLog, falseBlock = () => undefined, listen = [], under = charter }: PeerOptions,
): Promise<TestPeer> {
  const heard: Uint8Array[] = []
  const messages: { from: Did; message: Message }[] = []
  const changes = new Set<() => void>()
  const noted = new Map<string, number>()
  const disk = await openLevelDisk(join(folderOf(`peer-${randomUUID()}`), 'store'))
  const lie = (blocks: Blocks): Blocks => ({
    ...blocks,
    get: async (cid) => falseBlock(cid) ?? blocks.get(cid),
    has: async (cid) => falseBlock(cid) !== undefined || blocks.has(cid),
  })
  const node = await openNode({
    seed: seedOf(name),
    listen: [...listen],
    bootstrap,
    topic: `mesh/0/${under.cid}`,
    isMember: (did) => under.body.members.some((member) => member.did === did),
    validate(bytes) {
      heard.push(bytes)
      return 'accept'
    },
    disk: {
      openBlocks: (options) => ({ ...disk.openBlocks(options), ...lie(disk.openBlocks(options)) }),
    },
    ...(serveLog && { serveLog }),
    log({ message }) {
      noted.set(message, (noted.get(message) ?? 0) + 1)
      for (const change of changes) change()
    },
  })
  const { transport } = node
  transport.listen((from, bytes) => {
    heard.push(bytes)
    try {
      messages.push({ from, message: openMessage(bytes) })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
    for (const change of changes) change()
  })

  const until = <T>(probe: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const look = () => {
        const found = probe()
        if (found === undefined) return
        changes.delete(look)
        resolve(found)
      }
      changes.add(look)
      look()
    })

  const hears: TestPeer['hears'] = (probe) => {
    let read = 0
    return until(() => {
      for (; read < messages.length; read++) {
        const { message, from } = messages[read] as (typeof messages)[number]
        const found = probe(message, from)
        if (found !== undefined) return found
      }
      return undefined
    })
  }

  const send = (to: Did, message: WireMessage) => transport.send(to, encodeMessage(message))
  const close = async () => {
    await node.close()
    await disk.close()
  }
  await until(() => {
    const isJoined = bootstrap.length === 0 || (noted.get('gossip neighbour') ?? 0) > 0
    return isJoined && node.peers().length >= bootstrap.length ? true : undefined
  })
  const peer: TestPeer = {
    node,
    heard,
    hears,
    send,
    broadcast: (message) => transport.broadcast(encodeMessage(message)),
    append(records, linked = []) {
      const asked = records.at(-1)
      const answer = hears((message, from) => {
        if (from !== under.body.writer) return undefined
        if (message.type !== 'appended' && message.type !== 'refused') return undefined
        return asked !== undefined && message.request.equals(asked.cid) ? message : undefined
      })
      send(under.body.writer, appendMessage(records, linked))
      return answer
    },
    close,
  }
  peers.push(peer)
  return peer
}
