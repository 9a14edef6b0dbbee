/** The sandbox of child processes: the exam, and the walls around a slot. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import {
  HostFault,
  LIMITS,
  Refusal,
  type RunResult,
  runsProfile,
  type Sandbox,
} from '@planetary-mesh/spec'
import { openSandbox, RUNTIME_PROFILE, runInProcess } from '../src/index.ts'
import { SlotProcess } from '../src/slot/slot-process.ts'
import { startChild } from '../src/slot/start-child.ts'
import { guest, runInput, text } from './run-input.ts'
import { examineSandbox, reproducible } from './sandbox-exam.ts'

/**
 * Of both slots, which the exam closes at the end. To start a process is most of what these tests
 * cost, so those that are not about its start share it.
 */
let sandbox: Sandbox
examineSandbox('slots', async () => {
  sandbox = await openSandbox({ slots: 2, spares: 0 })
  assert(runsProfile(sandbox.profile, RUNTIME_PROFILE))
  return sandbox
})
/** Two processes of their own, each of which ends in a test below. */
let fresh: readonly SlotProcess[]
before(async () => {
  fresh = await Promise.all([SlotProcess.start(), SlotProcess.start()])
})

const spinning = (wallMs: number) =>
  runInput({
    module: guest('traps'),
    args: ['loop'],
    limits: { fuelMax: LIMITS.fuelMax, wallMs },
  })

const isFault = (reason: HostFault['reason']) => (thrown: unknown) => {
  assert(thrown instanceof HostFault, String(thrown))
  assert.equal(thrown.reason, reason)
  return true
}

test('the same input gives the same result in fresh processes and in this one', async () => {
  const inputs = [
    runInput({ args: ['3', 'x'], stdin: Buffer.from('stdin') }),
    runInput({ module: guest('chance') }),
    runInput({ module: guest('traps'), args: ['divide'] }),
    runInput({ module: guest('traps'), args: ['recursion'] }),
    runInput({ module: guest('files') }),
  ]
  const here = inputs.map((input) => reproducible(runInProcess(input)))
  for (const slot of fresh) {
    for (const [index, input] of inputs.entries()) {
      assert.deepEqual(reproducible(await slot.run(input)), here[index])
    }
  }
})

test('jobs past their wall deadline are killed, and the next run in other processes', async () => {
  const late = [1, 2].map(() => assert.rejects(sandbox.run(spinning(200)), isFault('deadline')))
  await Promise.all(late)
  const next = await Promise.all(['5', '6'].map((code) => sandbox.run(runInput({ args: [code] }))))
  assert.deepEqual(next.map(outcomeOf), [exited(5), exited(6)])
})

test('a deadline ends the process itself, with SIGKILL', async () => {
  const [slot] = fresh
  const pid = slot?.pid
  assert(slot !== undefined && pid !== undefined)
  await assert.rejects(slot.run(spinning(100)), isFault('deadline'))
  await slot.kill(new HostFault('closed', 'the test is over'))
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  assert.equal(slot.usable, false)
})

test('a process that is killed from outside is a crash for its job alone', async () => {
  const [, slot] = fresh
  assert(slot?.pid !== undefined)
  const lost = slot.run(spinning(60_000))
  process.kill(slot.pid, 'SIGKILL')
  await assert.rejects(lost, isFault('crash'))
  assert.deepEqual(outcomeOf(await sandbox.run(runInput({}))), exited(0))
})

test('more runs than slots wait; beyond the queue they are refused; closing ends all', async () => {
  const sandbox = await openSandbox({ slots: 2, spares: 0 })
  const accepted = Array.from({ length: 2 + LIMITS.runsWaitingMax }, () =>
    assert.rejects(sandbox.run(spinning(60_000)), isFault('closed')),
  )
  await assert.rejects(sandbox.run(runInput({})), (thrown) => {
    assert(thrown instanceof Refusal, String(thrown))
    return thrown.code === 'OVERLOADED'
  })
  await sandbox.close()
  await Promise.all(accepted)
  await assert.rejects(sandbox.run(runInput({})), isFault('closed'))
})

