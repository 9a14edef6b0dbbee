/**
 * Starts `main` in a process that is already the right Node: from source in a checkout, from dist
 * in an installed package. `main` runs when it is imported and reads `process.argv` from 2 on.
 */
import { existsSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mindOutput, whenOrphaned } from '@planetary-mesh/spec/hand-over'

const source = new URL('../src/main.ts', import.meta.url)
const built = new URL('../dist/main.js', import.meta.url)

/** True in a checkout, where main is TypeScript and Node needs `--conditions=source`. */
export const isCheckout = existsSync(source)

/** Where a checkout keeps its sources with their types stripped: they are read in half the time. */
const room = fileURLToPath(new URL('..', import.meta.url))
const stripped = join(dirname(room), 'node_modules', '.cache', 'node-compile')

/** Imports main after seeing to a reader that leaves and to a starter that dies. */
export async function start() {
  mindOutput('meshctl')
  const end = () => process.kill(process.pid, 'SIGTERM')
  if (process.channel) {
    process.once('disconnect', end)
    process.channel.unref()
  } else {
    whenOrphaned(end)
  }
  if (isCheckout) module.enableCompileCache?.(stripped)
  await import(isCheckout ? source.href : built.href)
}
