/** What goes wrong in one slot, and the honest jobs beside it: each has its own outcome still. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HostFault, LIMITS, type RunInput, type Sandbox } from '@planetary-mesh/spec'
import { openSandbox, runInProcess } from '../src/index.ts'
import { encodeRequest, WATCHDOG } from '../src/slot/messages.ts'
import { SlotProcess } from '../src/slot/slot-process.ts'
import { startChild } from '../src/slot/start-child.ts'
import { strippedStart } from '../src/slot/stripped-sources.ts'
import { build, EMPTY, I32, op } from './admission/build.ts'
import { guest, runInput } from './run-input.ts'
import { reproducible } from './sandbox-exam.ts'

const ON_LINUX = process.platform === 'linux' ? false : 'it looks into /proc'
const HONEST_JOBS = 20

let sandbox: Sandbox
before(async () => {
  sandbox = await openSandbox({ slots: 2 })
})
after(() => sandbox.close())

const honest = Array.from({ length: HONEST_JOBS }, (_, index) =>
  runInput({ args: [String(index)], stdin: Buffer.from(`ballot ${index}`) }),
)
const expected = honest.map((input) => reproducible(runInProcess(input)))

/** Runs the honest jobs while `attack` goes on in the other slot. */
async function besides(attack: () => Promise<unknown>): Promise<void> {
  const attacking = attack()
  const results = []
  for (const input of honest) results.push(reproducible(await sandbox.run(input)))
  await attacking
  assert.deepEqual(results, expected)
}

const endsByDeadline = (input: RunInput) => () =>
  assert.rejects(sandbox.run(input), (thrown) => {
    assert(thrown instanceof HostFault, String(thrown))
    assert.equal(thrown.reason, 'deadline')
    return true
  })

test('one that spins until its deadline', async () => {
  const limits = { fuelMax: LIMITS.fuelMax, wallMs: 50 }
  await besides(endsByDeadline(runInput({ module: guest('traps'), args: ['loop'], limits })))
})

/** Many functions, each of which V8's optimising compiler works on for long. */
function compileBomb(): Uint8Array {
  const tower = (depth: number): number[] =>
    depth === 0
      ? [op.get, 0, op.get, 0, op.mul, op.set, 0]
      : [op.loop, EMPTY, ...tower(depth - 1), op.get, 0, op.brIf, 0, op.end]
  const body = Array.from({ length: 100 }, () => tower(12)).flat()
  const heavy = Array.from({ length: 150 }, () => ({ locals: [I32], code: body }))
  const callAll = heavy.flatMap((_, index) => [op.call, index])
  return build({ functions: [...heavy, { export: '_start', code: callAll.slice(0, 254) }] })
}

test('one that is a bomb for the compiler', async () => {
  const module = compileBomb()
  const limits = { fuelMax: LIMITS.fuelMax, wallMs: 30 }
  await besides(endsByDeadline(runInput({ module, limits })))
})

test('one that takes all the memory that it may have', async () => {
  const input = runInput({ module: guest('memory'), limits: { memoryPagesMax: 1024 } })
  const alone = reproducible(runInProcess(input))
  await besides(async () => assert.deepEqual(reproducible(await sandbox.run(input)), alone))
})

test('one whose process crashes', async () => {
  const limits = { fuelMax: LIMITS.fuelMax, wallMs: 60_000 }
  const input = runInput({ module: guest('watched'), args: ['spin'], limits })
  await besides(async () => {
    const slot = await SlotProcess.start()
    const crashed = slot.run(input, {
      onOutput({ stream }) {
        // it spins from here on
        if (stream === 'stderr') process.kill(slot.pid as number, 'SIGSEGV')
      },
    })
    await assert.rejects(crashed, (thrown) => {
      assert(thrown instanceof HostFault && thrown.reason === 'crash', String(thrown))
      return true
    })
  })
})

test('one whose heap is full ends as a crash, and the next has a process again', async () => {
  const slot = await SlotProcess.start([
    '--max-old-space-size=24',
    '--input-type=module',
    '-e',
    `await import('${new URL('../src/slot/child.ts', import.meta.url)}')`,
  ])
  // names, in a heap that cannot hold them
  const files = Array.from({ length: 30_000 }, (_, index) => ({
    path: `/in/${'name '.repeat(40)}${index}`,
    bytes: new Uint8Array(0),
  }))
  await assert.rejects(slot.run(runInput({ files })), (thrown) => {
    assert(thrown instanceof HostFault, String(thrown))
    assert.equal(thrown.reason, 'crash')
    return true
  })
  assert.equal(slot.usable, false)
})

test('where no kernel ends it with its parent, a slot ends itself after the deadline', async () => {
  const program = fileURLToPath(new URL('../src/slot/child.ts', import.meta.url))
  const child = startChild([program, WATCHDOG])
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stdout.resume()
  const input = runInput({
    module: build({ functions: [{ export: '_start', code: [op.loop, EMPTY, op.br, 0, op.end] }] }),
    limits: { fuelMax: LIMITS.fuelMax, wallMs: 10 },
  })
  const module = { form: 'original', bytes: input.module } as const
  for (const piece of encodeRequest({ input, hash: '', module, live: false })) {
    child.stdin.write(piece)
  }
  const [code] = await once(child, 'close')
  assert.notEqual(code, 0)
  assert.match(said, /ERR_SCRIPT_EXECUTION_TIMEOUT/)
})

test('a slot has three pipes and no other descriptor of its parent', {
  skip: ON_LINUX,
}, async () => {
  await sandbox.run(runInput({})) // a process is there that is done with starting
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
  const [pid = ''] = children.split(' ')
  const folder = `/proc/${pid}/fd`
  const targets = readdirSync(folder).map(
    (name) => [name, readlinkSync(`${folder}/${name}`)] as const,
  )
  const foreign = targets.filter(([, to]) => !/^(pipe|socket|anon_inode):|^\/dev\/null$/.test(to))
  assert.deepEqual(foreign, [])
  const sockets = targets.filter(([, to]) => to.startsWith('socket:')).map(([name]) => name)
  assert.deepEqual(sockets.sort(), ['0', '1', '2'])
})

test('a checkout’s leave to keep stripped sources ends when a slot gives it back', async () => {
  const start = strippedStart()
  assert(start !== undefined, 'these tests run from sources on the pinned Node')
  const folder = start.flags.map((flag) => flag.split('=')[1]).at(-1)
  const file = JSON.stringify(`${folder}/not-for-guests`)
  const script = `
    import { existsSync, rmSync, writeFileSync } from 'node:fs'
    import { giveBackWriting } from '${new URL('../src/slot/stripped-sources.ts', import.meta.url)}'
    const tryIt = () => {
      try { writeFileSync(${file}, 'x'); rmSync(${file}); return 'written' }
      catch ({ code }) { return code }
    }
    const before = tryIt()
    giveBackWriting()
    process.stdout.write([before, tryIt(), existsSync(${file})].join())`
  const child = startChild([...start.flags, '--input-type=module', '-e', script])
  child.stderr.resume()
  const [said] = await once(child.stdout.setEncoding('utf8'), 'data')
  assert.equal(said, 'written,ERR_ACCESS_DENIED,false')
})
