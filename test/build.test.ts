// What is published runs without the checkout: every room is built, packed, unpacked into an empty
// tree where only its own dependencies are at hand, and used from there.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { build, roomsOf } from '../tools/build.ts'

const ROOT = join(import.meta.dirname, '..')
const SCOPE = '@planetary-mesh'
const rooms = roomsOf(ROOT)

const work = realpathSync(mkdtempSync(join(tmpdir(), 'mesh-build-')))
const staging = join(work, 'staging')
const tree = join(work, 'tree')
const tarballs = join(work, 'tarballs')
const installed = (room: string) => join(tree, 'node_modules', SCOPE, room)
const meshctl = join(installed('meshctl'), 'bin/meshctl.js')

type Packed = { name: string; files: { path: string }[] }

/** The files of each tarball, by room. */
const packed = new Map<string, readonly string[]>()

before(() => {
  stage()
  assert.ok(build(staging), 'the rooms build')
  pack()
  for (const room of rooms) unpack(room)
})
after(() => rmSync(work, { recursive: true, force: true }))

/** A copy of the rooms to build in: the checkout, in use by other tests, is left alone. */
function stage() {
  for (const file of ['package.json', 'tsconfig.base.json', 'LICENSE']) {
    cpSync(join(ROOT, file), join(staging, file))
  }
  const filter = (path: string) => !/[/\\](node_modules|dist|test)$/.test(path)
  cpSync(join(ROOT, 'examples'), join(staging, 'examples'), { recursive: true, filter })
  for (const room of rooms)
    cpSync(join(ROOT, room), join(staging, room), { recursive: true, filter })
  linkThirdParties(join(staging, 'node_modules'), readdirSync(join(ROOT, 'node_modules')))
  for (const room of rooms) link(join(staging, room), join(staging, 'node_modules', SCOPE, room))
}

function linkThirdParties(to: string, names: readonly string[]) {
  for (const name of names.filter((name) => !name.startsWith('.') && name !== SCOPE)) {
    link(join(ROOT, 'node_modules', name), join(to, name))
  }
}

function link(target: string, path: string) {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(target, path, 'junction')
}

function pack() {
  mkdirSync(tarballs)
  const args = ['pack', '--workspaces', '--json', '--ignore-scripts', '--offline']
  const options = { cwd: staging, encoding: 'utf8', stdio: 'pipe' } as const
  const { npm_execpath: npm = '', npm_node_execpath: node } = process.env
  const isScript = npm.endsWith('.js') && node !== undefined
  const pack = [...args, '--pack-destination', tarballs]
  const output: Record<string, Packed> | Packed[] = JSON.parse(
    isScript ? execFileSync(node, [npm, ...pack], options) : execFileSync('npm', pack, options),
  )
  // npm 12 gives an object by name, earlier ones a list
  for (const { name, files } of Object.values<{ name: string; files: { path: string }[] }>(
    output,
  )) {
    packed.set(
      name.slice(SCOPE.length + 1),
      files.map(({ path }) => path),
    )
  }
}

/** Unpacks a room beside the others, with links to the packages that it says it depends on. */
function unpack(room: string) {
  const to = installed(room)
  mkdirSync(to, { recursive: true })
  const tarball = readdirSync(tarballs).find((name) => name.startsWith(`planetary-mesh-${room}-`))
  assert.ok(tarball, room)
  execFileSync('tar', ['-xzf', join(tarballs, tarball), '--strip-components=1', '-C', to])
  const { dependencies = {} } = JSON.parse(readFileSync(join(to, 'package.json'), 'utf8'))
  const thirdParties = Object.keys(dependencies).filter((name) => !name.startsWith(`${SCOPE}/`))
  linkThirdParties(join(to, 'node_modules'), thirdParties)
}

/** Runs the installed `meshctl` in an empty folder, as a person would. */
function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [meshctl, ...args], {
    cwd: tree,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: work },
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

