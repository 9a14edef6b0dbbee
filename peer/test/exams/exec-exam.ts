/**
 * The exam of Exec: from a manifest's CIDs to a result's CIDs, with a sandbox that does what the
 * test says. Call it with an opener; it registers tests.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Blocks,
  type Clock,
  type Exec,
  openMemoryDisk,
  openVirtualClock,
} from '@planetary-mesh/peer'
import {
  type Block,
  encodeDirectory,
  encodeFile,
  HostFault,
  LIMITS,
  Refusal,
  type RunInput,
  type RunResult,
  type Sandbox,
} from '@planetary-mesh/spec'
import { makeManifest, makeToken, PROFILE, startMs } from '../../../spec/test/rules/world.ts'
import { blockOf, bytesOf, gate, refuses } from './refuses.ts'

export type OpenExec = (parts: { blocks: Blocks; clock: Clock; sandbox: Sandbox }) => Exec

type Run = (input: RunInput, signal: AbortSignal | undefined) => Promise<RunResult>

const TOKEN = makeToken()
const module = encodeFile(bytesOf('\0asm module'))
const ballots = encodeFile(new Uint8Array(3_000_000).map((_, at) => at % 253))
const words = encodeFile(bytesOf('in\n'))
const ref = ({ cid, bytes }: { cid: Block['cid']; bytes: number }) => ({ cid, bytes })
const FILES = [module, ballots, words].flatMap(({ blocks }) => blocks)

const JOB = makeManifest(TOKEN, {
  module: ref(module),
  args: ['--all'],
  env: [['LANG', 'C']],
  stdin: ref(words),
  inputs: [{ name: 'ballots.csv', file: ref(ballots) }],
  fuelMax: 1_000_000,
  memoryPagesMax: 99,
  outputBytesMax: 5000,
})

const RESULT: RunResult = {
  outcome: { type: 'exited', code: 3 },
  stdout: bytesOf('3 ballots\n'),
  stderr: bytesOf(''),
  outputs: [
    { path: 'plots/turnout.csv', bytes: bytesOf('1,2') },
    { path: 'summary.json', bytes: bytesOf('{}') },
  ],
  fuel: 1234,
  memoryPages: 17,
  hostCallDigest: new Uint8Array(32).fill(5),
  profile: PROFILE,
  measured: { wallMs: 12.4, rssBytes: 1000 },
}

const options = () => ({ wallMs: 1000, signal: new AbortController().signal })

export function examineExec(name: string, open: OpenExec): void {
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)

  const world = async (
    run: Run,
    disk: Parameters<typeof openMemoryDisk>[0] = {},
    files: readonly Block[] = FILES,
  ) => {
    const clock = openVirtualClock(startMs)
    const store = openMemoryDisk(disk)
    const blocks = store.openBlocks()
    await blocks.put(files)
    const inputs: RunInput[] = []
    const sandbox: Sandbox = {
      profile: PROFILE,
      slots: 2,
      run: (input, { signal } = {}) => {
        inputs.push(input)
        return run(input, signal)
      },
      close: async () => {},
    }
    return { clock, store, blocks, inputs, exec: open({ blocks, clock, sandbox }) }
  }
  const done: Run = async () => RESULT

  says('the sandbox gets what the manifest names', async () => {
    const { exec, inputs } = await world(done)
    await exec.run(JOB, options())
    assert.equal(inputs.length, 1)
    const [input] = inputs as [RunInput]
    assert.deepEqual(input.module, bytesOf('\0asm module'))
    assert.deepEqual(input.args, ['--all'])
    assert.deepEqual(input.env, [['LANG', 'C']])
    assert.deepEqual(input.stdin, bytesOf('in\n'))
    assert.deepEqual(
      input.files.map(({ path, bytes }) => [path, bytes.length, bytes[2_999_999]]),
      [['/in/ballots.csv', 3_000_000, 2_999_999 % 253]],
    )
    assert.equal(input.clockMs, JOB.body.createdAtMs)
    assert.deepEqual(input.seed, JOB.cid.multihash.digest)
    assert.deepEqual(input.limits, {
      fuelMax: 1_000_000,
      memoryPagesMax: 99,
      outputBytesMax: 5000,
      wallMs: 1000,
    })
    assert.equal('cancelAtFuel' in input, false)
  })

  says('what came out is in the blocks, under the CIDs of the result', async () => {
    const { exec, blocks, clock } = await world(async () => {
      clock.run(startMs + 40)
      return RESULT
    })
    const { result, measured } = await exec.run(JOB, options())
    const stdout = encodeFile(RESULT.stdout)
    const output = encodeDirectory(RESULT.outputs)
    assert.deepEqual(result, {
      outcome: { type: 'exited', code: 3 },
      stdout: ref(stdout),
      stderr: ref(encodeFile(RESULT.stderr)),
      output: ref(output),
      fuel: 1234,
      memoryPages: 17,
      hostCallDigest: RESULT.hostCallDigest,
      profile: PROFILE,
    })
    assert.deepEqual(measured, {
      startedAtMs: startMs,
      finishedAtMs: startMs + 40,
      wallMs: 12,
      rssBytes: 1000,
    })
    for (const { cid } of [...stdout.blocks, ...output.blocks]) {
      assert.equal(await blocks.has(cid), true, `${cid}`)
    }
  })

  says(
    'a module or a leaf of an input that nobody has is refused before anything runs',
    async () => {
      const withoutModule = await world(done, {}, [...ballots.blocks, ...words.blocks])
      await refuses(() => withoutModule.exec.run(JOB, options()), 'BLOCK_MISSING')
      const withoutLeaf = await world(
        done,
        {},
        FILES.filter((block) => block !== ballots.blocks[1]),
      )
      await refuses(() => withoutLeaf.exec.run(JOB, options()), 'BLOCK_MISSING')
      assert.deepEqual([...withoutModule.inputs, ...withoutLeaf.inputs], [])
    },
  )

  says('an input that was altered is refused', async () => {
    const leaf = ballots.blocks[1] as Block
    const { exec, store, inputs } = await world(done)
    store.corrupt(leaf.cid, new Uint8Array(leaf.bytes.length))
    await refuses(() => exec.run(JOB, options()), 'BLOCK_CID_MISMATCH')
    assert.deepEqual(inputs, [])
  })

  says('a file that is not of its declared size is refused, and not read to its end', async () => {
    let reads = 0
    const others = async () => {
      reads += 1
      return undefined
    }
    const declared = (bytes: number) =>
      makeManifest(TOKEN, { ...JOB.body, module: { cid: ballots.cid, bytes } })
    const root = ballots.blocks.at(-1) as Block
    const { exec } = await world(done, { fetch: others }, [root])
    await refuses(() => exec.run(declared(500), options()), 'FILE_MALFORMED')
    assert.equal(reads, 0)
    const whole = await world(done)
    await refuses(() => whole.exec.run(declared(2_900_000), options()), 'FILE_TOO_LARGE')
    await refuses(() => whole.exec.run(declared(3_000_001), options()), 'FILE_MALFORMED')
    await refuses(
      () => whole.exec.run(declared(LIMITS.moduleBytesMax + 1), options()),
      'FILE_TOO_LARGE',
    )
  })

  says('inputs that are too large together are refused before they are fetched', async () => {
    const { exec, inputs } = await world(done)
    const large = { cid: ballots.cid, bytes: LIMITS.inputBytesMax / 2 + 1 }
    const pair = ['a', 'b'].map((input) => ({ name: input, file: large }))
    const manifest = makeManifest(TOKEN, { ...JOB.body, inputs: pair })
    await refuses(() => exec.run(manifest, options()), 'LIMIT_EXCEEDED')
    assert.deepEqual(inputs, [])
  })

  says('another runtime profile is refused', async () => {
    const { exec } = await world(done)
    const manifest = makeManifest(TOKEN, { ...JOB.body, profile: 'k2' })
    await refuses(() => exec.run(manifest, options()), 'PROFILE_UNKNOWN')
  })

  says('what the sandbox refuses is refused; its faults are faults', async () => {
    const refusing = await world(async () => {
      throw new Refusal('MODULE_REFUSED', 'not WebAssembly')
    })
    await refuses(() => refusing.exec.run(JOB, options()), 'MODULE_REFUSED')
    const failing = await world(async () => {
      throw new HostFault('crash', 'the slot ended')
    })
    await faults(() => failing.exec.run(JOB, options()), 'crash')
  })

  says('a cancel reaches the sandbox, and a replayed one its fuel', async () => {
    const controller = new AbortController()
    const { exec, inputs } = await world(
      (input, signal) =>
        new Promise((resolve) => {
          const cancelled = (atFuel: number) =>
            resolve({ ...RESULT, outcome: { type: 'cancelled', atFuel } })
          if (input.cancelAtFuel !== undefined) cancelled(input.cancelAtFuel)
          signal?.addEventListener('abort', () => cancelled(77))
          controller.abort()
        }),
    )
    const { result } = await exec.run(JOB, { wallMs: 1000, signal: controller.signal })
    assert.deepEqual(result.outcome, { type: 'cancelled', atFuel: 77 })
    const replay = await exec.run(JOB, { ...options(), cancelAtFuel: 55 })
    assert.deepEqual(replay.result.outcome, { type: 'cancelled', atFuel: 55 })
    assert.equal(inputs[1]?.cancelAtFuel, 55)
  })

  says('a full store is a fault of this machine', async () => {
    const room = FILES.reduce((sum, { bytes }) => sum + bytes.length, 0) + 5
    const { exec } = await world(done, { bytesMax: room })
    await faults(() => exec.run(JOB, options()), 'store')
  })

  says('no more jobs go on than there are slots; each that ends lets the next begin', async () => {
    const { pass, open: finish } = gate()
    let running = 0
    let most = 0
    const { exec, inputs } = await world(async () => {
      running += 1
      most = Math.max(most, running)
      await pass
      running -= 1
      return RESULT
    })
    const jobs = [1, 2, 3, 4, 5].map(() => exec.run(JOB, options()))
    await settle()
    assert.equal(inputs.length, 2)
    finish()
    await Promise.all(jobs)
    assert.equal(inputs.length, 5)
    assert.equal(most, 2)
  })

  says('a queue of more than its limit is refused', async () => {
    const { exec } = await world(() => new Promise(() => {}))
    const slots = 2
    for (let count = 0; count < slots + LIMITS.runsWaitingMax; count++) {
      exec.run(JOB, options()).catch(() => {})
    }
    await refuses(() => exec.run(JOB, options()), 'OVERLOADED')
    await exec.close()
  })

  says('a job whose files do not come in time is a fault, and its slot is free again', async () => {
    let slow = true
    const fetch = () => (slow ? new Promise<undefined>(() => {}) : Promise.resolve(undefined))
    const { exec, clock } = await world(done, { fetch }, [])
    const late = [1, 2, 3].map(() => exec.run(JOB, options()))
    const faulted = Promise.all(late.map((run) => faults(() => run, 'deadline')))
    await settle()
    clock.run(startMs + 1000)
    await faulted
    slow = false
    await refuses(() => exec.run(JOB, options()), 'BLOCK_MISSING')
  })

  says('the time for a run is what waiting and fetching left of it', async () => {
    const { exec, inputs, clock } = await world(done, {
      fetch: async () => {
        clock.run(startMs + 300)
        return blockOf('late').bytes
      },
    })
    const late = encodeFile(bytesOf('late'))
    const manifest = makeManifest(TOKEN, { ...JOB.body, stdin: ref(late) })
    await exec.run(manifest, options())
    assert.equal(inputs[0]?.limits.wallMs, 700)
    await exec.run(JOB, { ...options(), wallMs: Number.MAX_SAFE_INTEGER })
    assert.equal(inputs[1]?.limits.wallMs, LIMITS.wallMsMax)
  })

  says('once it runs, the sandbox keeps the time: its late result still counts', async () => {
    const stage = await world(async () => {
      stage.clock.run(startMs + 5000)
      await settle()
      return RESULT
    })
    const { measured } = await stage.exec.run(JOB, options())
    assert.equal(measured.finishedAtMs, startMs + 5000)
  })

  says('closing ends what runs and what waits', async () => {
    const stopped: boolean[] = []
    const { exec } = await world(
      (_, signal) => new Promise(() => signal?.addEventListener('abort', () => stopped.push(true))),
    )
    const jobs = [1, 2, 3].map(() => faults(() => exec.run(JOB, options()), 'closed'))
    await settle()
    await exec.close()
    await Promise.all(jobs)
    assert.deepEqual(stopped, [true, true])
    await faults(() => exec.run(JOB, options()), 'closed')
  })

  says('a store that closes while a job is fetched is a fault of this machine', async () => {
    const { exec, blocks } = await world(done)
    await blocks.close()
    await faults(() => exec.run(JOB, options()), 'closed')
  })
}

async function faults(work: () => Promise<unknown>, reason: HostFault['reason']): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert(thrown instanceof HostFault, String(thrown))
    assert.equal(thrown.reason, reason)
    return true
  })
}

/** Everything that can go on without time has gone on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
