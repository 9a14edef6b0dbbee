// Components: taken apart outside, metered on one counter, answered by the same virtual files. The
// C programs of the sandbox's exam run as preview2 commands and do what they do as core modules.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Refusal, type RunInput, type RunResult, type Sandbox } from '@planetary-mesh/spec'
import { sealBundle } from '../../src/component/bundle.ts'
import { ensurePlainNames } from '../../src/component/names.ts'
import { componentPackage, takeApart } from '../../src/component/take-apart.ts'
import { openSandbox } from '../../src/slot/open-sandbox.ts'
import { refuses } from '../refuses.ts'
import { guest, runInput, text } from '../run-input.ts'
import { reproducible } from '../sandbox-exam.ts'
import {
  COMPOSED,
  COUNTERS,
  EXITING,
  fromProgram,
  fromText,
  HOARD,
  MISSING,
  REPORTING,
  WORLD,
} from './make-component.ts'

const here = { skip: MISSING }
const HEADER = [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]
let sandbox: Sandbox
before(async () => {
  sandbox = await openSandbox({ slots: 1, spares: 0 })
})
after(() => sandbox.close())

const made = new Map<string, Promise<Uint8Array>>()
/** A program of the exam as a component, made once. */
function program(name: string): Promise<Uint8Array> {
  const found = made.get(name) ?? fromProgram(guest(name))
  made.set(name, found)
  return found
}
type Given = Partial<Omit<RunInput, 'limits'>> & { limits?: Partial<RunInput['limits']> }
const run = (module: Uint8Array, given: Given = {}) => sandbox.run(runInput({ ...given, module }))

test(
  'a command gets arguments, variables, stdin and files, as a core module does',
  here,
  async () => {
    const input = { args: ['0', 'zwei'], env: [['A', 'b']] as const, stdin: Buffer.from('in\n') }
    const result = await run(await program('echo'), input)
    assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
    assert.equal(text(result.stdout), 'arg 0: job\narg 1: 0\narg 2: zwei\nenv: A=b\nin\n')
    assert.equal(text(result.stderr), 'done\n')
  },
)

test('an exit code other than 0 is 1: preview2 knows but two', here, async () => {
  const { outcome } = await run(await program('traps'), { args: ['exit', '7'] })
  assert.deepEqual(outcome, { type: 'exited', code: 1 })
})

test('a component that says its exit code by its number ends with it', here, async () => {
  const { outcome } = await run(await fromText(EXITING))
  assert.deepEqual(outcome, { type: 'exited', code: 3 })
})

test(
  'the file tree is that of core modules; what is out of reach is not permitted',
  here,
  async () => {
    const files = [
      { path: '/in/note.txt', bytes: Buffer.from('a note') },
      { path: '/in/sub/deep.txt', bytes: Buffer.from('deep') },
    ]
    const component = await run(await program('files'), { files })
    const core = await run(guest('files'), { files })
    const words = text(core.stdout).replaceAll(
      'Capabilities insufficient',
      'Operation not permitted',
    )
    assert.equal(text(component.stdout), words)
    assert.deepEqual(component.outputs, core.outputs)
  },
)

const ends: [string, Partial<RunInput['limits']>, RunResult['outcome']][] = [
  ['unreachable', {}, { type: 'trapped', trap: 'unreachable' }],
  ['divide', {}, { type: 'trapped', trap: 'integer divide by zero' }],
  ['memory', {}, { type: 'trapped', trap: 'out of bounds memory access' }],
  ['loop', { fuelMax: 5_000_000 }, { type: 'out-of-fuel' }],
  ['recursion', {}, { type: 'depth' }],
  ['recursion-host', {}, { type: 'depth' }],
  ['flood', { outputBytesMax: 5000 }, { type: 'output-limit' }],
]
for (const [way, limits, outcome] of ends) {
  test(`'${way}' ends as it does in a core module, at the same fuel each time`, here, async () => {
    const once = await run(await program('traps'), { args: [way], limits })
    const again = await run(await program('traps'), { args: [way], limits })
    assert.deepEqual(once.outcome, outcome)
    assert.deepEqual(reproducible(once), reproducible(again))
    if (outcome.type === 'out-of-fuel') assert.equal(once.fuel, 5_000_000)
    if (outcome.type === 'output-limit') assert.equal(once.stdout.length, 5000)
  })
}

test(
  'clock and random bytes come from the input alone; another sandbox says the same',
  here,
  async () => {
    const module = await program('chance')
    const once = await run(module)
    await using other = await disposable()
    const again = await other.run(runInput({ module }))
    assert.deepEqual(reproducible(once), reproducible(again))
    assert.match(text(once.stdout), /slept 2 s\n[0-9a-f]{32}\n$/)
    const seeded = await run(module, { seed: new Uint8Array(32).fill(9) })
    assert.notEqual(text(seeded.stdout), text(once.stdout))
    assert.notDeepEqual(seeded.hostCallDigest, once.hostCallDigest)
  },
)

