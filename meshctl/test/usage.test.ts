/** The command line itself: help, mistakes of typing, exit codes, errors as data. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LIMITS } from '@planetary-mesh/spec'
import { parseExpires } from '../src/mesh/federation.ts'
import { runHere } from './run-here.ts'
import { guest, MESHCTL, meshctl, ROOT, scratchFolder } from './start-meshctl.ts'

const scratch = scratchFolder()
const CCL = join(ROOT, 'ccl-compiler/bin/ccl.js')
const COMMANDS = [
  'demo',
  'run',
  'verify',
  'receipt show',
  'ccl check',
  'ccl build',
  'new ccl',
  'put',
  'get',
  'submit-job',
  'get-bids',
  'accept-bid',
  'cancel-job',
  'job-status',
  'list-jobs',
  'logs',
  'result',
  'token list',
  'token show',
  'init',
  'up',
  'down',
  'node start',
  'federation invite',
  'federation status',
  'federation verdicts',
  'list-nodes',
  'policy show',
  'gc',
]

test('every command has a help with an example of itself', async () => {
  for (const command of COMMANDS) {
    const { status, stdout, stderr } = await runHere([...command.split(' '), '--help'])
    assert.deepEqual([status, stderr], [0, ''], command)
    assert.match(stdout, new RegExp(`Example:\\n +\\$ npx meshctl ${command}( |\\n)`), command)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 100, line)
  }
})

/** Tells every address that is loaded, on stderr. */
const TELL = `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { process._rawDebug(url); return next(url, context) } })`

