// A log writer whose disk is an older copy than what it has signed since: it asks its witnesses
// before it signs anything, and signs no second history.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { ledgerRole } from '@planetary-mesh/federation'
import { type Notice, openMemoryDisk, type Process, serve } from '@planetary-mesh/peer'
import {
  type Block,
  type Did,
  LIMITS,
  type Job as LoggedJob,
  Refusal,
  type Role,
} from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { openTestMesh, type TestMesh } from '../../test/mesh/harness.ts'
import { policies } from '../../test/mesh/machines.ts'
import { dora, issueToken } from '../../test/mesh/people.ts'
import { verifyOnce } from '../../test/mesh/verify-once.ts'
import { journalEntry } from '../src/role-journal.ts'

type Copy = { journal: Uint8Array[]; blocks: Block[] }

const openMesh = () => openTestMesh({ exec: (_name, { blocks }) => fakeExec(blocks) })

/** What stands on dora's disk now. */
async function copyOf(mesh: TestMesh): Promise<Copy> {
  const machine = mesh.machine('dora')
  await machine.process.idle()
  const entries = (await machine.journal()) as { role: 'ledger'; entry: unknown }[]
  const blocks: Block[] = []
  for await (const block of machine.blocks.all()) blocks.push(block)
  return { journal: entries.map(({ role, entry }) => journalEntry(role, entry)), blocks }
}

/** dora again, on that disk; whom she can ask, `isThere` says. */
async function restart(
  mesh: TestMesh,
  { journal, blocks }: Copy,
  given: { isThere?: (did: Did) => boolean; begun?: readonly Did[] } = {},
) {
  const { isThere = () => true, begun } = given
  mesh.machine('dora').process.kill()
  const disk = openMemoryDisk()
  const onDisk = { journal: disk.openJournal(), blocks: disk.openBlocks() }
  await onDisk.blocks.put(blocks)
  if (journal.length > 0) await onDisk.journal.append(journal)
  const notices: Notice[] = []
  const machineOf = (did: Did) =>
    [...mesh.machines.values()].find(({ signer }) => signer.did === did)
  const process = await serve(
    [ledgerRole({ charter: mesh.charter, batchMs: 5, policies }) as Role],
    {
      signer: dora,
      genesis: mesh.charter.cid,
      writer: dora.did,
      policies,
      verify: verifyOnce,
      log: (notice) => notices.push(notice),
      ...(begun !== undefined && { begun }),
      ports: {
        ...onDisk,
        clock: mesh.clock,
        exec: fakeExec(onDisk.blocks),
        transport: {
          ...mesh.hub.join(dora.did),
          async *pullLog(from, fromSize, signal) {
            if (!isThere(from)) throw new Refusal('PEER_AWAY', `${from} is not there`)
            yield* machineOf(from)?.process.logBlocks(fromSize, signal) ?? []
          },
        },
      },
    },
  )
  process.watch(mesh.bell.ring)
  return { process, notices, onDisk }
}

/**
 * A job is settled, the last of three verdicts on it is logged too, and everybody has that: what
 * dora has said takes less to arrive than she takes to come back.
 */
async function settledForAll(mesh: TestMesh): Promise<void> {
  const job = await mesh.submit()
  for (const name of mesh.machines.keys()) {
    await mesh.logged(job, 'three verdicts', verdictsOnPaid, name)
  }
}

const verdictsOnPaid = ({ settle, leases }: LoggedJob) =>
  settle !== undefined && leases.at(-1)?.receipts.at(-1)?.verdicts.length === 3 ? true : undefined

/** Two jobs are settled; the copy is of the time between them. */
async function oldCopy(mesh: TestMesh): Promise<Copy> {
  await settledForAll(mesh)
  const copy = await copyOf(mesh)
  await settledForAll(mesh)
  await mesh.machine('dora').process.idle()
  return copy
}

const sizeAt = (mesh: TestMesh, name: string) => mesh.machine(name).process.replica.ledger.size
const startedAt = (mesh: TestMesh, process: Process) =>
  mesh.bell.until('the ledger starts', () => {
    if (process.fault !== undefined) throw process.fault
    const book = process.states.get('ledger') as { ledger: { size: number } }
    return book.ledger.size > 0 ? book.ledger.size : undefined
  })

