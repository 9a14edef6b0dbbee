/**
 * What a sandbox and a slot's child say to each other: run this; here is the result, the refusal or
 * the fault. The child has run a stranger's code, so its answers are read as a stranger's words.
 */
import {
  HostFault,
  isCode,
  LIMITS,
  type Outcome,
  Refusal,
  type RunInput,
  type RunResult,
  TRAPS,
  type Trap,
} from '@planetary-mesh/spec'
import { encodeFrame, type Frame, FrameError } from './frames.ts'

const DIGEST_BYTES = 32
const MiB = 2 ** 20

/** Paths of inputs and outputs stand in the head, everything large in parts. */
export const REQUEST_MAX = {
  headBytes: 64 * MiB,
  partBytes: LIMITS.moduleBytesMax + LIMITS.inputBytesMax + MiB,
}
export const ANSWER_MAX = { headBytes: 16 * MiB, partBytes: LIMITS.outputBytesMax + MiB }

export function encodeRequest(input: RunInput): Uint8Array[] {
  const { args, env, clockMs, limits, cancelAtFuel } = input
  const paths = input.files.map((file) => file.path)
  const bytes = input.files.map((file) => file.bytes)
  return encodeFrame({ args, env, clockMs, limits, cancelAtFuel, paths }, [
    input.module,
    input.stdin,
    input.seed,
    ...bytes,
  ])
}

/** The child trusts the sandbox, which has checked what it sends. */
export function decodeRequest({ head, parts }: Frame): RunInput {
  const { paths, args, env, clockMs, limits, cancelAtFuel } = head as unknown as Omit<
    RunInput,
    'files'
  > & { paths: string[] }
  const [module, stdin, seed, ...bytes] = parts as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    ...Uint8Array[],
  ]
  const files = bytes.map((part, index) => ({ path: paths[index] ?? '', bytes: part }))
  const cancel = cancelAtFuel === undefined ? {} : { cancelAtFuel }
  return { module, stdin, seed, args, env, clockMs, limits, files, ...cancel }
}

/** What the child says in the middle of a run: it stands at a host call, and so much is used. */
export const encodeReport = (atFuel: number): Uint8Array[] => encodeFrame({ atFuel }, [])

/** The fuel in a report; undefined when the frame is the answer. Throws `FrameError`. */
export function decodeReport({ head }: Frame, fuelMax: number): number | undefined {
  if (!('atFuel' in head)) return undefined
  const atFuel = integer(head.atFuel)
  if (atFuel > fuelMax) throw new FrameError(`${atFuel} fuel, at most ${fuelMax}`)
  return atFuel
}

export function encodeResult(result: RunResult): Uint8Array[] {
  const { stdout, stderr, hostCallDigest, outputs, ...plain } = result
  const head = { ...plain, paths: outputs.map((output) => output.path) }
  const bytes = outputs.map((output) => output.bytes)
  return encodeFrame(head, [stdout, stderr, hostCallDigest, ...bytes])
}

/** What the child says when a run threw: the refusal or host fault as it is, else a crash. */
export function encodeThrown(thrown: unknown): Uint8Array[] {
  if (thrown instanceof Refusal) {
    const { code, detail, values } = thrown
    return encodeFrame({ refusal: { code, detail, values } }, [])
  }
  if (thrown instanceof HostFault) {
    return encodeFrame({ fault: { reason: thrown.reason, detail: thrown.message } }, [])
  }
  const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  return encodeFrame({ fault: { reason: 'crash', detail } }, [])
}

/** The result in an answer. Throws the refusal or fault it tells of, or `FrameError`. */
export function decodeAnswer({ head, parts }: Frame): RunResult {
  if ('refusal' in head) throw refusalOf(record(head.refusal))
  if ('fault' in head) throw faultOf(record(head.fault))
  const [stdout, stderr, hostCallDigest, ...bytes] = parts
  const { paths, profile } = head
  if (!Array.isArray(paths) || paths.length !== bytes.length) throw new FrameError('paths')
  if (stdout === undefined || stderr === undefined) throw new FrameError('stdout and stderr')
  if (hostCallDigest?.length !== DIGEST_BYTES) throw new FrameError('host-call digest')
  const measured = record(head.measured)
  return {
    outcome: outcomeOf(record(head.outcome)),
    stdout,
    stderr,
    outputs: bytes.map((part, index) => ({ path: text(paths[index]), bytes: part })),
    fuel: integer(head.fuel),
    memoryPages: integer(head.memoryPages),
    hostCallDigest,
    profile: text(profile),
    measured: { wallMs: integer(measured.wallMs), rssBytes: integer(measured.rssBytes) },
  }
}

function outcomeOf(said: Record<string, unknown>): Outcome {
  switch (said.type) {
    case 'exited':
      return { type: 'exited', code: integer(said.code) }
    case 'trapped':
      if (!TRAPS.includes(said.trap as Trap)) throw new FrameError('trap')
      return { type: 'trapped', trap: said.trap as Trap }
    case 'cancelled':
      return { type: 'cancelled', atFuel: integer(said.atFuel) }
    case 'out-of-fuel':
    case 'depth':
    case 'output-limit':
      return { type: said.type }
    default:
      throw new FrameError('outcome')
  }
}

function refusalOf(said: Record<string, unknown>): Refusal {
  const code = text(said.code)
  if (!isCode(code)) throw new FrameError('refusal code')
  const values = Object.entries(record(said.values)).map(([name, value]) => [name, integer(value)])
  return new Refusal(code, text(said.detail), { values: Object.fromEntries(values) })
}

function faultOf(said: Record<string, unknown>): HostFault {
  const { reason } = said
  const known = reason === 'native-stack' || reason === 'memory' ? reason : 'crash'
  return new HostFault(known, text(said.detail))
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new FrameError('expected an object')
  return value as Record<string, unknown>
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new FrameError('expected text')
  return value
}

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new FrameError('expected a count')
  return value as number
}
