#!/usr/bin/env node
/**
 * `ccl`: from dist in an installed package, from source in a checkout. Plain JavaScript for Node 18
 * and later: on one that is too old, the pinned Node of npm runs in its place.
 */
import { existsSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findNode, isNewEnough } from '@planetary-mesh/spec/find-node'
import { handOver, mindOutput } from '@planetary-mesh/spec/hand-over'

/** In a checkout the packages resolve to their sources. */
const FROM_SOURCE = '--conditions=source'

const source = new URL('../src/cli/main.ts', import.meta.url)
/** Where a checkout keeps its sources with their types stripped: they are read in half the time. */
const room = fileURLToPath(new URL('..', import.meta.url))
const stripped = join(dirname(room), 'node_modules', '.cache', 'node-compile')
const isCheckout = existsSync(source)

if (isNewEnough && (!isCheckout || process.execArgv.includes(FROM_SOURCE))) {
  mindOutput('ccl')
  module.enableCompileCache?.(isCheckout ? stripped : undefined)
  module.registerHooks?.({ resolve: asOneFile })
  await (isCheckout ? import('../src/cli/main.ts') : import('../dist/cli/main.js'))
} else {
  const flags = isCheckout ? [FROM_SOURCE] : []
  const self = fileURLToPath(import.meta.url)
  handOver(findNode(), [...flags, self, ...process.argv.slice(2)])
}

/** The parser's package brings its fifty files as one too, which is read four times as fast. */
function asOneFile(specifier, context, next) {
  const found = next(specifier, context)
  if (specifier !== 'chevrotain') return found
  const { href: url } = new URL('../chevrotain.min.mjs', found.url)
  return existsSync(fileURLToPath(url)) ? { ...found, url } : found
}
