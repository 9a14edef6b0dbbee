/**
 * Runs another process in the place of this one: its signals, its exit code, its end. Plain
 * JavaScript for Node 18 and later, because the old Node is the one that hands over.
 */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const EXIT_FAULT = 70
const ORPHAN_CHECK_MS = 1000

/**
 * Starts `command` with our terminal and ends as it ends. Over its IPC channel the child notices
 * even a kill -9 of this process, and this process notices its own starter's end in the same way.
 */
export function handOver(command, args, env = process.env) {
  const child = spawn(command, args, { env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  const stop = () => child.kill('SIGTERM')
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal reaches the whole process group: a second one would mean "at once"
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  process.once('disconnect', stop)
  process.channel?.unref()
  whenOrphaned(stop)
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

/**
 * Sees to what a command says and nobody gets. A reader that has left (`| head`) is no mistake: the
 * rest is dropped, and the command ends with its own exit code. What is lost otherwise, such as to
 * a full disk, is told, and the command ends with 70, whatever it came to.
 */
export function mindOutput(name) {
  let isTold = false
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code, message }) => {
      if (code === 'EPIPE' || isTold) return
      isTold = true
      process.on('exit', () => {
        process.exitCode = EXIT_FAULT
      })
      process.stderr.write(`${name}: its answer cannot be written: ${message}\n`)
    })
  }
}

/**
 * Calls `action` once our parent is gone, when that parent is npm or npx: a TERM to them ends them
 * alone. Started by anything else, outliving the parent is what `nohup` and `disown` ask for.
 */
export function whenOrphaned(action) {
  if (process.env.npm_command === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    action()
  }, ORPHAN_CHECK_MS)
  timer.unref()
}
