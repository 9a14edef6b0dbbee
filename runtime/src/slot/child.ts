/**
 * The program in a slot: reads a job from descriptor 0, runs it, writes the answer to descriptor 1,
 * for ever, until the sandbox closes the pipe. Reads and writes block: there is nothing else to do,
 * and no event loop that a guest could starve.
 */
import { readSync, writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { ANSWER, openCancelLine } from './cancel-line.ts'
import { encodeFrame, type Frame, readFrame } from './frames.ts'
import { decodeRequest, encodeReport, encodeResult, encodeThrown, REQUEST_MAX } from './messages.ts'
import { ModuleCache } from './module-cache.ts'
import { runJob } from './run-job.ts'

const READ_FROM = 0
const WRITE_TO = 1
/** Only for a child whose parent is gone: the parent's own deadline comes first. */
const ORPHAN_GRACE_MS = 1000

// every source is read: the baseline compiler goes, as start-child.ts says
if (import.meta.url.endsWith('.ts')) setFlagsFromString('--no-liftoff')

const modules = new ModuleCache()

/** So many bytes; undefined when the sandbox has closed the pipe. */
function receive(size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size)
  let at = 0
  while (at < size) {
    const read = readSync(READ_FROM, bytes, at, size - at, null)
    if (read === 0) return undefined
    at += read
  }
  return bytes
}

/** Undefined when the sandbox has closed the pipe. */
function nextFrame(): Frame | undefined {
  const reading = readFrame(REQUEST_MAX)
  let step = reading.next(new Uint8Array(0))
  while (!step.done) {
    const bytes = receive(step.value)
    if (bytes === undefined) return undefined
    step = reading.next(bytes)
  }
  return step.value
}

function send(pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) {
    let at = 0
    while (at < piece.length) at += writeSync(WRITE_TO, piece, at)
  }
}

/** Says how far the guest came; true when it shall go no further, or nobody waits for it. */
function ask(atFuel: number): boolean {
  send(encodeReport(atFuel))
  return receive(1)?.[0] !== ANSWER.goOn
}

/** Runs under V8's own watchdog thread, the one thing that still acts while a guest spins. */
function answer(frame: Frame): Uint8Array[] {
  const input = decodeRequest(frame)
  const job: { run?: () => Uint8Array[] } = {}
  job.run = () => {
    try {
      return encodeResult(runJob(input, modules, openCancelLine(ask)))
    } catch (thrown) {
      return encodeThrown(thrown)
    }
  }
  Object.assign(globalThis, { job })
  const timeout = input.limits.wallMs + ORPHAN_GRACE_MS
  return new Script('job.run()').runInThisContext({ timeout })
}

send(encodeFrame({ ready: RUNTIME_PROFILE }, []))
for (let frame = nextFrame(); frame !== undefined; frame = nextFrame()) send(answer(frame))