test('a queue of runs is worked off in order by every slot', async () => {
  const codes = Array.from({ length: 20 }, (_, index) => index)
  const results = await Promise.all(
    codes.map((code) => sandbox.run(runInput({ args: [String(code)] }))),
  )
  assert.deepEqual(results.map(outcomeOf), codes.map(exited))
})

test('a sandbox without slots is refused', async () => {
  await assert.rejects(openSandbox({ slots: 0 }), Refusal)
  await assert.rejects(openSandbox({ slots: LIMITS.slotsMax + 1 }), Refusal)
})

test('a slot has an empty environment, and no way to files, network or processes', async () => {
  const facts = await insideASlot(`
    const tried = {}
    const attempt = async (name, action) => {
      try { tried[name] = await action() } catch (error) { tried[name] = error.code ?? error.name }
    }
    const load = process.getBuiltinModule
    await attempt('environment', () => Object.keys(process.env).length)
    await attempt('password file', () => load('node:fs').readFileSync('/etc/passwd').length)
    await attempt('write', () => load('node:fs').writeFileSync('written-by-a-guest', 'x'))
    await attempt('process', () => load('node:child_process').spawnSync('true').status)
    await attempt('worker', () => new (load('node:worker_threads').Worker)('1', { eval: true }))
    await attempt('network', () => new Promise((resolve, reject) => {
      load('node:net').connect(9, '127.0.0.1').on('error', reject).on('connect', resolve)
    }))
    process.stdout.write(JSON.stringify(tried))
  `)
  assert.deepEqual(facts, {
    environment: 0,
    'password file': 'ERR_ACCESS_DENIED',
    write: 'ERR_ACCESS_DENIED',
    process: 'ERR_ACCESS_DENIED',
    worker: 'ERR_ACCESS_DENIED',
    network: 'ERR_ACCESS_DENIED',
  })
})

test('a slot dies with its parent, even while its guest spins', { skip: notLinux() }, async () => {
  const script = `
    import { LIMITS } from '@planetary-mesh/spec'
    import { SlotProcess } from '${new URL('../src/slot/slot-process.ts', import.meta.url)}'
    import { guest, runInput } from '${new URL('./run-input.ts', import.meta.url)}'
    const slot = await SlotProcess.start()
    const limits = { fuelMax: LIMITS.fuelMax, wallMs: 60_000 }
    void slot.run(runInput({ module: guest('traps'), args: ['loop'], limits }))
    process.stdout.write(String(slot.pid))
  `
  const parent = spawn(
    process.execPath,
    ['--conditions=source', '--input-type=module', '-e', script],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: new URL('.', import.meta.url) },
  )
  const [said] = await once(parent.stdout, 'data')
  const pid = Number(text(said))
  await spins(pid)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  await gone(pid)
})

/** Runs a script in a process started exactly as a slot's, in place of the slot's own program. */
async function insideASlot(script: string): Promise<unknown> {
  const child = startChild(['--input-type=module', '-e', script])
  child.stdin.end()
  const said: Uint8Array[] = []
  child.stdout.on('data', (chunk) => said.push(chunk))
  child.stderr.pipe(process.stderr)
  await once(child, 'close')
  return JSON.parse(Buffer.concat(said).toString())
}

function notLinux(): string | false {
  return process.platform === 'linux' ? false : 'only Linux ends a child with its parent'
}

/** Waits until a process has used a tenth of a second: it is then in the guest's loop. */
async function spins(pid: number): Promise<void> {
  const used = () => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[13])
  const before = used()
  for (let look = 0; look < 1000 && used() < before + 10; look++) await pause()
  assert(used() >= before + 10, 'the guest never started')
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 10))

/** The kernel tells nobody but the parent of an orphan's end: look until it is gone. */
async function gone(pid: number): Promise<void> {
  for (let look = 0; look < 500; look++) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await pause()
  }
  assert.fail(`process ${pid} outlived its parent`)
}

const outcomeOf = ({ outcome }: RunResult) => outcome
const exited = (code: number) => ({ type: 'exited', code })
