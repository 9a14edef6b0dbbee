/** The processes of a sandbox: what ended is replaced, and no job waits for it without need. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { HostFault, LIMITS } from '@planetary-mesh/spec'
import openTranslator from 'wabt'
import { runInProcess } from '../../src/index.ts'
import { Behind } from '../../src/slot/behind.ts'
import { SlotProcess } from '../../src/slot/slot-process.ts'
import { SlotProcesses } from '../../src/slot/slot-processes.ts'
import { endsWithParent } from '../../src/slot/start-child.ts'
import { warmUpInput } from '../../src/slot/warm-up.ts'
import { guest, runInput, text } from '../run-input.ts'
import { reproducible } from '../sandbox-exam.ts'

const STOPS = endsWithParent()
const FOR_EVER_MS = 3_600_000
const closed = new HostFault('closed', 'the test is over')
const opened: SlotProcesses[] = []
after(() => Promise.all(opened.map((processes) => processes.close())))

async function open(slots: number, spares: number, behind?: Behind): Promise<SlotProcesses> {
  const processes = new SlotProcesses(slots, spares, behind)
  opened.push(processes)
  await processes.fill()
  return processes
}

/** The kernel tells nobody that a process stands still: look until one of ours does. */
async function someChild(state: string): Promise<void> {
  const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
  const stateOf = (pid: string) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.[0]
  for (let look = 0; look < 5000; look++) {
    const pids = children().split(' ').filter(Boolean)
    if (pids.some((pid) => stateOf(pid) === state)) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  assert.fail(`no process came to the state ${state}`)
}

test('a job takes what another one leaves before what still starts', async () => {
  const processes = await open(2, 0)
  const [one, other] = [await processes.take(), await processes.take()]
  await other.run(runInput({ args: ['0'] }))
  await one.kill(closed)
  processes.giveBack(one)
  const next = processes.take()
  processes.giveBack(other)
  assert.equal(await next, other)
  await processes.close()
})

test('the one used last is used first, the spare when it has to be, and none once closed', async () => {
  const processes = await open(1, 1, new Behind(1, FOR_EVER_MS))
  const first = await processes.take()
  await first.run(runInput({ args: ['0'] }))
  processes.giveBack(first)
  assert.equal(await processes.take(), first)
  if (STOPS) await someChild('T') // the spare's start gives way to the job
  const spare = await processes.take() // and goes on when a job waits for it
  assert.notEqual(spare, first)
  assert.equal(spare.ranGuest, false, 'it was warmed up with a module of ours')
  processes.giveBack(first)
  processes.giveBack(spare)
  const lent = await processes.lendClean(async (slot) => slot)
  assert.equal(lent, spare, 'what ran a guest is not lent')
  assert.equal(await processes.take(), first)

  const input = runInput({ args: ['0'] })
  assert.deepEqual(reproducible(await spare.run(input)), reproducible(runInProcess(input)))
  assert.equal(await processes.take(), spare)
  const waiting = assert.rejects(processes.take(), { reason: 'closed' })
  const limits = { fuelMax: LIMITS.fuelMax }
  const spinning = runInput({ module: guest('traps'), args: ['loop'], limits })
  const running = assert.rejects(first.run(spinning), { reason: 'closed' })
  await processes.close()
  await Promise.all([waiting, running])
  assert.equal(first.usable, false)
  await assert.rejects(processes.take(), { reason: 'closed' })
})

test('what warms a process up is what its text says, and comes to its end', async () => {
  const wat = readFileSync(new URL('./warm-up.wat', import.meta.url), 'utf8')
  const module = (await openTranslator()).parseWat('warm-up.wat', wat)
  module.resolveNames()
  const input = warmUpInput(1)
  assert.deepEqual(Buffer.from(input.module), Buffer.from(module.toBinary({}).buffer))
  module.destroy()
  const { outcome, stdout, outputs } = runInProcess(input)
  assert.deepEqual(outcome, { type: 'exited', code: 0 })
  assert.equal(text(stdout), 'warm\n')
  assert.deepEqual(
    outputs.map(({ path, bytes }) => [path, bytes.length]),
    [['warm', 8]],
  )
})

test('a process stands still when it is told to, and goes on to its end', {
  skip: STOPS ? false : 'only where the kernel ends a process with its parent',
}, async () => {
  const slot = await SlotProcess.start()
  slot.rest(true)
  let isDone = false
  const running = slot.run(runInput({ args: ['7'] })).finally(() => {
    isDone = true
  })
  await someChild('T')
  assert.equal(isDone, false)
  slot.rest(false)
  assert.deepEqual((await running).outcome, { type: 'exited', code: 7 })

  // one that stands still is ended as any other
  slot.rest(true)
  const limits = { fuelMax: LIMITS.fuelMax, wallMs: 20 }
  await assert.rejects(slot.run(runInput({ limits })), { reason: 'deadline' })
  await slot.kill(closed)
  assert.equal(slot.usable, false)
})
