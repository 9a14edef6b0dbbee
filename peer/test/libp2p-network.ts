/** Members of one federation on loopback, each a node with a disk of its own, on any free port. */
import { after } from 'node:test'
import { type MemoryDisk, openMemoryDisk } from '@planetary-mesh/peer'
import { type NetworkNode, type NodeOptions, openNode } from '@planetary-mesh/peer/network'
import { type CID, type Did, sha256, signerFromSeed } from '@planetary-mesh/spec'

export const NAMES = ['alice', 'bruno', 'chiara', 'dora', 'mallory'] as const
export type Name = (typeof NAMES)[number]

export const seedOf = (name: string) => sha256(new TextEncoder().encode(name))
export const didFor = (name: string): Did => signerFromSeed(seedOf(name)).did

const SETTLE = '/mesh/0/test-settle'

/** A disk for a node: memory, with blocks of others looked for where the node says. */
export function diskInMemory(
  options: Parameters<typeof openMemoryDisk>[0] = {},
): NodeOptions['disk'] & { memory: MemoryDisk } {
  let fetch: ((cid: CID) => Promise<Uint8Array | undefined>) | undefined
  const memory = openMemoryDisk({ ...options, fetch: async (cid) => fetch?.(cid) })
  return {
    memory,
    openBlocks(given = {}) {
      const blocks = memory.openBlocks()
      if (given.fetch !== undefined) {
        fetch = given.fetch
        return { ...blocks, delete: async () => {} }
      }
      // what is held here, and nobody else's
      const get = async (cid: CID) => ((await blocks.has(cid)) ? blocks.get(cid) : undefined)
      return { ...blocks, get, delete: async () => {} }
    },
  }
}

export type Meeting = {
  /** Joins, and is connected with `whom`: by default with everybody who is there. */
  join(name: string, options?: Partial<NodeOptions>, whom?: readonly string[]): Promise<NetworkNode>
  /** Resolves when the first knows the second. */
  meet(who: string, whom: string): Promise<void>
  /** Resolves when gossip goes from everybody to everybody connected. */
  subscribed(): Promise<void>
  /** Resolves when whatever was sent has arrived or is lost. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** `members` are in the charter. */
export function openMeeting(members: readonly string[] = NAMES): Meeting {
  const dids = new Set(members.map(didFor))
  const nodes = new Map<Did, NetworkNode>()
  const noted = new Set<string>()
  const waiting = new Set<() => void>()

  const note = (text: string) => {
    noted.add(text)
    for (const wake of waiting) wake()
    waiting.clear()
  }
  /** Resolves when a node has logged this of another. */
  const seen = async (who: Did, what: string, whom: Did) => {
    while (!noted.has(`${who} ${what} ${whom}`)) {
      await new Promise<void>((resolve) => waiting.add(resolve))
    }
  }
  const forget = (did: Did) => {
    for (const text of noted) if (text.includes(did)) noted.delete(text)
  }

  const pairs = () =>
    [...nodes.values()].flatMap((node) => node.peers().map((to) => [node, to] as const))

  const join: Meeting['join'] = async (name, options = {}, whom) => {
    const did = didFor(name)
    await nodes.get(did)?.close()
    nodes.delete(did)
    forget(did)
    const node = await openNode({
      seed: seedOf(name),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      topic: 'mesh/0/test',
      isMember: (did) => dids.has(did),
      validate: () => 'accept',
      disk: diskInMemory(),
      ...options,
      log: (notice) => {
        options.log?.(notice)
        note(`${did} ${notice.message} ${notice.from}`)
      },
    })
    await node.handleRequest(SETTLE, async () => new Uint8Array())
    const others = whom?.map(didFor) ?? [...nodes.keys()]
    for (const other of others) {
      const [address] = nodes.get(other)?.multiaddrs() ?? []
      if (address !== undefined) await node.dial(address)
      await seen(did, 'member connected', other)
      await seen(other, 'member connected', did)
    }
    nodes.set(did, node)
    return node
  }

  const close = async () => {
    await Promise.all([...nodes.values()].map((node) => node.close()))
    nodes.clear()
  }
  after(close)

  return {
    join,
    close,
    meet: (who, whom) => seen(didFor(who), 'member connected', didFor(whom)),
    async subscribed() {
      for (const [node, to] of pairs()) await seen(node.did, 'gossip neighbour', to)
    },
    async settled() {
      // a question on the same connections is answered after what was sent before it
      for (let round = 0; round < 3; round++) {
        await Promise.all([...nodes.values()].map((node) => node.idle()))
        await Promise.all(
          pairs().map(([node, to]) => node.request(to, SETTLE, new Uint8Array()).catch(() => {})),
        )
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}