test('exactly the fuel that a component uses is enough, one unit less is not', here, async () => {
  const module = await program('echo')
  const { fuel } = await run(module)
  assert.equal((await run(module, { limits: { fuelMax: fuel } })).outcome.type, 'exited')
  const short = await run(module, { limits: { fuelMax: fuel - 1 } })
  assert.deepEqual(short.outcome, { type: 'out-of-fuel' })
})

test('a cancel at some fuel is replayed at that call', here, async () => {
  const module = await program('echo')
  const { fuel } = await run(module)
  const cut = await run(module, { cancelAtFuel: Math.floor(fuel / 2) })
  assert.equal(cut.outcome.type, 'cancelled')
  assert(cut.fuel >= Math.floor(fuel / 2) && cut.fuel < fuel)
  const again = await run(module, { cancelAtFuel: cut.fuel })
  assert.deepEqual(reproducible(again), reproducible(cut))
})

test('memory ends at its maximum, whatever module of the component has it', here, async () => {
  const limits = { memoryPagesMax: 128 }
  const result = await run(await program('memory'), { limits })
  assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
  assert(result.memoryPages > 64 && result.memoryPages <= 128, `${result.memoryPages} pages`)
})

const calls: [string[], string, number][] = [
  [['add-both', '40', '9007199254740993'], '9007199254741033\n', 0],
  [['mesh:test/words@1.0.0#greet', 'Grüße'], '"hello Grüße"\n', 0],
  [['mesh:test/words#greet', '"7"'], '"hello 7"\n', 0],
  [['mesh:test/words#half', '10'], '5\n', 0],
  [['mesh:test/words#half', '7'], '', 1],
]
for (const [args, stdout, code] of calls) {
  test(`a world of its own: ${args.join(' ')}`, here, async () => {
    const result = await run(await fromText(WORLD), { args })
    assert.equal(text(result.stdout), stdout)
    assert.deepEqual(result.outcome, { type: 'exited', code })
    assert.equal(text(result.stderr), code === 1 ? '3\n' : '')
    assert(result.fuel > 0)
  })
}

test(
  'an export that is not there, or takes other arguments, is refused by name',
  here,
  async () => {
    const module = await fromText(WORLD)
    await refuses(
      run(module, { args: ['absent'] }),
      'MODULE_REFUSED',
      /no export 'absent'.*addBoth/,
    )
    await refuses(run(module, { args: ['far', '1'] }), 'MODULE_REFUSED', /takes 0 arguments, not 1/)
  },
)

test('a trap, and a text that lies outside the memory, are outcomes', here, async () => {
  const module = await fromText(WORLD)
  const trapped = await run(module, { args: ['trap'] })
  assert.deepEqual(trapped.outcome, { type: 'trapped', trap: 'unreachable' })
  const far = await run(module, { args: ['far'] })
  assert.equal(far.outcome.type, 'trapped')
})

test('components inside a component, each with a memory, are one guest', here, async () => {
  const module = await fromText(COMPOSED)
  const result = await run(module, { args: ['go'] })
  assert.equal(text(result.stdout), '109\n') // five letters, the first of them 104
  assert.equal(result.memoryPages, 2)
  await refuses(run(module, { args: ['go'], limits: { memoryPagesMax: 1 } }), 'MODULE_REFUSED', /0/)
})

test('a component says how far it is, and is the same whether anybody hears it', here, async () => {
  const heard: unknown[] = []
  const input = runInput({ module: await fromText(REPORTING), args: ['go'] })
  const watched = await sandbox.run(input, { onProgress: (progress) => heard.push(progress) })
  assert.deepEqual(heard, [{ done: 3, total: 4 }])
  assert.deepEqual(reproducible(watched), reproducible(await sandbox.run(input)))
})

test('handles are not hoarded without end', here, async () => {
  const { outcome, fuel } = await run(await fromText(HOARD), { args: ['go'] })
  assert.deepEqual(outcome, { type: 'trapped', trap: 'unreachable' })
  assert(fuel < 100_000_000, `${fuel}`)
})

test('what is not offered, or not a component, is refused with the reason', here, async () => {
  const calling = (name: string) => `(component
    (import "${name}" (instance $door (export "open" (func))))
    (core func $open (canon lower (func $door "open")))
    (core module $m (import "" "open" (func)) (func (export "go") (call 0)))
    (core instance $i (instantiate $m (with "" (instance (export "open" (func $open))))))
    (func (export "go") (canon lift (core func $i "go"))))`
  const sockets = await fromText(calling('wasi:sockets/network@0.2.0'))
  await refuses(run(sockets), 'IMPORT_REFUSED', /no network/)
  const unheard = await fromText(calling('wasi:random/random@0.2.0'))
  await refuses(run(unheard, { args: ['go'] }), 'IMPORT_REFUSED', /'open'/)
  const broken = Uint8Array.of(...HEADER, 0x0b, 0x02, 0xff, 0xff)
  await refuses(run(broken), 'MODULE_REFUSED', /no component that can be run/)
  const large = `(component (core module $m (memory 300)) (core instance (instantiate $m)))`
  await refuses(run(await fromText(large)), 'MODULE_REFUSED', /300 pages of memory/)
})

