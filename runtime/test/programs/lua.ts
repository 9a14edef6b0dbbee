/**
 * Lua runs the portable files of its own test suite. Debian's package does not carry the suite, so
 * LUA_TESTS says where it is (the folder with `all.lua`, of the version that is built); without it
 * a script of ours is all that is run.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { VirtualFile } from '@planetary-mesh/spec'
import type { Case, Program } from './program.ts'

/** Run by all.lua, not alone; or made to take all the memory or minutes there are. */
const NOT_ALONE = new Set(['all.lua', 'big.lua', 'heavy.lua', 'verybig.lua'])

/** Portable, and only locales that exist: musl takes every name for one. */
const PORTABLE = `_U = true; _port = true
local set = os.setlocale
os.setlocale = function (name, ...)
  if name and name ~= "" and name ~= "C" then return nil end
  return set(name, ...)
end`

export const lua: Program = {
  name: 'lua',
  package: 'lua5.4',
  prepare: (directory) =>
    writeFileSync(
      join(directory, 'src/lua5.4-deb-multiarch.h'),
      '#define DEB_HOST_MULTIARCH "any"\n',
    ),
  sources: (directory) =>
    readdirSync(join(directory, 'src'))
      .filter((name) => name.endsWith('.c') && name !== 'luac.c')
      .map((name) => join(directory, 'src', name)),
  // "must be compatible with the size of the C stack", says llimits.h: 200 elsewhere
  flags: ['-DLUAI_MAXCCALLS=120'],
  wasm: {
    flags: ['-include', '../lua/lua-throw.h'],
    sources: ['lua/lua-throw.c'],
    linkFlags: ['-Wl,-z,stack-size=1048576'],
    optimizer: ['--asyncify', '--pass-arg=asyncify-ignore-imports', '-O2'],
  },
  *cases(): Iterable<Case> {
    const own = readFileSync(new URL('./lua/own.lua', import.meta.url))
    yield {
      says: 'errors, coroutines, patterns, files',
      args: ['own.lua'],
      inputs: [{ path: 'own.lua', bytes: own }],
    }
    const suite = process.env.LUA_TESTS
    if (suite === undefined) return
    const inputs = filesOf(suite)
    for (const { path } of inputs) {
      if (path.includes('/') || !path.endsWith('.lua') || NOT_ALONE.has(path)) continue
      yield {
        says: path,
        args: ['-e', PORTABLE, path],
        env: [['PATH', '/bin']],
        inputs,
        comparable: null, // they print addresses, times and how much memory is used
      }
    }
  },
}

function filesOf(directory: string): VirtualFile[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return { path: path.slice(directory.length).replace(/^\/+/, ''), bytes: readFileSync(path) }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}
