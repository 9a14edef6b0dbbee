/** `meshctl run` as people use it: a module in the sandbox alone. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { environmentOf, filesOf, splitInput } from '../src/run/inputs.ts'
import { runHere, sharedSandbox } from './run-here.ts'
import { guest, meshctl, scratchFolder } from './start-meshctl.ts'

const work = scratchFolder()
const path = (name: string) => join(work, name)
const write = (name: string, text: string | Uint8Array) => {
  writeFileSync(path(name), text)
  return path(name)
}
const openSandbox = sharedSandbox()
const run = (args: readonly string[], given: { input?: string | Uint8Array } = {}) =>
  runHere(['run', ...args], { ...given, openSandbox })
const runJson = async (...args: string[]) => JSON.parse((await run([...args, '--json'])).stdout)

test('arguments, variables and stdin reach the guest; its stdout and stderr are ours', async () => {
  const stdin = write('stdin.txt', 'from a file\n')
  const args = ['--arg', '0', '--arg', '--dashed', '--env', 'A=b=c', '--stdin', stdin]
  const { status, stdout, stderr } = await run([guest('echo'), ...args, '--', '-x', 'last'])
  assert.equal(status, 0)
  assert.equal(
    stdout,
    'arg 0: job\narg 1: 0\narg 2: --dashed\narg 3: -x\narg 4: last\nenv: A=b=c\nfrom a file\n',
  )
  assert.match(stderr, /^done\nexited with 0; [\d,]+ fuel, \d+ pages of memory\nto run it in/)
  const fitting = `--resource-amount 1 --arg 0 --arg --dashed --arg -x --arg last --env A=b=c`
  assert.match(stderr, /\n {2}npx meshctl submit-job --wasm .*echo\.wasm --description echo\.wasm /)
  assert.ok(stderr.endsWith(`${fitting} --stdin ${stdin}\n`), stderr)
})

test('what we say of a run begins on a line of its own', async () => {
  const unended = write(
    'unended.wat',
    `(module (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 16) "half a line")
      (func (export "_start")
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (i32.const 11))
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))))`,
  )
  assert.match((await run([unended])).stderr, /^half a line\nexited with 0; /)
})

test('--stdin - is our own stdin, and without it the guest has none', async () => {
  const given = { input: 'ours\n' }
  assert.match((await run([guest('echo'), '--stdin', '-'], given)).stdout, /ours/)
  assert.doesNotMatch((await run([guest('echo')], given)).stdout, /ours/)
})

test('the module can come from stdin', async () => {
  const { status, stdout } = await run(['-', '--arg', '0'], { input: readFileSync(guest('echo')) })
  assert.equal(status, 0)
  assert.equal(stdout, 'arg 0: job\narg 1: 0\n')
  assert.equal((await run(['-', '--stdin', '-'])).status, 2)
})

test('--json is one object with the documented fields', async () => {
  const { status, stdout } = await run([guest('echo'), '--arg', '3', '--json'])
  const { fuel, memoryPages, module, profile, ...rest } = JSON.parse(stdout)
  assert.equal(status, 1)
  assert.deepEqual(rest, {
    outcome: 'exited',
    exitCode: 3,
    trap: null,
    stdout: 'arg 0: job\narg 1: 3\n',
    stderr: 'done\n',
    outputs: [],
  })
  assert.ok(Number.isSafeInteger(fuel) && fuel > 1000)
  assert.ok(memoryPages >= 1)
  assert.match(module, /^bafkrei/)
  assert.match(profile, /^mesh-runtime\//)
})

test('every way to end that is not exit code 0 is named and ends with 1', async () => {
  const ends: [args: string[], outcome: string, trap: string | null][] = [
    [['--arg', 'divide'], 'trapped', 'integer divide by zero'],
    [['--arg', 'loop', '--fuel', '5M'], 'out-of-fuel', null],
    [['--arg', 'recursion', '--fuel', '10G'], 'depth', null],
  ]
  for (const [args, outcome, trap] of ends) {
    const { status, stdout } = await run([guest('traps'), ...args, '--json'])
    const result = JSON.parse(stdout)
    assert.equal(status, 1)
    assert.deepEqual([result.outcome, result.exitCode, result.trap], [outcome, null, trap])
  }
})

test('stdout that is not UTF-8 comes as base64, too', async () => {
  const stdin = write('bytes.bin', Uint8Array.of(0xff, 0xfe, 10))
  const result = await runJson(guest('echo'), '--stdin', stdin)
  const bytes = Buffer.from(result.stdoutBase64, 'base64')
  assert.deepEqual([...bytes.subarray(-3)], [0xff, 0xfe, 10])
  assert.equal(result.stderrBase64, undefined)
})

test('inputs stand in /in by their name, and outputs are listed with their CIDs', async () => {
  const input = write('numbers.csv', 'abc')
  const result = await runJson(
    guest('sum'),
    '--input',
    input,
    '--arg',
    'numbers.csv',
    '--arg',
    '/out/c',
  )
  assert.equal(result.stdout, '3 bytes, sum 294\n')
  // the CID of 'abc' as raw bytes, sha2-256
  const cid = 'bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu'
  assert.deepEqual(result.outputs, [{ path: 'c', bytes: 3, cid }])
  const named = await runJson(guest('sum'), '--input', `other=${input}`, '--arg', '/in/other')
  assert.equal(named.stdout, '3 bytes, sum 294\n')
})

test('two inputs of one name are refused as usage', async () => {
  const input = write('same.txt', 'x')
  const { status, stderr } = await run([guest('sum'), '--input', input, '--input', input])
  assert.equal(status, 2)
  assert.match(stderr, /two files are to stand at \/in\/same\.txt/)
})

test('a folder is copied: the guest sees its files, and nothing that lies outside of it', async () => {
  const folder = path('folder')
  mkdirSync(join(folder, 'deep'), { recursive: true })
  writeFileSync(join(folder, 'deep/inside'), 'inside')
  symlinkSync('deep/inside', join(folder, 'alias'))
  symlinkSync(write('secret', 'secret'), join(folder, 'out-of-it'))
  symlinkSync('..', join(folder, 'up'))
  const read = (file: string) => run([guest('sum'), '--dir', `/data=${folder}`, '--arg', file])
  assert.match((await read('/data/deep/inside')).stdout, /^6 bytes/)
  assert.match((await read('/data/alias')).stdout, /^6 bytes/)
  const outside = await read('/data/out-of-it')
  assert.equal(outside.status, 1)
  assert.match(outside.stderr, /left out of \/data: out-of-it/)
  assert.equal((await read('/data/up/secret')).status, 1)
})

test('what the guest writes into a copied folder stays in the sandbox', async () => {
  const folder = path('untouched')
  mkdirSync(folder)
  writeFileSync(join(folder, 'file'), 'as it was')
  const input = write('new', 'changed')
  const args = ['--dir', `/data=${folder}`, '--input', input, '--arg', 'new', '--arg', '/data/file']
  assert.equal((await run([guest('sum'), ...args])).status, 0)
  assert.equal(readFileSync(join(folder, 'file'), 'utf8'), 'as it was')
})

test('--output writes what the guest left in /out, and over it only with --force', async () => {
  const input = write('data', 'abc')
  const out = path('results')
  const words = [guest('sum'), '--input', input, '--arg', 'data', '--arg', '/out/copy', '-o', out]
  assert.equal((await run(words)).status, 0)
  writeFileSync(join(out, 'copy'), 'mine')
  const again = await run(words)
  assert.equal(again.status, 2)
  assert.match(again.stderr, /already there/)
  assert.equal(readFileSync(join(out, 'copy'), 'utf8'), 'mine')
  assert.equal((await run([...words, '--force'])).status, 0)
  assert.equal(readFileSync(join(out, 'copy'), 'utf8'), 'abc')
})

test('the clock starts at 0 and the seed is the module: each run is the same', async () => {
  const first = await runJson(guest('chance'))
  assert.match(first.stdout, /^0\.\d+\nslept 2 s\n[0-9a-f]{32}\n$/)
  assert.deepEqual(await runJson(guest('chance')), first)
  // also in a process and a sandbox of its own, out of a pipe
  const another = meshctl(['run', '-', '--json'], { input: readFileSync(guest('chance')) })
  assert.deepEqual([another.status, JSON.parse(another.stdout)], [0, first])
})

test('fuel and memory take units, and refuse what is no amount', async () => {
  const fuel = async (text: string) =>
    (await runJson(guest('traps'), '--arg', 'loop', '--fuel', text)).fuel
  assert.equal(await fuel('2M'), 2_000_000)
  assert.equal(await fuel('1MiB'), 1_048_576)
  const { status, stderr } = await run([guest('traps'), '--fuel', '1.5'])
  assert.equal(status, 2)
  assert.match(stderr, /Expected a whole number/)
  assert.equal((await run([guest('echo'), '--memory', '1k'])).status, 2)
})

test('what is no module, and memory below what a module starts with, end with 1 and a code', async () => {
  const text = write('text.wasm', 'not WebAssembly')
  const { status, stderr } = await run([text])
  assert.equal(status, 1)
  assert.match(stderr, /^meshctl: MODULE_REFUSED: .+\n {2}next: .+\n$/)
  const json = await run([text, '--json'])
  assert.equal(json.status, 1)
  assert.equal(JSON.parse(json.stdout).error.code, 'MODULE_REFUSED')
  assert.equal((await run([guest('echo'), '--memory', '64KiB'])).status, 1)
})

test('a file that is not there is a usage error', async () => {
  const { status, stderr } = await run(['no-such.wasm'])
  assert.equal(status, 2)
  assert.equal(
    stderr,
    "meshctl: cannot read 'no-such.wasm': there is no such file\n  next: check the path\n",
  )
})

const EXITS = `
;; leaves with 7
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7))))
`

test('a module given as text runs, whatever its file is called', async () => {
  for (const name of ['exits.wat', 'exits.txt']) {
    const text = write(name, EXITS)
    const { status, stdout, stderr } = await run([text, '--json'])
    assert.equal(status, 1, stderr)
    const said = JSON.parse(stdout)
    assert.equal(said.exitCode, 7)
    assert.ok(said.fuel > 0)
  }
})

test('a mistake in the text is refused with its line and column', async () => {
  const text = write('wrong.wat', '(module\n  (func (result i32) i64.const 1))\n')
  const { status, stderr } = await run([text])
  assert.equal(status, 1)
  assert.match(stderr, /MODULE_REFUSED.*wrong\.wat:2:22: type mismatch/)
})

test('text of features that no guest may use is translated, and refused by admission', async () => {
  const text = write('tail.wat', '(module (func $f (export "_start") (return_call $f)))')
  const { status, stderr } = await run([text])
  assert.equal(status, 1)
  assert.match(stderr, /MODULE_REFUSED.*tail calls are not available/)
})

test('the second backend runs a program, and says that no job of the mesh runs on it', async () => {
  const words = [guest('echo'), '--env', 'A=b', '0', 'zwei']
  const ours = await run(words)
  const theirs = await run([...words, '--backend', 'wasmer'])
  assert.deepEqual([theirs.status, theirs.stdout], [ours.status, ours.stdout])
  assert.match(ours.stderr, /to run it in the mesh/)
  assert.doesNotMatch(theirs.stderr, /to run it in the mesh/)
  assert.match(theirs.stderr, /not reproducible: no job of the mesh runs on wasmer-wasi\//)
})

test('a backend that is not known is a mistake of the command line', async () => {
  const { status, stderr } = await run([guest('echo'), '--backend', 'wasmtime'])
  assert.equal(status, 2)
  assert.match(stderr, /mesh.*wasmer/)
})

test('inputs, folders and variables that make no sense are usage errors', async () => {
  const usage = { name: 'UsageError' }
  await assert.rejects(filesOf([path('no-such')], []), usage)
  await assert.rejects(filesOf(['name='], []), usage)
  await assert.rejects(filesOf([], [`/d=${path('no-such')}`]), usage)
  await assert.rejects(filesOf([], ['nowhere']), usage)
  assert.throws(() => environmentOf(['NOVALUE']), usage)
  assert.throws(() => environmentOf(['=value']), usage)
  assert.throws(() => environmentOf(['A=1', 'A=2']), usage)
})

test('an input is named by what stands before the first =, unless that is a path', () => {
  const names: [text: string, name: string, path: string][] = [
    ['data/a.csv', 'a.csv', 'data/a.csv'],
    ['b=data/a.csv', 'b', 'data/a.csv'],
    ['b=x=y', 'b', 'x=y'],
    ['./x=1/a.csv', 'a.csv', './x=1/a.csv'],
  ]
  for (const [text, name, path] of names) assert.deepEqual(splitInput(text), { name, path })
})