test('the help is there without schemas, network and sandbox', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(TELL)}`, ...MESHCTL, '--help'],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  )
  assert.equal(status, 0, stderr)
  const loaded = stderr.split('\n').filter((line) => line.startsWith('file:'))
  assert.ok(loaded.some((url) => url.endsWith('/meshctl/src/cli/program.ts')))
  const heavy = /\/(zod|cborg|@ipld|libp2p|@libp2p)\/|\/(peer|runtime|ccl-compiler)\/src\//
  assert.deepEqual(
    loaded.filter((url) => heavy.test(url)),
    [],
  )
})

test('the help lists the commands, and no command at all is a usage error', async () => {
  const { status, stdout } = await runHere(['--help'])
  assert.equal(status, 0)
  for (const command of COMMANDS) assert.match(stdout, new RegExp(`\\b${command.split(' ')[0]}\\b`))
  const none = await runHere([])
  assert.deepEqual([none.status, none.stdout], [2, ''])
  assert.match(none.stderr, /Usage: meshctl/)
})

test('an unknown command or option ends with 2 and a suggestion', async () => {
  const command = meshctl(['verfy'])
  assert.equal(command.status, 2)
  assert.match(command.stderr, /^meshctl: unknown command 'verfy' \(Did you mean verify\?\)\n/)
  const option = await runHere(['run', guest('echo'), '--feul', '1'])
  assert.equal(option.status, 2)
  assert.match(option.stderr, /unknown option '--feul' \(Did you mean --fuel\?\)/)
})

test('a missing argument or option is named', async () => {
  assert.match((await runHere(['run'])).stderr, /missing required argument 'module'/)
  assert.match(
    (await runHere(['get-bids'])).stderr,
    /required option '--job-id <id>' not specified/,
  )
  const { status, stderr } = await runHere(['verify'])
  assert.equal(status, 2)
  assert.match(stderr, /name a job or receipt, or give --from CAR/)
})

test('with --json a usage error is one object on stdout', async () => {
  const { status, stdout, stderr } = await runHere(['run', '--json'])
  assert.deepEqual([status, stderr], [2, ''])
  assert.deepEqual(Object.keys(JSON.parse(stdout).error), ['code', 'detail', 'values'])
  assert.equal(JSON.parse(stdout).error.code, 'USAGE')
})

test('the demo asks first whether its file can be written, and leaves devices alone', async () => {
  const words: [string, RegExp][] = [
    ['/nonexistent/demo.car', /cannot write '\/nonexistent\/demo\.car': ENOENT/],
    ['.', /cannot write '\.': it is no plain file/],
    ['/dev/null', /cannot write '\/dev\/null': it is no plain file/],
    [join(import.meta.filename, 'demo.car'), /ENOTDIR/],
  ]
  for (const [out, said] of words) {
    // an example that is not there would be the next thing to stop at
    const args = ['demo', '--example', '/nonexistent', '--out', out]
    const { status, stdout, stderr } = await runHere(args)
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, said)
  }
})

test('what the system would not do is a fault of this machine, and says which', async () => {
  const before = process.env.TMPDIR
  process.env.TMPDIR = '/nonexistent'
  try {
    const { status, stdout } = await runHere(['demo', '--json'])
    assert.equal(status, 70)
    const { code, detail } = JSON.parse(stdout).error
    assert.equal(code, 'HOST_FAULT')
    assert.match(detail, /ENOENT.*mkdtemp '\/nonexistent\//)
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
})

test('--version says which', async () => {
  const { status, stdout } = await runHere(['--version'])
  assert.equal(status, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('an answer that a full disk loses is no answer: exit code 70, and no stack', () => {
  const full = openSync('/dev/full', 'w')
  const bins = { meshctl: [...MESHCTL, '--version'], ccl: [CCL, '--help'] }
  for (const [name, args] of Object.entries(bins)) {
    const stdio = ['ignore', full, 'pipe'] as const
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: [...stdio],
    })
    assert.equal(status, 70)
    assert.match(stderr, new RegExp(`^${name}: its answer cannot be written: ENOSPC.*\\n$`))
  }
  closeSync(full)
})

test('nothing is coloured where stdout is no terminal', () => {
  assert.equal(meshctl(['--help']).stdout.includes('\u001b'), false)
})

test('an invitation for too long, or for no time, is a usage error that says what may be', async () => {
  const wrong: [time: string, what: string][] = [
    ['1000d', ': an invitation holds for 30d at most'],
    ['2592001s', ': an invitation holds for 30d at most'],
    ['soon', ' is no time'],
    ['0h', ' is no time'],
    ['1000', ' is no time'],
  ]
  for (const [time, what] of wrong) {
    const ended = await runHere(['federation', 'invite', '--expires', time], {})
    const next = '  next: give a time such as 90s, 10m, 1h or 7d, at most 30d\n'
    assert.equal(ended.status, 2)
    assert.equal(ended.stderr, `meshctl: --expires ${time}${what}\n${next}`)
  }
  assert.equal(parseExpires('30d'), LIMITS.inviteMsMax)
  assert.equal(parseExpires('2592000s'), LIMITS.inviteMsMax)
})

test('Ctrl-C in the middle of a run leaves by the signal', { timeout: 60_000 }, async () => {
  const bin = join(ROOT, 'meshctl/bin/meshctl.js')
  const args = [bin, 'run', guest('traps'), '--arg', 'loop', '--fuel', '10000G']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const pid = child.pid as number
  await sandboxOf(pid)
  process.kill(-pid, 'SIGINT')
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGINT'])
  assert.equal(Buffer.concat(await child.stderr.toArray()).toString(), '')
})

/** Resolves when the process group has a sandbox process, asking a few times a second. */
async function sandboxOf(group: number): Promise<void> {
  const { readdirSync, readFileSync } = await import('node:fs')
  for (;;) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const [, , groupOf] =
          readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
        const isSlot = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--permission')
        if (Number(groupOf) === group && isSlot) return
      } catch {
        // it ended while we looked
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('an input under a name that no file can have is refused with what to do', async () => {
  for (const input of ['..=x', '.=x', 'a\u0007b=x']) {
    const job = ['submit-job', '--wasm', 'x', '--description', 'x', '--input', input]
    const { status, stderr } = await runHere(job)
    assert.equal(status, 1)
    assert.match(stderr, /FILE_NAME_REFUSED.*\n {2}next: rename the file with NAME=FILE/, input)
  }
})

test('a program that does not compile is shown line by line, its place under a caret', async () => {
  const path = join(scratch, 'broken.ccl')
  writeFileSync(path, 'execution {\n  submit_jb()\n}\n')
  const { status, stdout, stderr } = await runHere(['submit-job', '--ccl', path])
  assert.deepEqual([status, stdout], [2, ''])
  const lines = stderr.split('\n')
  assert.match(lines[0] ?? '', /^meshctl: \S+broken\.ccl:2:3: error CCL\d{4}: /)
  assert.ok(
    lines.some((line) => /^ +2 \| +submit_jb\(\)$/.test(line)),
    stderr,
  )
  assert.ok(
    lines.some((line) => /^ +\| +\^+$/.test(line)),
    stderr,
  )
})
