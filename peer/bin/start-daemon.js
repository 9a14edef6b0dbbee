/**
 * Starts a daemon's program on a Node that is new enough: in this process if it can, else in a
 * child that this one stands in for. Plain JavaScript for Node 18 and later.
 */
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { findNode, isNewEnough } from '@planetary-mesh/spec/find-node'
import { handOver } from '@planetary-mesh/spec/hand-over'
import { DAEMON_ENV, DAEMON_FLAGS } from './daemon-process.js'

/** In a checkout the packages resolve to their sources. */
const FROM_SOURCE = '--conditions=source'
/** A daemon collects garbage at a third above what it needs, not at several times as much. */
const SMALL_HEAP = '--heap-growing-percent=30'
/** Where a checkout keeps its sources with their types stripped: they are read in half the time. */
const ROOM = fileURLToPath(new URL('..', import.meta.url))
const STRIPPED = join(dirname(ROOM), 'node_modules', '.cache', 'node-compile')

/** `bin` is the URL of the file that people start, `load` imports its program. */
export async function startDaemon({ bin, isCheckout, load }) {
  const flags = isCheckout ? [FROM_SOURCE] : []
  if (isNewEnough && flags.every((flag) => process.execArgv.includes(flag))) {
    // whoever reads our log may leave, the disk it goes to may be full: the process goes on
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
    setFlagsFromString(SMALL_HEAP)
    if (isCheckout) module.enableCompileCache?.(STRIPPED)
    await load()
    return
  }
  const words = [...DAEMON_FLAGS, ...flags, fileURLToPath(bin), ...process.argv.slice(2)]
  handOver(findNode(), words, { ...DAEMON_ENV, ...process.env })
}
