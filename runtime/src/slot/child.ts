/**
 * The program in a slot: reads a job from descriptor 0, runs it, writes the answer to descriptor 1,
 * for ever, until the sandbox closes the pipe. Reads and writes block: there is nothing else to do,
 * and no event loop that a guest could starve.
 */
import { writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { ANSWER, openCancelLine } from './cancel-line.ts'
import { encodeFrame, type Frame } from './frames.ts'
import { Inlet } from './inlet.ts'
import { openLiveLine } from './live-output.ts'
import {
  decodeAdmit,
  decodeRequest,
  encodeAdmitted,
  encodeReport,
  encodeResult,
  encodeThrown,
  encodeWish,
  REQUEST_MAX,
  type SlotRequest,
  WATCHDOG,
} from './messages.ts'
import { admitJob, ModuleCache, type ModuleSource } from './module-cache.ts'
import { runJob } from './run-job.ts'
import { fromSource, giveBackWriting } from './stripped-sources.ts'

const READ_FROM = 0
const WRITE_TO = 1
/** Only for a child whose parent is gone: the parent's own deadline comes first. */
const ORPHAN_GRACE_MS = 1000

// every source is read: the baseline compiler goes, as start-child.ts says, and all writing
if (fromSource) setFlagsFromString('--no-liftoff')
giveBackWriting()

const modules = new ModuleCache()
const inlet = new Inlet(READ_FROM)
const hasWatchdog = process.argv.includes(WATCHDOG)

function send(pieces: readonly Uint8Array[]): void {
  for (const piece of pieces) {
    let at = 0
    while (at < piece.length) at += writeSync(WRITE_TO, piece, at)
  }
}

/** Says how far the guest came; true when it shall go no further, or nobody waits for it. */
function ask(atFuel: number): boolean {
  send(encodeReport(atFuel))
  return inlet.take(1)?.[0] !== ANSWER.goOn
}

/** The module as it was given; the sandbox sends it when it is asked, unless it came already. */
function sourceOf({ hash, module }: SlotRequest): ModuleSource {
  const bytes = () => {
    if (module.form === 'original') return module.bytes
    send(encodeWish())
    return inlet.frame(REQUEST_MAX)?.parts[0] ?? new Uint8Array(0)
  }
  return module.form === 'admitted' ? { hash, bytes, admitted: module.admitted } : { hash, bytes }
}

function answer(request: SlotRequest): Uint8Array[] {
  const live = request.live ? openLiveLine(send) : undefined
  const isToStop = openCancelLine(ask)
  try {
    const input = { ...request.input, module: sourceOf(request) }
    const result = runJob(input, modules, {
      isCancelled(fuelUsed) {
        live?.tick()
        return isToStop(fuelUsed)
      },
      ...(live === undefined ? {} : { sink: live }),
    })
    live?.close()
    return encodeResult(result)
  } catch (thrown) {
    live?.close()
    return encodeThrown(thrown)
  }
}

/** Under V8's own watchdog thread, the one thing that still acts while a guest spins. */
function answerWatched(request: SlotRequest): Uint8Array[] {
  Object.assign(globalThis, { job: () => answer(request) })
  const timeout = request.input.limits.wallMs + ORPHAN_GRACE_MS
  return new Script('job()').runInThisContext({ timeout })
}

function admitOnly({ module, memoryPagesMax }: { module: Uint8Array; memoryPagesMax: number }) {
  try {
    return encodeAdmitted(admitJob(module, memoryPagesMax, 'fast'))
  } catch (thrown) {
    return encodeThrown(thrown)
  }
}

function answerOf(frame: Frame): Uint8Array[] {
  const admission = decodeAdmit(frame)
  if (admission !== undefined) return admitOnly(admission)
  const request = decodeRequest(frame)
  return hasWatchdog ? answerWatched(request) : answer(request)
}

const nextFrame = (): Frame | undefined => inlet.frame(REQUEST_MAX)

send(encodeFrame({ ready: RUNTIME_PROFILE, keepsModules: true }, []))
for (let frame = nextFrame(); frame !== undefined; frame = nextFrame()) send(answerOf(frame))
