/**
 * The exam of Blocks: what any store must do, wrong bytes, closing, a full disk and power loss
 * included. Call it with a maker of stores; it registers tests.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Blocks } from '@planetary-mesh/peer'
import type { Block, CID } from '@planetary-mesh/spec'
import { blockOf, bytesOf, collect, gate, refuses } from './refuses.ts'

export type Store = {
  /** Opens the store; again after a close or a crash. */
  open(): Promise<Blocks>
  /** Power loss: what was not synced is gone. */
  crash(): Promise<void>
  /** Puts other bytes in the place of a block. */
  corrupt(cid: CID, bytes: Uint8Array): Promise<void>
}

/** What a test wants to be special about its store. */
export type Wish = {
  bytesMax?: number
  /** Resolves when the disk has written what it was given so far. */
  sync?: () => Promise<void>
  /** What other members answer when they are asked for a block. */
  others?: (cid: CID) => Promise<Uint8Array | undefined>
}

/**
 * `wrongBytes` says how a lie of another member ends: refused by name, or, where the network drops
 * what hashes to something else, as if nobody had answered. It is never given and never kept.
 */
export function examineBlocks(
  name: string,
  make: (wish?: Wish) => Promise<Store>,
  { wrongBytes = 'refused' }: { wrongBytes?: 'refused' | 'unheard' } = {},
): void {
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)
  const opened = async (wish: Wish = {}) => (await make(wish)).open()
  const text = async (blocks: Blocks, { cid }: Block) =>
    Buffer.from((await blocks.get(cid)) ?? bytesOf('nothing')).toString()

  says('a block that was put is there, and the bytes are the caller’s own', async () => {
    const blocks = await opened()
    const block = blockOf('hello')
    const given = block.bytes.slice()
    await blocks.put([{ cid: block.cid, bytes: given }])
    given.fill(0)
    const got = await blocks.get(block.cid)
    got?.fill(0)
    assert.equal(await text(blocks, block), 'hello')
    assert.equal(await blocks.has(block.cid), true)
  })

  says('a block that nobody put is undefined, and not there', async () => {
    const blocks = await opened()
    await blocks.put([blockOf('another')])
    assert.equal(await blocks.get(blockOf('hello').cid), undefined)
    assert.equal(await blocks.has(blockOf('hello').cid), false)
  })

  says('all gives every block once, however often it was put', async () => {
    const blocks = await opened()
    await blocks.put([blockOf('a'), blockOf('b'), blockOf('a')])
    await blocks.put([blockOf('b'), blockOf('c')])
    const all = await collect(blocks.all())
    assert.deepEqual(all.map(({ bytes }) => Buffer.from(bytes).toString()).sort(), ['a', 'b', 'c'])
    for (const { cid, bytes } of all) assert(cid.equals(blockOf(Buffer.from(bytes).toString()).cid))
  })

  says('the empty block, and blocks of 2 MiB, come back whole', async () => {
    const blocks = await opened()
    const large = [1, 2, 3].map((fill) => blockOf(2 * 1024 * 1024, fill))
    await blocks.put([blockOf(''), ...large])
    assert.equal((await blocks.get(blockOf('').cid))?.length, 0)
    for (const { cid, bytes } of large) {
      assert.equal(Buffer.compare((await blocks.get(cid)) ?? bytesOf(''), bytes), 0)
    }
  })

  says(
    'bytes that do not hash to their CID are refused, and nothing put with them stays',
    async () => {
      const blocks = await opened()
      const wrong = { cid: blockOf('hello').cid, bytes: bytesOf('hullo') }
      await refuses(() => blocks.put([blockOf('before'), wrong]), 'BLOCK_CID_MISMATCH')
      assert.equal(await blocks.has(blockOf('before').cid), false)
      assert.equal(await blocks.has(wrong.cid), false)
    },
  )

  says('a block that rotted on the disk is refused, and putting it again mends it', async () => {
    const store = await make()
    const blocks = await store.open()
    const block = blockOf('hello')
    await blocks.put([block])
    await store.corrupt(block.cid, bytesOf('hellp'))
    await refuses(() => blocks.get(block.cid), 'BLOCK_CID_MISMATCH')
    await refuses(() => collect(blocks.all()), 'BLOCK_CID_MISMATCH')
    await blocks.put([block])
    assert.equal(await text(blocks, block), 'hello')
  })

  says('a block of another member is checked, given and kept', async () => {
    let asked = 0
    const others = async () => {
      asked += 1
      return bytesOf('theirs')
    }
    const blocks = await opened({ others })
    assert.equal(await text(blocks, blockOf('theirs')), 'theirs')
    assert.equal(await text(blocks, blockOf('theirs')), 'theirs')
    assert.equal(asked, 1)
  })

  says('wrong bytes of another member are refused and not kept', async () => {
    let answer: Uint8Array | undefined = bytesOf('a lie')
    const blocks = await opened({ others: async () => answer })
    const get = () => blocks.get(blockOf('theirs').cid)
    if (wrongBytes === 'refused') await refuses(get, 'BLOCK_CID_MISMATCH')
    else assert.equal(await get(), undefined)
    assert.equal(await blocks.has(blockOf('theirs').cid), false)
    answer = undefined
    assert.equal(await blocks.get(blockOf('theirs').cid), undefined)
  })

  says('has does not ask other members', async () => {
    const blocks = await opened({ others: async () => bytesOf('theirs') })
    assert.equal(await blocks.has(blockOf('theirs').cid), false)
  })

  says('a full store refuses all of a put, and keeps what it had', async () => {
    const blocks = await opened({ bytesMax: 1000 })
    await blocks.put([blockOf(600)])
    await refuses(() => blocks.put([blockOf(10), blockOf(500)]), 'STORE_FULL')
    assert.equal(await blocks.has(blockOf(10).cid), false)
    assert.equal((await blocks.get(blockOf(600).cid))?.length, 600)
    await blocks.put([blockOf(300)])
    await blocks.put([blockOf(600)])
  })

  says('a block of another member is given by a full store too', async () => {
    const theirs = blockOf(900, 1)
    const blocks = await opened({ bytesMax: 500, others: async () => theirs.bytes })
    await blocks.put([blockOf(400)])
    assert.equal((await blocks.get(theirs.cid))?.length, 900)
  })

  says('a closed store refuses everything, also what had begun', async () => {
    const { pass, open } = gate()
    const others = async () => {
      await pass
      return bytesOf('late')
    }
    const blocks = await opened({ others })
    await blocks.put([blockOf('a'), blockOf('b')])
    const all = blocks.all()[Symbol.asyncIterator]()
    await all.next()
    const reading = blocks.get(blockOf('late').cid)
    await blocks.close()
    open()
    await refuses(() => reading, 'STORE_CLOSED')
    await refuses(() => all.next(), 'STORE_CLOSED')
    await refuses(() => blocks.put([blockOf('c')]), 'STORE_CLOSED')
    await refuses(() => blocks.get(blockOf('a').cid), 'STORE_CLOSED')
    await refuses(() => blocks.has(blockOf('a').cid), 'STORE_CLOSED')
    await refuses(() => collect(blocks.all()), 'STORE_CLOSED')
    await blocks.close()
  })

  says('a store opened again has what was put', async () => {
    const store = await make()
    const before = await store.open()
    await before.put([blockOf('hello')])
    await before.close()
    assert.equal(await text(await store.open(), blockOf('hello')), 'hello')
  })

  says('a put resolves only when it is durable; power loss takes what is not', async () => {
    let sync = async () => {}
    const store = await make({ sync: () => sync() })
    const blocks = await store.open()
    await blocks.put([blockOf('durable')])
    sync = () => new Promise(() => {})
    let resolved = false
    const put = blocks.put([blockOf('pending')]).then(() => {
      resolved = true
    })
    put.catch(() => {})
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(resolved, false)
    await store.crash()
    sync = async () => {}
    const after = await store.open()
    assert.equal(await text(after, blockOf('durable')), 'durable')
    assert.equal(await after.has(blockOf('pending').cid), false)
    await refuses(() => blocks.get(blockOf('durable').cid), 'STORE_CLOSED')
  })

  says('a put that power loss cut short is refused, however late the disk answers', async () => {
    const { pass, open } = gate()
    let sync = () => pass
    const store = await make({ sync: () => sync() })
    const blocks = await store.open()
    const put = refuses(() => blocks.put([blockOf('pending')]), 'STORE_CLOSED')
    await store.crash()
    open()
    await put
    sync = async () => {}
    const after = await store.open()
    await after.put([blockOf('later')])
    assert.equal(await after.has(blockOf('pending').cid), false)
  })

  says('a hundred puts at once, of blocks in common, are all there', async () => {
    const blocks = await opened()
    const puts = Array.from({ length: 100 }, (_, at) => [blockOf(`${at}`), blockOf(`${at % 7}`)])
    await Promise.all(puts.map((put) => blocks.put(put)))
    const got = await Promise.all(puts.map(([block]) => text(blocks, block as Block)))
    assert.deepEqual(
      got,
      puts.map((_, at) => `${at}`),
    )
    assert.equal((await collect(blocks.all())).length, 100)
  })
}
