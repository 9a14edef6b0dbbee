// The command people type stands in for the program on the right Node: its exit code, its signals
// and its end are the program's own, in a checkout and installed.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const work = mkdtempSync(join(tmpdir(), 'mesh-shim-'))
symlinkSync(join(ROOT, 'node_modules'), join(work, 'node_modules'))
after(() => rmSync(work, { recursive: true, force: true }))

/** A program that does as it is told, in plain JavaScript that is TypeScript as well. */
const PROGRAM = `
const [what, value] = process.argv.slice(2)
if (what === 'say') console.log(JSON.stringify({ args: process.argv.slice(2), pid: process.pid }))
if (what === 'exit') process.exitCode = Number(value)
if (what === 'kill') process.kill(process.pid, value)
if (what === 'flood') {
  for (let line = 0; line < 100_000; line++) process.stdout.write('a line of some length\\n')
  process.exitCode = Number(value)
}
if (what === 'wait' || what === 'tidy up') {
  setInterval(() => {}, 60_000)
  if (what === 'tidy up') process.on('SIGTERM', () => process.exit(3))
  console.log(process.pid)
}
`

/** Puts the bin beside a program that is source or built; returns the path of the bin. */
function install(folder: 'src' | 'dist'): string {
  const room = join(work, folder)
  cpSync(join(ROOT, 'meshctl/bin'), join(room, 'bin'), { recursive: true })
  mkdirSync(join(room, folder))
  writeFileSync(join(room, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(room, folder, folder === 'src' ? 'main.ts' : 'main.js'), PROGRAM)
  return join(room, 'bin/meshctl.js')
}

/** The pid that a waiting program prints, which is the shim's own when there is one process. */
async function pidOf(child: ChildProcess): Promise<number> {
  assert.ok(child.stdout)
  const [line] = await once(child.stdout, 'data')
  return Number(line)
}

/** Resolves when no process has this pid any more, asking a few times a second. */
async function gone(pid: number) {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

for (const folder of ['src', 'dist'] as const) {
  const bin = install(folder)
  const where = folder === 'src' ? 'in a checkout' : 'installed'
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8', timeout: 30_000 })
  const start = (...args: string[]) =>
    spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })

  test(`${where}, the program gets the arguments as they were typed`, () => {
    const { stdout } = run('say', '--json', 'a b', '--tethered')
    assert.deepEqual(JSON.parse(stdout).args, ['say', '--json', 'a b', '--tethered'])
  })

  test(`${where}, the exit code is the program's`, () => {
    for (const code of [0, 1, 2, 70]) assert.equal(run('exit', String(code)).status, code)
  })

  test(`${where}, a program that dies by a signal is seen to`, () => {
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGABRT'] as const) {
      assert.equal(run('kill', signal).signal, signal)
    }
  })

  test(`${where}, a signal reaches the program, which may tidy up`, {
    timeout: 30_000,
  }, async () => {
    const child = start('tidy up')
    await pidOf(child)
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [3, null])
  })

  test(`${where}, a kill -9 leaves no process behind`, { timeout: 30_000 }, async () => {
    const child = start('wait')
    const pid = await pidOf(child)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await gone(pid)
  })

  test(`${where}, a reader that leaves early is no crash`, { timeout: 30_000 }, async () => {
    const child = spawn(process.execPath, [bin, 'flood', '1'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.once('data', () => child.stdout.destroy())
    const stderr = child.stderr.toArray()
    assert.deepEqual(await once(child, 'exit'), [1, null])
    assert.equal(Buffer.concat(await stderr).toString(), '')
  })

  test(`${where}, the end of npm ends the program`, { timeout: 30_000 }, async () => {
    const npm = `require('node:child_process').spawn(process.execPath, process.argv.slice(1),
      { stdio: ['ignore', 'inherit', 'inherit'], env: { npm_command: 'exec' } })`
    const parent = spawn(process.execPath, ['--eval', npm, bin, 'wait'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const pid = await pidOf(parent)
    parent.kill('SIGTERM')
    await gone(pid)
  })
}
