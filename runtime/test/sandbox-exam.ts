/**
 * The exam of a sandbox: what every implementation of the port must do with a stranger's module.
 * Call it with an opener; it registers tests. Guests are the C programs of `guests/`.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  LIMITS,
  type Outcome,
  type RunInput,
  type RunResult,
  runsProfile,
  type Sandbox,
} from '@planetary-mesh/spec'
import { FILE_FACTS } from './file-facts.ts'
import { refuses } from './refuses.ts'
import { guest, runInput, text } from './run-input.ts'

/**
 * Registers the exam for the sandbox that `open` gives. `run` may be called many times at once. The
 * `portable` part leaves out what WASI hosts answer differently; their README says what that is.
 */
export function examineSandbox(
  name: string,
  open: () => Promise<Sandbox>,
  part: 'whole' | 'portable' = 'whole',
): void {
  let sandbox: Sandbox
  before(async () => {
    sandbox = await open()
  })
  after(() => sandbox.close())

  const run = (
    input: Partial<Omit<RunInput, 'limits'>> & { limits?: Partial<RunInput['limits']> },
  ) => sandbox.run(runInput(input))
  const says = (sentence: string, check: () => Promise<void>) => test(`${name}: ${sentence}`, check)

  says(
    'a program gets its arguments, environment and stdin, and its exit code comes back',
    async () => {
      const result = await run({
        module: guest('echo'),
        args: ['42', 'zwei drei'],
        env: [
          ['NAME', 'value'],
          ['EMPTY', ''],
        ],
        stdin: Buffer.from('in\n'),
      })
      assert.deepEqual(result.outcome, { type: 'exited', code: 42 })
      assert.equal(
        text(result.stdout),
        'arg 0: job\narg 1: 42\narg 2: zwei drei\nenv: NAME=value\nenv: EMPTY=\nin\n',
      )
      assert.equal(text(result.stderr), 'done\n')
      assert.deepEqual(result.outputs, [])
      assert(runsProfile(sandbox.profile, result.profile), result.profile)
    },
  )

  const exits: [string, Outcome][] = [
    ['0', { type: 'exited', code: 0 }],
    ['1', { type: 'exited', code: 1 }],
    ['255', { type: 'exited', code: 255 }],
    ['-1', { type: 'exited', code: 0xffff_ffff }],
  ]
  for (const [code, outcome] of exits) {
    says(`exit ${code} is the outcome`, async () => {
      const result = await run({ module: guest('traps'), args: ['exit', code] })
      assert.deepEqual(result.outcome, outcome)
    })
  }

  const traps: [string, Outcome][] = [
    ['unreachable', { type: 'trapped', trap: 'unreachable' }],
    ['abort', { type: 'trapped', trap: 'unreachable' }],
    ['divide', { type: 'trapped', trap: 'integer divide by zero' }],
    ['overflow', { type: 'trapped', trap: 'integer overflow' }],
    ['float', { type: 'trapped', trap: 'invalid conversion to integer' }],
    ['memory', { type: 'trapped', trap: 'out of bounds memory access' }],
    ['signature', { type: 'trapped', trap: 'indirect call type mismatch' }],
    ['element', { type: 'trapped', trap: 'undefined element' }],
  ]
  for (const [way, outcome] of traps) {
    says(`the trap of '${way}' is an outcome with its fuel, twice the same`, async () => {
      const [once, again] = await Promise.all([
        run({ module: guest('traps'), args: [way] }),
        run({ module: guest('traps'), args: [way] }),
      ])
      assert.deepEqual(once.outcome, outcome)
      assert(once.fuel > 1000, `fuel ${once.fuel}: two host calls came before the trap`)
      assert.deepEqual(reproducible(once), reproducible(again))
    })
  }

  says(
    'a program that loops for ever ends with exactly its fuel, and one unit less is less',
    async () => {
      for (const fuelMax of [10_000_000, 9_999_999]) {
        const result = await run({ module: guest('traps'), args: ['loop'], limits: { fuelMax } })
        assert.deepEqual(result.outcome, { type: 'out-of-fuel' })
        assert.equal(result.fuel, fuelMax)
      }
    },
  )

  says('exactly the fuel that a program uses is enough, one unit less is not', async () => {
    const free = await run({ module: guest('echo') })
    const enough = await run({ module: guest('echo'), limits: { fuelMax: free.fuel } })
    assert.deepEqual(reproducible(enough), reproducible(free))
    const short = await run({ module: guest('echo'), limits: { fuelMax: free.fuel - 1 } })
    assert.deepEqual(short.outcome, { type: 'out-of-fuel' })
    assert.equal(short.fuel, free.fuel - 1)
  })

  for (const way of ['recursion', 'recursion-host']) {
    says(`'${way}' without end ends by depth, at the same fuel each time`, async () => {
      const once = await run({ module: guest('traps'), args: [way] })
      const again = await run({ module: guest('traps'), args: [way] })
      assert.deepEqual(once.outcome, { type: 'depth' })
      assert.deepEqual(reproducible(once), reproducible(again))
    })
  }

  says('memory ends at its maximum: the program sees NULL and lives', async () => {
    const result = await run({ module: guest('memory'), limits: { memoryPagesMax: 128 } })
    assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
    assert.equal(text(result.stdout), '7 MiB, then NULL\n')
    assert(result.memoryPages > 112 && result.memoryPages <= 128, `${result.memoryPages} pages`)
  })

  says('a module that starts with more memory than it may have is refused', async () => {
    const input = { module: guest('echo'), limits: { memoryPagesMax: 1 } }
    await refuses(run(input), 'MODULE_REFUSED', /memory/)
  })

  says('output may reach its cap, and one byte more ends the run with what fitted', async () => {
    const size = text((await run({ module: guest('echo') })).stdout).length + 'done\n'.length
    const atCap = await run({ module: guest('echo'), limits: { outputBytesMax: size } })
    assert.deepEqual(atCap.outcome, { type: 'exited', code: 0 })
    const over = await run({ module: guest('echo'), limits: { outputBytesMax: size - 1 } })
    assert.deepEqual(over.outcome, { type: 'output-limit' })
    assert.equal(over.stdout.length + over.stderr.length, size - 1)
  })

  says('a flood of output ends at the cap', async () => {
    const limits = { outputBytesMax: 100_000 }
    const result = await run({ module: guest('traps'), args: ['flood'], limits })
    assert.deepEqual(result.outcome, { type: 'output-limit' })
    assert.equal(result.stdout.length, 100_000)
  })

  says('files under /out count as output', async () => {
    const bytes = new Uint8Array(50_000).fill(1)
    const input = {
      module: guest('sum'),
      args: ['big', '/out/copy'],
      files: [{ path: '/in/big', bytes }],
    }
    const summary = '50000 bytes, sum 50000\n'
    const exact = 50_000 + summary.length
    const fits = await run({ ...input, limits: { outputBytesMax: exact } })
    assert.deepEqual(fits.outcome, { type: 'exited', code: 0 })
    assert.equal(text(fits.stdout), summary)
    assert.deepEqual(fits.outputs, [{ path: 'copy', bytes }])
    const over = await run({ ...input, limits: { outputBytesMax: exact - 1 } })
    assert.deepEqual(over.outcome, { type: 'output-limit' })
  })

  says('20 MB go in and come out again', async () => {
    const bytes = Buffer.alloc(20_000_000, '0123456789')
    const result = await run({
      module: guest('sum'),
      args: ['/in/big', '/out/copy'],
      files: [{ path: '/in/big', bytes }],
      limits: { outputBytesMax: LIMITS.outputBytesMax },
    })
    // ten digits, '0' is 48: 2,000,000 times 480 + 45
    assert.equal(text(result.stdout), '20000000 bytes, sum 1050000000\n')
    assert(Buffer.from(result.outputs[0]?.bytes ?? []).equals(bytes))
  })

  says('no path leads out of the tree, to a file that is really there', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'canary-'))
    const canary = join(outside, 'canary')
    writeFileSync(canary, 'untouched')
    try {
      const result = await run({ module: guest('escape'), args: [canary, 'canary'] })
      assert.equal(text(result.stdout), '216 paths tried, 0 reached\n')
      assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
      assert.equal(readFileSync(canary, 'utf8'), 'untouched')
    } finally {
      rmSync(outside, { recursive: true })
    }
  })

  if (part === 'whole') {
    says('a program works with files as on any system', async () => {
      const result = await run({
        module: guest('files'),
        files: [
          { path: '/in/note.txt', bytes: Buffer.from('a note') },
          { path: '/in/sub/deep.txt', bytes: Buffer.from('deep') },
        ],
      })
      assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
      assert.equal(text(result.stdout), FILE_FACTS)
      const hard = Buffer.from('22\0')
      assert.deepEqual(
        result.outputs.map(({ path, bytes }) => [path, text(bytes)]),
        [
          ['a/hard', text(hard)],
          ['a/two', text(hard)],
        ],
      )
    })
  }

  says('clock and random bytes come from the input alone, and sleeping takes no time', async () => {
    const input = { module: guest('chance'), clockMs: 1_700_000_000_123 }
    const once = await run(input)
    const again = await run(input)
    const other = await run({ ...input, seed: new Uint8Array(32).fill(9) })
    assert.deepEqual(reproducible(once), reproducible(again))
    const [time, slept, random] = text(once.stdout).split('\n')
    assert.match(time ?? '', /^1700000000\.123\d{6}$/) // and what was computed before it asked
    assert.equal(slept, 'slept 2 s')
    assert.match(random ?? '', /^[0-9a-f]{32}$/)
    assert.notEqual(text(other.stdout).split('\n')[2], random)
    assert.notDeepEqual(other.hostCallDigest, once.hostCallDigest)
  })

  says('what is no WebAssembly, or imports what is not there, is refused by name', async () => {
    await refuses(run({ module: Buffer.from('MZ not wasm') }), 'MODULE_REFUSED', /WebAssembly/)
    await refuses(run({ module: new Uint8Array(0) }), 'MODULE_REFUSED', /./)
    for (const [module, field, words] of FORBIDDEN) {
      await refuses(run({ module: importing(module, field) }), 'IMPORT_REFUSED', words)
    }
  })

  says('a module with neither _start nor _initialize is refused', async () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    await refuses(run({ module: empty }), 'MODULE_REFUSED', /_start/)
  })

  says('a _start that takes arguments, or gives a vector, is refused and not run', async () => {
    for (const type of [
      [1, I64, 0],
      [0, 1, V128],
    ]) {
      await refuses(run({ module: starting(type) }), 'MODULE_REFUSED', /'_start' has/)
    }
    const plain = await run({ module: starting([0, 1, I64]) })
    assert.deepEqual(plain.outcome, { type: 'trapped', trap: 'unreachable' })
  })

  says(
    'a module whose data does not fit its memory traps before it starts, for no fuel',
    async () => {
      const fits = await run({ module: withData(65_534) })
      assert.deepEqual(fits.outcome, { type: 'exited', code: 0 })
      const over = await run({ module: withData(65_535) })
      assert.deepEqual(over.outcome, { type: 'trapped', trap: 'out of bounds memory access' })
      assert.equal(over.fuel, 0)
    },
  )

  const paths: [string, string, RegExp][] = [
    ['in/x', 'FILE_NAME_REFUSED', /absolute/],
    ['/in/../x', 'FILE_NAME_REFUSED', /no name/],
    ['/in//x', 'FILE_NAME_REFUSED', /no name/],
    ['/in/', 'FILE_NAME_REFUSED', /no name/],
    ['/out/x', 'FILE_NAME_REFUSED', /empty when a job starts/],
    [`/in/${'n'.repeat(256)}`, 'FILE_NAME_REFUSED', /longer/],
    [`/in${'/d'.repeat(40)}`, 'LIMIT_EXCEEDED', /deep/],
  ]
  for (const [path, code, words] of paths) {
    says(`an input file at '${path.slice(0, 20)}' is refused`, async () => {
      const files = [{ path, bytes: new Uint8Array(0) }]
      await refuses(run({ module: guest('echo'), files }), code, words)
    })
  }

  says('a file name that is taken twice is refused', async () => {
    const file = { path: '/in/x', bytes: new Uint8Array(0) }
    const input = { module: guest('echo'), files: [file, file] }
    await refuses(run(input), 'FILE_NAME_REFUSED', /twice/)
  })

  const beyond: [string, Partial<RunInput['limits']>][] = [
    ['fuel', { fuelMax: LIMITS.fuelMax + 1 }],
    ['memory', { memoryPagesMax: LIMITS.memoryPagesMax + 1 }],
    ['output', { outputBytesMax: LIMITS.outputBytesMax + 1 }],
    ['fuel that is no integer', { fuelMax: 1.5 }],
  ]
  for (const [what, limits] of beyond) {
    says(`a run that asks for more than any may have is refused: ${what}`, async () => {
      await refuses(run({ module: guest('echo'), limits }), 'LIMIT_EXCEEDED', /at most/)
    })
  }
}

