/**
 * One process of a home, from its start until it serves and has read the charter, and its end:
 * asked first, then forced. What it says goes into a file in its state folder.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { setTimeout as wait } from 'node:timers/promises'
import {
  isAlive,
  isMissing,
  type RunFile,
  readLiveRunFile,
  removeRunFile,
} from '@planetary-mesh/peer'
import { DAEMON_ENV } from '@planetary-mesh/peer/daemon-process'
import { HostFault, Refusal } from '@planetary-mesh/spec'
import { nodeLogFile } from '../state/places.ts'
import { askNode, isOurs } from './ask-node.ts'
import { type Launch, wordsFor } from './programs.ts'

const POLL_MS = 25
const START_MS = 60_000
/** How long a process may take to put its things in order before it is killed. */
const STOP_MS = 8000
/** How long one may take that somebody else is starting on the same folder. */
const OTHERS_START_MS = 20_000
const LOG_TAIL_CHARS = 64 * 1024
const LOG_LINES = 12

export type Running = {
  name: string
  folder: string
  run: RunFile
  /** Undefined for a process that was there before. */
  child: ChildProcess | undefined
}

/** A process did not start; `lines` are the last ones of its log. */
export class StartRefusal extends Refusal {
  readonly lines: readonly string[]
  readonly logFile: string

  constructor(name: string, detail: string, folder: string, lines: readonly string[]) {
    super('NODE_FAILED', `${name} ${detail}`)
    this.lines = lines
    this.logFile = nodeLogFile(folder)
  }
}

/**
 * Starts the process of a folder and gives it when it serves: at once if it does already. One that
 * `isFirst` may need the others to know the log again. With `detach` it stays when this process
 * ends, else it ends with it. Refuses NODE_FAILED.
 */
export async function startProcess(
  name: string,
  folder: string,
  options: Launch & { detach: boolean; isFirst: boolean; signal: AbortSignal },
): Promise<Running> {
  const before = await readLiveRunFile(folder)
  if (before !== undefined) {
    if ((await askNode(before)) !== undefined) {
      return { name, folder, run: before, child: undefined }
    }
    if (await isOurs(folder, before)) {
      const detail = `runs already (pid ${before.pid}) and does not answer: run \`meshctl down\``
      throw new StartRefusal(name, detail, folder, await lastLines(folder))
    }
  }
  const words = await wordsFor(folder, options)
  options.signal.throwIfAborted()
  const logFrom = await logSize(folder)
  const child = launch(words, folder, options.detach)
  try {
    const run = await serving(name, folder, { ...options, child, logFrom })
    if (run.pid === child.pid) return { name, folder, run, child }
    // it could only have said that the store is another's
    if (child.pid !== undefined) await endPid(child.pid)
    return { name, folder, run, child: undefined }
  } catch (thrown) {
    if (child.pid !== undefined) await endPid(child.pid)
    throw thrown
  }
}

function launch(words: readonly string[], folder: string, detach: boolean): ChildProcess {
  const log = openSync(nodeLogFile(folder), 'a', 0o600)
  try {
    // one that stays must not end because npx, under which we run, ends
    const { npm_command: _, ...env } = process.env
    // what we have read and compiled, they need not
    flushCompileCache()
    const child = spawn(process.execPath, words, {
      env: { ...DAEMON_ENV, ...env },
      stdio: ['ignore', log, log, detach ? 'ignore' : 'ipc'],
      // a process group of its own: Ctrl-C is for us, and we see to the others
      detached: true,
    })
    child.unref()
    child.channel?.unref()
    return child
  } finally {
    closeSync(log)
  }
}

/**
 * The run file of the child when it serves; or of another that has its store, since two may start
 * the processes of a home at once, and who comes second takes what the first has started.
 */
async function serving(
  name: string,
  folder: string,
  given: { child: ChildProcess; logFrom: number; isFirst: boolean; signal: AbortSignal },
): Promise<RunFile> {
  const { child, logFrom, isFirst, signal } = given
  let failure: string | undefined
  child.once('error', (error) => {
    failure = `could not be started: ${error.message}`
  })
  let endsAtMs = Date.now() + START_MS
  let isElsewhere = false
  for (;;) {
    signal.throwIfAborted()
    if (hasEnded(child) && !isElsewhere) {
      isElsewhere = await saidLocked(folder, logFrom)
      if (isElsewhere) endsAtMs = Date.now() + OTHERS_START_MS
      else failure ??= `ended by itself (${child.signalCode ?? `exit code ${child.exitCode}`})`
    }
    if (Date.now() > endsAtMs) {
      failure ??= isElsewhere
        ? 'is locked by another process, which does not serve'
        : `did not serve within ${START_MS / 1000} s`
    }
    if (failure !== undefined) {
      throw new StartRefusal(name, failure, folder, await lastLines(folder))
    }
    const run = await readLiveRunFile(folder)
    if (run !== undefined && (await answers(run, isFirst))) return run
    await wait(POLL_MS)
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) =>
  exitCode !== null || signalCode !== null

/** Whether somebody has said since then that the store is another's. */
async function saidLocked(folder: string, logFrom: number): Promise<boolean> {
  await using log = await open(nodeLogFile(folder))
  const { buffer, bytesRead } = await log.read({
    buffer: Buffer.alloc(LOG_TAIL_CHARS),
    position: logFrom,
  })
  return buffer.subarray(0, bytesRead).includes(': STORE_LOCKED: ')
}

const logSize = (folder: string): Promise<number> =>
  stat(nodeLogFile(folder)).then(
    ({ size }) => size,
    () => 0,
  )

/** Whether it answers and, unless it `isFirst`, has read the charter: from then on it acts. */
async function answers(run: RunFile, isFirst: boolean): Promise<boolean> {
  const node = await askNode(run)
  return node !== undefined && (isFirst || node.charter !== null)
}

/** Its last lines, for a person. */
export async function lastLines(folder: string): Promise<string[]> {
  const text = await readFile(nodeLogFile(folder), 'utf8').catch((thrown) => {
    if (isMissing(thrown)) return ''
    throw thrown
  })
  return text.slice(-LOG_TAIL_CHARS).trimEnd().split('\n').slice(-LOG_LINES)
}

/**
 * Ends a process and resolves when it is gone: TERM, and KILL if that is not enough in time. Gives
 * whether it was killed. Its run file is gone too.
 */
export async function stopProcess(
  folder: string,
  { pid }: Pick<RunFile, 'pid'>,
): Promise<'stopped' | 'killed'> {
  const how = await endPid(pid)
  await removeRunFile(folder)
  return how
}

async function endPid(pid: number): Promise<'stopped' | 'killed'> {
  signalTo(pid, 'SIGTERM')
  if (await isGone(pid, STOP_MS)) return 'stopped'
  signalTo(pid, 'SIGKILL')
  if (await isGone(pid, STOP_MS)) return 'killed'
  throw new HostFault('deadline', `process ${pid} is still there after it was killed`)
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (thrown) {
    if (Object(thrown).code !== 'ESRCH') throw thrown
  }
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  const endsAtMs = Date.now() + withinMs
  while (isAlive(pid)) {
    if (Date.now() > endsAtMs) return false
    await wait(POLL_MS)
  }
  return true
}
