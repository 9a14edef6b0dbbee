/** The exam of Transport: what any network of members must do. Call it with a maker of networks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Transport } from '@planetary-mesh/peer'
import { type Did, LIMITS } from '@planetary-mesh/spec'
import { alice, bruno, chiara } from '../../../tools/vectors/people.ts'
import { bytesOf } from './refuses.ts'

export type NetworkOf = {
  join(did: Did): Promise<Transport>
  /** Resolves when whatever was sent has arrived or is lost. */
  settled(): Promise<void>
}

export function examineTransport(name: string, make: () => Promise<NetworkOf>): void {
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)

  /** A transport and what it heard, as `sender: text`. */
  const joined = async (network: NetworkOf, { did }: { did: Did }) => {
    const heard: string[] = []
    const transport = await network.join(did)
    transport.listen((from, message) => heard.push(`${from}: ${Buffer.from(message)}`))
    return { transport, heard }
  }
  const of = async () => {
    const network = await make()
    return {
      network,
      alice: await joined(network, alice),
      bruno: await joined(network, bruno),
      chiara: await joined(network, chiara),
    }
  }

  says('a message arrives at whom it was sent to, with its sender, and nowhere else', async () => {
    const at = await of()
    at.alice.transport.send(bruno.did, bytesOf('hello'))
    await at.network.settled()
    assert.deepEqual(at.bruno.heard, [`${alice.did}: hello`])
    assert.deepEqual([...at.alice.heard, ...at.chiara.heard], [])
  })

  says('a broadcast arrives at every other member that listens', async () => {
    const at = await of()
    at.alice.transport.broadcast(bytesOf('all'))
    await at.network.settled()
    assert.deepEqual(at.bruno.heard, [`${alice.did}: all`])
    assert.deepEqual(at.chiara.heard, [`${alice.did}: all`])
    assert.deepEqual(at.alice.heard, [])
  })

  says('a message to nobody is lost, and no error', async () => {
    const network = await make()
    const { transport } = await joined(network, alice)
    transport.send(bruno.did, bytesOf('hello'))
    transport.broadcast(bytesOf('hello'))
    await network.settled()
  })

  says('who does not listen hears nothing; a second listener replaces the first', async () => {
    const network = await make()
    const sender = await joined(network, alice)
    const receiver = await network.join(bruno.did)
    sender.transport.send(bruno.did, bytesOf('early'))
    await network.settled()
    const heard: string[] = []
    receiver.listen(() => heard.push('first'))
    receiver.listen(() => heard.push('second'))
    sender.transport.send(bruno.did, bytesOf('late'))
    await network.settled()
    assert.deepEqual(heard, ['second'])
  })

  says('a closed transport neither sends nor hears', async () => {
    const at = await of()
    await at.bruno.transport.close()
    at.bruno.transport.send(alice.did, bytesOf('from the grave'))
    at.bruno.transport.broadcast(bytesOf('from the grave'))
    at.alice.transport.send(bruno.did, bytesOf('to the grave'))
    await at.network.settled()
    assert.deepEqual([...at.alice.heard, ...at.bruno.heard, ...at.chiara.heard], [])
    await at.bruno.transport.close()
  })

  says('a member that comes back is heard again, and the end it left behind is dead', async () => {
    const at = await of()
    const again = await joined(at.network, bruno)
    await at.bruno.transport.close()
    at.bruno.transport.send(alice.did, bytesOf('old'))
    again.transport.send(alice.did, bytesOf('new'))
    at.alice.transport.send(bruno.did, bytesOf('welcome'))
    await at.network.settled()
    assert.deepEqual(at.alice.heard, [`${bruno.did}: new`])
    assert.deepEqual(again.heard, [`${alice.did}: welcome`])
    assert.deepEqual(at.bruno.heard, [])
  })

  says('the sender may use its bytes again', async () => {
    const at = await of()
    const bytes = bytesOf('first')
    at.alice.transport.send(bruno.did, bytes)
    bytes.fill(0)
    await at.network.settled()
    assert.deepEqual(at.bruno.heard, [`${alice.did}: first`])
  })

  says('the largest message arrives whole', async () => {
    const network = await make()
    const { transport } = await joined(network, alice)
    const receiver = await network.join(bruno.did)
    const sizes: number[] = []
    receiver.listen((_, message) => sizes.push(message.length, message.at(-1) ?? 0))
    transport.send(bruno.did, new Uint8Array(LIMITS.messageBytesMax).fill(9))
    await network.settled()
    assert.deepEqual(sizes, [LIMITS.messageBytesMax, 9])
  })

  says('a thousand messages at once all arrive where nothing is lost', async () => {
    const at = await of()
    for (let count = 0; count < 1000; count++) {
      at.alice.transport.send(bruno.did, bytesOf(`${count}`))
    }
    await at.network.settled()
    assert.equal(new Set(at.bruno.heard).size, 1000)
  })
}