/** A third job comes to its end in everybody's log, which is still one. */
async function goesOn(mesh: TestMesh, process: Process): Promise<void> {
  const job = await mesh.submit()
  await mesh.logged(job, 'the settle', ({ settle }) => settle, 'fatou')
  await mesh.logged(job, 'the settle', ({ settle }) => settle, 'emil')
  for (const name of ['emil', 'fatou', 'bruno']) {
    assert.equal(mesh.machine(name).process.replica.problem, undefined)
  }
  assert.equal(process.replica.problem, undefined)
}

test('a writer on an old copy gets back what it had signed, and goes on from there', async () => {
  await using mesh = await openMesh()
  const copy = await oldCopy(mesh)
  const size = sizeAt(mesh, 'emil')
  const { process, notices } = await restart(mesh, copy)
  assert.equal(await startedAt(mesh, process), size)
  assert.match(JSON.stringify(notices), /this disk was an old copy and is whole again/)
  await goesOn(mesh, process)
  await process.close()
})

test('what it got back is on its disk: the next start finds nothing missing', async () => {
  await using mesh = await openMesh()
  const { process: first, onDisk } = await restart(mesh, await oldCopy(mesh))
  const size = await startedAt(mesh, first)
  assert.equal(size, sizeAt(mesh, 'emil'))
  await first.idle()
  const written = { journal: [] as Uint8Array[], blocks: [] as Block[] }
  for await (const bytes of onDisk.journal.read()) written.journal.push(bytes)
  for await (const block of onDisk.blocks.all()) written.blocks.push(block)
  first.kill()
  const { process, notices } = await restart(mesh, written)
  assert.equal(await startedAt(mesh, process), size)
  assert.deepEqual(notices, [])
  await process.close()
})

test('nothing is signed before a witness is there; with one, the other is not waited for long', async () => {
  await using mesh = await openMesh()
  const copy = await oldCopy(mesh)
  const size = sizeAt(mesh, 'emil')
  const there = new Set<Did>()
  const { process } = await restart(mesh, copy, { isThere: (did) => there.has(did) })
  mesh.clock.advance(LIMITS.otherWitnessesMs)
  await process.idle()
  const book = process.states.get('ledger') as { ledger: { size: number } }
  assert.equal(book.ledger.size, 0, 'the ledger has not started')
  there.add(mesh.machine('emil').signer.did)
  await mesh.bell.until('what emil has', () =>
    process.replica.ledger.size === size ? true : undefined,
  )
  // whenever it was that emil had nothing new to say, so much later it is enough
  for (let turn = 0; turn < 10_000 && book.ledger.size === 0; turn++) {
    mesh.clock.advance(LIMITS.otherWitnessesMs)
    await process.idle()
    await nextTurn()
  }
  assert.equal(book.ledger.size, size)
  await goesOn(mesh, process)
  await process.close()
})

test('a writer that lost its disk reads its log again, and begins no second one', async () => {
  await using mesh = await openMesh()
  await settledForAll(mesh)
  const size = sizeAt(mesh, 'emil')
  const begun = [dora.did, mesh.machine('emil').signer.did, mesh.machine('fatou').signer.did]
  const { process } = await restart(mesh, { journal: [], blocks: [] }, { begun })
  assert.ok((await startedAt(mesh, process)) >= size)
  await goesOn(mesh, process)
  await process.close()
})

test('where nobody is there who has a lost log, the writer stops', async () => {
  await using mesh = await openMesh()
  const begun = [dora.did, mesh.machine('emil').signer.did]
  const lost = { journal: [], blocks: [] }
  const { process } = await restart(mesh, lost, { begun, isThere: () => false })
  mesh.clock.advance(LIMITS.firstWitnessMs)
  const fault = await process.ended
  assert.ok(fault instanceof Refusal && fault.code === 'LEDGER_AWAY', String(fault))
  assert.equal(process.replica.ledger.size, 0)
})

test('a disk with an entry that the log of the others has not is refused with the finding', async () => {
  await using mesh = await openMesh()
  const copy = await oldCopy(mesh)
  const { bytes: record } = issueToken(mesh.charter, mesh.clock.nowMs(), { amount: 5 })
  const entries = [{ record, atMs: mesh.clock.nowMs() }]
  const another = journalEntry('ledger', { type: 'entries', entries, names: [] })
  const { process } = await restart(mesh, { ...copy, journal: [...copy.journal, another] })
  const fault = await process.ended
  assert.ok(fault instanceof Refusal && fault.code === 'EQUIVOCATION', String(fault))
  assert.equal(mesh.machine('emil').process.replica.problem, undefined)
})
