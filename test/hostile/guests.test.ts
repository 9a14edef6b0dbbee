/** The hostile guests are what their sources give, wherever these can be built. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const HERE = join(import.meta.dirname, 'guests')
const isAbsent = (tool: string) => spawnSync(tool, ['--version']).error !== undefined
const MISSING =
  ['clang-14', 'wasm-ld-14', 'wat2wasm'].some(isAbsent) ||
  !existsSync('/usr/lib/wasm32-wasi/crt1.o')
    ? "Debian's clang-14, lld-14, wasi-libc or wabt is not installed"
    : false

const namesOf = (folder: string, suffix: RegExp) =>
  readdirSync(folder)
    .filter((name) => suffix.test(name))
    .map((name) => name.replace(suffix, ''))
    .sort()

test('every source of a hostile guest has its module', () => {
  assert.deepEqual(namesOf(HERE, /\.wasm$/), namesOf(HERE, /\.(c|wat)$/))
})

test('the hostile guests, rebuilt, are the committed bytes', { skip: MISSING }, () => {
  const out = mkdtempSync(join(tmpdir(), 'hostile-'))
  try {
    execFileSync('sh', [join(HERE, 'build.sh'), out], { stdio: 'pipe', timeout: 60_000 })
    assert.deepEqual(namesOf(out, /\.wasm$/), namesOf(HERE, /\.wasm$/))
    for (const name of readdirSync(out)) {
      const isSame = readFileSync(join(out, name)).equals(readFileSync(join(HERE, name)))
      assert.ok(isSame, `${name} differs: run build.sh and commit what it gives`)
    }
  } finally {
    rmSync(out, { recursive: true })
  }
})
