/** The exam of Snapshots: the newest whole one is read, whatever happens while one is written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshots } from '@planetary-mesh/peer'
import { bytesOf } from './refuses.ts'

export type SnapshotPlace = {
  /** Opens it again, as a process does that starts. */
  open(): Promise<Snapshots>
}

export function examineSnapshots(name: string, make: () => Promise<SnapshotPlace>): void {
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)
  const textOf = async (snapshots: Snapshots) => {
    const bytes = await snapshots.read()
    return bytes && Buffer.from(bytes).toString()
  }

  says('there is none before the first', async () => {
    assert.equal(await (await (await make()).open()).read(), undefined)
  })

  says('the newest is read, also by who opens it later', async () => {
    const place = await make()
    const snapshots = await place.open()
    await snapshots.write(bytesOf('a longer first one'))
    await snapshots.write(bytesOf('second'))
    assert.equal(await textOf(snapshots), 'second')
    assert.equal(await textOf(await place.open()), 'second')
  })

  says('the bytes are its own', async () => {
    const snapshots = await (await make()).open()
    const given = bytesOf('a')
    const written = snapshots.write(given)
    await written
    given.fill(0)
    ;(await snapshots.read())?.fill(0)
    assert.equal(await textOf(snapshots), 'a')
  })
}
