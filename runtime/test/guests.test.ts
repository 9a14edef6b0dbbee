/** The committed guests are what their sources give, byte for byte, wherever they can be built. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('./guests/', import.meta.url))
const SYSROOT = '/usr/lib/wasm32-wasi/crt1.o'
const MISSING =
  spawnSync('clang-14', ['--version']).error === undefined && existsSync(SYSROOT)
    ? false
    : "Debian's clang-14, lld-14, wasi-libc or libclang-rt-14-dev-wasm32 is not installed"

test('every source of a guest has its module', () => {
  const files = readdirSync(here)
  const sources = files.filter((name) => name.endsWith('.c')).map((name) => name.slice(0, -2))
  const modules = files.filter((name) => name.endsWith('.wasm')).map((name) => name.slice(0, -5))
  assert(sources.length >= 6)
  assert.deepEqual(modules, sources)
})

test('the guests, rebuilt, are the committed bytes', { skip: MISSING }, () => {
  const out = mkdtempSync(join(tmpdir(), 'guests-'))
  try {
    execFileSync(join(here, 'build.sh'), [out], { stdio: 'pipe' })
    for (const name of readdirSync(out)) {
      const same = readFileSync(join(out, name)).equals(readFileSync(join(here, name)))
      assert(same, `${name} differs: run build.sh and commit what it gives`)
    }
    assert(readdirSync(out).length >= 6)
  } finally {
    rmSync(out, { recursive: true })
  }
})
