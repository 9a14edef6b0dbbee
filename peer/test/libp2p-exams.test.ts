// Transport and Blocks over loopback TCP pass the exams of their ports.
import type { NetworkNode, NodeOptions } from '@planetary-mesh/peer/network'
import type { CID } from '@planetary-mesh/spec'
import { blockKey } from '../src/level/level-blocks.ts'
import { examineBlocks } from './exams/blocks-exam.ts'
import { examineTransport } from './exams/transport-exam.ts'
import { makeFolder } from './level-faults.ts'
import {
  didFor,
  diskInMemory,
  type Meeting,
  NAMES,
  type Name,
  openMeeting,
} from './libp2p-network.ts'

examineTransport('a network of libp2p', async () => {
  const meeting = openMeeting()
  return {
    join: async (did) => {
      const name = NAMES.find((name) => didFor(name) === did) as Name
      return (await meeting.join(name)).transport
    },
    settled: meeting.settled,
  }
})

/** A store that answers what `others` says, as if it held it. */
function diskOfOthers(others: (cid: CID) => Promise<Uint8Array | undefined>): NodeOptions['disk'] {
  const answers = new Map<string, Uint8Array | undefined>()
  return {
    openBlocks: () => ({
      ...diskInMemory().openBlocks(),
      async has(cid) {
        const key = cid.toString()
        if (answers.get(key) === undefined) answers.set(key, await others(cid))
        return answers.get(key) !== undefined
      },
      get: async (cid) => answers.get(cid.toString()),
    }),
  }
}

examineBlocks(
  'blocks of libp2p',
  async ({ others, ...wish } = {}) => {
    const folder = await makeFolder(wish)
    const meeting: Meeting = openMeeting()
    if (others !== undefined) await meeting.join('bruno', { disk: diskOfOthers(others) })
    let node: NetworkNode | undefined
    return {
      async open() {
        await node?.close()
        node = await meeting.join('alice', { disk: await folder.disk(), blockFetchMs: 300 })
        return node.blocks
      },
      crash: folder.crash,
      corrupt: (cid, bytes) => folder.change(blockKey(cid), () => bytes),
    }
  },
  { wrongBytes: 'unheard' },
)