const asynchronous: [what: string, text: string][] = [
  [
    'a function',
    `(core module $m (func (export "go") (result i32) (i32.const 0))
      (func (export "then") (param i32 i32 i32) (result i32) (i32.const 0)))
    (core instance $i (instantiate $m))
    (func (export "go") (result u32)
      (canon lift (core func $i "go") async (callback (func $i "then"))))`,
  ],
  ['a stream', '(type $s (stream u8)) (core func (canon stream.new $s))'],
  ['a future', '(component $c (type (instance (type (future u8)))))'],
  ['an error context', '(type (record (field "a" u8) (field "b" error-context)))'],
  ['a built-in function', '(core func (canon waitable-set.new))'],
]
for (const [what, words] of asynchronous) {
  test(`${what} of WASI 0.3 is refused, and does not run as something else`, here, async () => {
    const module = await fromText(`(component ${words})`)
    await refuses(run(module, { args: ['go'] }), 'MODULE_REFUSED', new RegExp(`0.3.*${what}`))
  })
}

test('what jco gives up at is refused with its own words', here, async () => {
  const latin = WORLD.replace('(realloc (func $i "realloc"))', '$& string-encoding=latin1+utf16')
  const module = await fromText(latin)
  await refuses(run(module, { args: ['far'] }), 'MODULE_REFUSED', /StringEncoding::UTF8/)
})

test('an interface of two versions is named with one of them', here, async () => {
  const versions = ['1.0.0', '2.0.0'].map(
    (version) => `(export "acme:a/b@${version}" (instance $words))`,
  )
  const module = await fromText(WORLD.replace(/\)$/, `${versions.join(' ')})`))
  const half = (owner: string) => run(module, { args: [`${owner}#half`, '8'] })
  assert.equal(text((await half('acme:a/b@2.0.0')).stdout), '4\n')
  await refuses(half('acme:a/b'), 'MODULE_REFUSED', /acme:a\/b@1.0.0 and acme:a\/b@2.0.0/)
  await refuses(half('acme:a/c'), 'MODULE_REFUSED', /exports: .*acme:a\/b@1.0.0#greet/)
})

test('a resource is neither called nor taken, and goes by its name', here, async () => {
  const module = await fromText(COUNTERS)
  const made = await run(module, { args: ['acme:test/counters#make', '5'] })
  assert.equal(text(made.stdout), '[{"resource":"Counter"},5]\n')
  const words = /no export .*exports: acme:test\/counters#make, acme:test\/counters#read$/
  for (const name of ['counter', 'Counter', '[constructor]counter']) {
    const calling = run(module, { args: [`acme:test/counters#${name}`, '5'] })
    await refuses(calling, 'MODULE_REFUSED', words)
  }
  const reading = run(module, { args: ['acme:test/counters#read', '{"resource":"Counter"}'] })
  await refuses(reading, 'MODULE_REFUSED', /Not a valid "Counter" resource/)
})

test('a name that would be program text in the glue is refused', async () => {
  const name = Buffer.from(`x'];evil();['`)
  const inline = [1, 1, name.length, ...name, 0, 0]
  const component = Uint8Array.of(...HEADER, 2, inline.length + 1, 1, ...inline)
  assert.throws(
    () => ensurePlainNames(component),
    (thrown) => thrown instanceof Refusal && thrown.code === 'MODULE_REFUSED',
  )
})

test('nobody but the sandbox itself gives it a component that is taken apart', async () => {
  const bundle = sealBundle(Uint8Array.of(2, 0, 0, 0, 0x7b, 0x7d))
  await refuses(run(bundle), 'MODULE_REFUSED', /not WebAssembly/)
})

test(
  'a sandbox that is closed waits for no component that is being taken apart',
  here,
  async () => {
    const closing = await openSandbox({ slots: 1, spares: 0 })
    const running = closing.run(runInput({ module: await program('files') }))
    const closed = assert.rejects(running, { reason: 'closed' })
    await closing.close()
    await closed
  },
)

test('where the package is not installed, a component is refused and it is named', async () => {
  assert.equal(componentPackage(['/nowhere']), undefined)
  const component = Uint8Array.from(HEADER)
  await refuses(
    takeApart(component, { places: ['/nowhere'] }),
    'COMPONENT_UNAVAILABLE',
    /runtime\/component/,
  )
})

async function disposable(): Promise<Sandbox & AsyncDisposable> {
  const opened = await openSandbox({ slots: 1, spares: 0 })
  return { ...opened, [Symbol.asyncDispose]: () => opened.close() }
}
