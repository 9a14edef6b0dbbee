/**
 * The rooms as they are published: built, packed, unpacked into an empty tree where only their own
 * dependencies are at hand. Gone when the test file has run.
 */
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
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { build, roomsOf } from '../tools/build.ts'

export const ROOT = join(import.meta.dirname, '..')
export const SCOPE = '@planetary-mesh'
export const rooms = roomsOf(ROOT)

export const work = realpathSync(mkdtempSync(join(tmpdir(), 'mesh-build-')))
const staging = join(work, 'staging')
export const tree = join(work, 'tree')
const tarballs = join(work, 'tarballs')
const installed = (room: string) => join(tree, 'node_modules', SCOPE, room)
const meshctl = join(installed('meshctl'), 'bin/meshctl.js')

type Packed = { name: string; files: { path: string }[] }

/** The files of each tarball, by room. */
export const packed = new Map<string, readonly string[]>()

after(() => rmSync(work, { recursive: true, force: true }))

/** Builds, packs and unpacks all of them. */
export function install(): void {
  stage()
  assert.ok(build(staging), 'the rooms build')
  pack()
  for (const room of rooms) unpack(room)
}

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
export function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [meshctl, ...args], {
    cwd: tree,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: work },
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}
