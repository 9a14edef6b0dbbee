/**
 * The exam of Journal: entries come back whole and in order or not at all, whatever the disk does.
 * Call it with a maker of journals; it registers tests.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Journal } from '@planetary-mesh/peer'
import fc from 'fast-check'
import { bytesOf, collect, gate, refuses } from './refuses.ts'

export type JournalFile = {
  /** Opens the journal; refuses STORE_CLOSED while another writer has it. */
  open(): Promise<Journal>
  /** Power loss: of the appends that were under way a whole number survives, oldest first. */
  crash(): Promise<void>
  /** Turns a bit in what the append of that number wrote. */
  corrupt(append: number): Promise<void>
}

export type JournalWish = { bytesMax?: number; sync?: () => Promise<void> }

export function examineJournal(
  name: string,
  make: (wish?: JournalWish) => Promise<JournalFile>,
): void {
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)
  const opened = async (wish: JournalWish = {}) => (await make(wish)).open()
  const texts = async (journal: Journal) =>
    (await collect(journal.read())).map((bytes) => Buffer.from(bytes).toString())

  says('entries come back in the order in which they were appended', async () => {
    const journal = await opened()
    assert.deepEqual(await texts(journal), [])
    await journal.append([bytesOf('a'), bytesOf('b')])
    await journal.append([])
    await journal.append([bytesOf('')])
    await journal.append([bytesOf('c')])
    assert.deepEqual(await texts(journal), ['a', 'b', '', 'c'])
  })

  says('appends that are made at once keep their order', async () => {
    const journal = await opened()
    const entries = Array.from({ length: 50 }, (_, at) => `${at}`)
    await Promise.all(entries.map((entry) => journal.append([bytesOf(entry)])))
    assert.deepEqual(await texts(journal), entries)
  })

  says('the bytes are the journal’s own', async () => {
    const journal = await opened()
    const given = bytesOf('a')
    await journal.append([given])
    given.fill(0)
    for await (const bytes of journal.read()) bytes.fill(0)
    assert.deepEqual(await texts(journal), ['a'])
  })

  says('an entry of 8 MiB comes back whole', async () => {
    const journal = await opened()
    const large = new Uint8Array(8 * 1024 * 1024).map((_, at) => at % 251)
    await journal.append([large])
    const [back] = await collect(journal.read())
    assert.equal(Buffer.compare(back ?? bytesOf(''), large), 0)
  })

  says('what was appended is there when it is opened again', async () => {
    const file = await make()
    const before = await file.open()
    await before.append([bytesOf('a')])
    await before.close()
    const after = await file.open()
    await after.append([bytesOf('b')])
    assert.deepEqual(await texts(after), ['a', 'b'])
  })

  says('it has one writer: the second is refused until the first has closed', async () => {
    const file = await make()
    const first = await file.open()
    await refuses(() => file.open(), 'STORE_CLOSED')
    await first.close()
    await (await file.open()).append([bytesOf('a')])
  })

  says('closing a handle from before a crash does not let a second writer in', async () => {
    const file = await make()
    const dead = await file.open()
    await file.crash()
    const alive = await file.open()
    await dead.close()
    await refuses(() => file.open(), 'STORE_CLOSED')
    await refuses(() => dead.append([bytesOf('a')]), 'STORE_CLOSED')
    await alive.append([bytesOf('b')])
    assert.deepEqual(await texts(alive), ['b'])
  })

  says('an append resolves only when it is durable', async () => {
    let written = () => {}
    const sync = () =>
      new Promise<void>((resolve) => {
        written = resolve
      })
    const journal = await opened({ sync })
    let resolved = false
    const append = journal.append([bytesOf('a')]).then(() => {
      resolved = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(resolved, false)
    assert.deepEqual(await texts(journal), [])
    written()
    await append
    assert.deepEqual(await texts(journal), ['a'])
  })

  says('after power loss every acknowledged entry is there, and no append in part', async () => {
    const appends = fc.array(fc.array(fc.string({ maxLength: 3 }), { maxLength: 4 }), {
      maxLength: 8,
    })
    const check = async (given: string[][], acknowledged: number) => {
      let count = 0
      const sync = () => (count++ < acknowledged ? Promise.resolve() : new Promise<void>(() => {}))
      const file = await make({ sync })
      const journal = await file.open()
      const done: string[][] = []
      for (const append of given) {
        const write = journal.append(append.map(bytesOf))
        if (done.length >= acknowledged) write.catch(() => {})
        else {
          await write
          done.push(append)
        }
      }
      await file.crash()
      const after = await texts(await file.open())
      const possible = given.slice(done.length).map((_, more) => {
        return given.slice(0, done.length + more).flat()
      })
      possible.push(given.flat())
      assert(
        possible.some((one) => JSON.stringify(one) === JSON.stringify(after)),
        `${JSON.stringify(given)}, ${acknowledged} acknowledged, gave ${JSON.stringify(after)}`,
      )
    }
    await fc.assert(fc.asyncProperty(appends, fc.nat({ max: 8 }), check), { numRuns: 60 })
  })

  says(
    'an append that power loss cut short is refused, however late the disk answers',
    async () => {
      const { pass, open } = gate()
      const file = await make({ sync: () => pass })
      const journal = await file.open()
      const append = refuses(() => journal.append([bytesOf('pending')]), 'STORE_CLOSED')
      await file.crash()
      open()
      await append
    },
  )

  says('an entry that rotted on the disk is refused', async () => {
    const file = await make()
    const journal = await file.open()
    await journal.append([bytesOf('a')])
    await journal.append([bytesOf('b')])
    await journal.append([bytesOf('c')])
    await file.corrupt(1)
    await refuses(() => collect(journal.read()), 'JOURNAL_CORRUPT')
  })

  says('a full disk refuses an append whole, and keeps what it had', async () => {
    const journal = await opened({ bytesMax: 10 })
    await journal.append([bytesOf('abcdef')])
    await refuses(() => journal.append([bytesOf('g'), bytesOf('hijkl')]), 'STORE_FULL')
    await journal.append([bytesOf('m')])
    assert.deepEqual(await texts(journal), ['abcdef', 'm'])
  })

  says('a closed journal refuses everything, also what had begun', async () => {
    const journal = await opened()
    await journal.append([bytesOf('a'), bytesOf('b')])
    const reading = journal.read()[Symbol.asyncIterator]()
    await reading.next()
    await journal.close()
    await refuses(() => reading.next(), 'STORE_CLOSED')
    await refuses(() => journal.append([bytesOf('c')]), 'STORE_CLOSED')
    await refuses(() => collect(journal.read()), 'STORE_CLOSED')
    await journal.close()
  })
}
