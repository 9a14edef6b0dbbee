#!/usr/bin/env node
/**
 * `ccl`: from dist in an installed package, from source in a checkout. Plain JavaScript for Node 18
 * and later: on one that is too old, the pinned Node of npm runs in its place.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJOR_MIN = 24
const EXIT_FAULT = 70

const source = new URL('../src/cli/main.ts', import.meta.url)
/** Where a checkout keeps its sources with their types stripped: they are read in half the time. */
const room = fileURLToPath(new URL('..', import.meta.url))
const stripped = join(dirname(room), 'node_modules', '.cache', 'node-compile')
const isCheckout = existsSync(source)
const isNewEnough = Number.parseInt(process.versions.node, 10) >= MAJOR_MIN
const readsSource = process.execArgv.includes('--conditions=source')

if (isNewEnough && (readsSource || !isCheckout)) await start()
else handOver()

async function start() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      // the reader has left (`| head`): drop the rest, and end with the exit code of the command
      if (error.code !== 'EPIPE') throw error
    })
  }
  module.enableCompileCache?.(isCheckout ? stripped : undefined)
  module.registerHooks?.({ resolve: asOneFile })
  await (isCheckout ? import('../src/cli/main.ts') : import('../dist/cli/main.js'))
}

/** The parser's package brings its fifty files as one too, which is read four times as fast. */
function asOneFile(specifier, context, next) {
  const found = next(specifier, context)
  if (specifier !== 'chevrotain') return found
  const { href: url } = new URL('../chevrotain.min.mjs', found.url)
  return existsSync(fileURLToPath(url)) ? { ...found, url } : found
}

function handOver() {
  const node = isNewEnough ? process.execPath : pinned()
  if (node === undefined) {
    console.error(`This needs Node ${MAJOR_MIN} or newer. Here is ${process.version}.`)
    process.exit(EXIT_FAULT)
  }
  const self = fileURLToPath(import.meta.url)
  const args = [...(isCheckout ? ['--conditions=source'] : []), self, ...process.argv.slice(2)]
  const { status, signal, error } = spawnSync(node, args, { stdio: 'inherit' })
  if (error) throw error
  if (signal) process.kill(process.pid, signal)
  process.exitCode = status ?? EXIT_FAULT
}

/** The Node that npm brought for this machine, if it did. */
function pinned() {
  const require = createRequire(import.meta.url)
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const file = `bin/node${platform === 'win' ? '.exe' : ''}`
  for (const name of ['node', 'node-bin'].map((kind) => `${kind}-${platform}-${process.arch}`)) {
    try {
      return require.resolve(`${name}/${file}`)
    } catch {
      // not installed: the next name, or none
    }
  }
  return undefined
}
