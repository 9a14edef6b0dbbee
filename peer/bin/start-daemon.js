/**
 * Starts a daemon's program on a Node that is new enough: in this process if it can, else in a
 * child that this one stands in for. Plain JavaScript for Node 18 and later.
 */
import { spawn } from 'node:child_process'
import module, { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MAJOR_MIN = 24
const MAJOR_PINNED = 26
const EXIT_FAULT = 70
const ORPHAN_CHECK_MS = 1000
/** In a checkout the packages resolve to their sources. */
const FROM_SOURCE = '--conditions=source'
/** What a daemon makes and drops would else stay in memory for long. */
const SMALL_NURSERY = '--max-semi-space-size=4'
/** Where a checkout keeps its sources with their types stripped: they are read in half the time. */
const ROOM = fileURLToPath(new URL('..', import.meta.url))
const STRIPPED = join(dirname(ROOM), 'node_modules', '.cache', 'node-compile')

const major = Number.parseInt(process.versions.node, 10)

/** `bin` is the URL of the file that people start, `load` imports its program. */
export async function startDaemon({ bin, isCheckout, load }) {
  const flags = isCheckout ? [FROM_SOURCE] : []
  if (major >= MAJOR_MIN && flags.every((flag) => process.execArgv.includes(flag))) {
    // whoever reads our output may leave; the process goes on
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error) => {
        if (error.code !== 'EPIPE') throw error
      })
    }
    if (isCheckout) module.enableCompileCache?.(STRIPPED)
    await load()
    return
  }
  standInFor(findNode(), [SMALL_NURSERY, ...flags, fileURLToPath(bin), ...process.argv.slice(2)])
}

/** This Node if it is of the pinned major, else the pinned package, else this one if new enough. */
function findNode() {
  if (major === MAJOR_PINNED) return process.execPath
  const pinned = findPinned()
  if (pinned !== undefined) return pinned
  if (major >= MAJOR_MIN) return process.execPath
  console.error(
    `This needs Node ${MAJOR_MIN} or newer. Here is ${process.version}, and npm installed no ` +
      `pinned Node for ${process.platform}-${process.arch}.\n` +
      'Run `npm ci` without --omit=optional, or install a newer Node.',
  )
  process.exit(EXIT_FAULT)
}

function findPinned() {
  const require = createRequire(import.meta.url)
  const isWindows = process.platform === 'win32'
  const target = `${isWindows ? 'win' : process.platform}-${process.arch}`
  // the platform packages do not all follow one naming scheme
  for (const name of [`node-${target}`, `node-bin-${target}`]) {
    try {
      return require.resolve(`${name}/bin/node${isWindows ? '.exe' : ''}`)
    } catch {
      // not installed: the next name, or none
    }
  }
  return undefined
}

/**
 * The child has our terminal, our signals and our end; over its IPC channel it notices even a
 * kill -9 of this process, and this process notices its own starter's end in the same way.
 */
function standInFor(command, args) {
  const child = spawn(command, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  const stop = () => child.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the whole process group: a second one would mean "at once"
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  process.once('disconnect', stop)
  process.channel?.unref()
  stopWithNpm(stop)
  child.on('error', (error) => {
    console.error(`Node could not be started: ${error.message}`)
    process.exit(EXIT_FAULT)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.exitCode = 128 + constants.signals[signal] // for a signal that does not end us
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

/** A TERM to npm or npx ends them alone. Any other parent may be outlived: `nohup` asks for it. */
function stopWithNpm(stop) {
  if (process.env.npm_command === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, ORPHAN_CHECK_MS)
  timer.unref()
}