test('a tarball holds what runs, its page and the licence, and neither source nor tests', () => {
  assert.deepEqual([...packed.keys()].sort(), [...rooms].sort())
  for (const [room, files] of packed) {
    for (const file of ['package.json', 'README.md', 'dist/LICENSE', 'dist/index.js']) {
      assert.ok(files.includes(file), `${room} lacks ${file}`)
    }
    const strange = files.filter(
      (file) => !/^(package\.json|README\.md|(dist|bin)\/.*)$/.test(file),
    )
    assert.deepEqual(strange, [], room)
    // a template is source, for whoever begins a job with it
    const ours = files.filter((file) => !file.startsWith('dist/examples/guests/'))
    const wrong = ours.filter((file) => /\.test\.|tsbuildinfo|\.map$|(?<!\.d)\.ts$/.test(file))
    assert.deepEqual(wrong, [], room)
  }
})

test('the installed meshctl brings the templates of jobs, and nothing that was built', () => {
  for (const lang of ['c', 'as', 'js']) {
    const { status, stdout, stderr } = run('new', 'job', '--lang', lang, `made-${lang}`)
    assert.equal(status, 0, stderr)
    assert.doesNotMatch(stdout, /node_modules|job\.wasm,|build,/)
  }
  const templates = (packed.get('meshctl') ?? []).filter((file) => file.includes('/guests/'))
  assert.ok(templates.includes('dist/examples/guests/assemblyscript/assembly/job.ts'))
  assert.ok(!templates.some((file) => file.endsWith('.wasm')))
})

test('every package can be imported from the empty tree', () => {
  for (const room of rooms) {
    const code = `console.log(Object.keys(await import('${SCOPE}/${room}')).length)`
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { cwd: tree, encoding: 'utf8' },
    )
    assert.equal(status, 0, `${room}: ${stderr}`)
    assert.ok(Number(stdout) > 0, `${room} exports nothing`)
  }
})

test('the installed meshctl helps, and ends with 2 on what it does not know', () => {
  const help = run('--help')
  assert.equal(help.status, 0, help.stderr)
  for (const command of ['demo', 'run', 'verify', 'receipt', 'ccl', 'put', 'get']) {
    assert.match(help.stdout, new RegExp(`\\b${command}\\b`))
  }
  assert.equal(run('no-such-command').status, 2)
})

test('the installed meshctl compiles CCL, and ends with 2 on a text that does not compile', () => {
  const good = join(ROOT, 'examples/01-voting-analysis/job.ccl')
  assert.deepEqual(
    { ...run('ccl', 'check', good), stdout: '' },
    { status: 0, stdout: '', stderr: '' },
  )
  const bad = join(work, 'bad.ccl')
  writeFileSync(bad, readFileSync(good, 'utf8').replace('submit_job', 'submit_jbo'))
  const refused = run('ccl', 'check', bad)
  assert.equal(refused.status, 2)
  assert.match(refused.stdout + refused.stderr, /bad\.ccl:\d+:\d+/)
})

test('the installed meshctl runs a module to the same result as the checkout', () => {
  const guest = join(ROOT, 'runtime/test/guests/echo.wasm')
  for (const exitCode of [0, 3]) {
    const args = ['run', guest, '--arg', `${exitCode}`, '--arg', 'alpha', '--env', 'A=b', '--json']
    const here = run(...args)
    assert.equal(here.status, exitCode === 0 ? 0 : 1, here.stderr)
    const result = JSON.parse(here.stdout)
    assert.equal(result.exitCode, exitCode)
    assert.equal(result.stdout, `arg 0: job\narg 1: ${exitCode}\narg 2: alpha\nenv: A=b\n`)
    const checkout = spawnSync(process.execPath, [join(ROOT, 'meshctl/bin/meshctl.js'), ...args], {
      cwd: tree,
      encoding: 'utf8',
    })
    assert.deepEqual(JSON.parse(checkout.stdout), result)
  }
})

test('the installed meshctl shows the demo, with the example it brings', () => {
  const { status, stdout, stderr } = run('demo', '--out', join(work, 'demo.car'), '--json')
  assert.equal(status, 0, stderr)
  const { ok, charged } = JSON.parse(stdout)
  assert.deepEqual([ok, charged.posted], [true, 2])
  const verified = run('verify', '--from', join(work, 'demo.car'), '--no-replay')
  assert.equal(verified.status, 0, verified.stderr)
})