/** All of a result that two honest machines must agree on. */
export function reproducible(result: RunResult): Omit<RunResult, 'measured'> {
  const { measured: _, ...rest } = result
  return rest
}

/** A module that imports one function of type () -> () and exports nothing. */
function importing(module: string, field: string): Uint8Array {
  const name = (text: string) => [text.length, ...Buffer.from(text)]
  const entry = [1, ...name(module), ...name(field), 0, 0]
  const types = [1, 4, 1, 0x60, 0, 0]
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...types, 2, entry.length, ...entry])
}

const I64 = 0x7e
const V128 = 0x7b

/** A module whose `_start` has a type, given as its bytes after 0x60, and traps. */
function starting(type: number[]): Uint8Array {
  const types = [1, type.length + 2, 1, 0x60, ...type]
  const exported = [7, 10, 1, 6, ...Buffer.from('_start'), 0, 0]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...types,
    ...[3, 2, 1, 0],
    ...exported,
    ...[10, 5, 1, 3, 0, 0x00, 0x0b],
  ])
}

/** A module of one page that puts two bytes at an address below 2^20; `_start` is empty. */
function withData(address: number): Uint8Array {
  const at = [(address & 0x7f) | 0x80, ((address >> 7) & 0x7f) | 0x80, (address >> 14) & 0x7f]
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 4, 1, 0x60, 0, 0],
    ...[3, 2, 1, 0],
    ...[5, 3, 1, 0, 1],
    ...[7, 10, 1, 6, ...Buffer.from('_start'), 0, 0],
    ...[10, 4, 1, 2, 0, 0x0b],
    ...[11, 10, 1, 0, 0x41, ...at, 0x0b, 2, 1, 2],
  ])
}

const FORBIDDEN: [string, string, RegExp][] = [
  ['wasi', 'thread-spawn', /threads are not available/],
  ['wasi_snapshot_preview1', 'sock_open', /sockets are not available/],
  ['wasi_snapshot_preview1', 'fd_tell', /type/],
  ['wasi_unstable', 'fd_write', /before preview1/],
  ['wasi:cli/run@0.2.0', 'run', /preview2/],
  ['env', 'emscripten_memcpy_js', /JavaScript host/],
  ['__wbindgen_placeholder__', '__wbindgen_throw', /wasm-bindgen/],
  ['mesh', 'host_submit_job', /CCL/],
  ['secret', 'door', /only WASI preview1/],
]
