/**
 * What a sandbox and a slot's child say to each other: run this; here is the result, the refusal or
 * the fault. The child has run a stranger's code, so its answers are read as a stranger's words.
 */
import {
  HostFault,
  isCode,
  LIMITS,
  type LiveOutput,
  type Outcome,
  type Progress,
  Refusal,
  type RunInput,
  type RunResult,
  TRAPS,
  type Trap,
} from '@planetary-mesh/spec/bare'
import type { Admitted } from '../admission/admit.ts'
import { EXPORT_KINDS } from '../admission/types.ts'
import { encodeFrame, type Frame, FrameError } from './frames.ts'

const DIGEST_BYTES = 32
const MiB = 2 ** 20
const NONE = new Uint8Array(0)

/** Told to a child that nobody would end if we were gone: it then watches the time itself. */
export const WATCHDOG = '--watchdog'

/** Paths of inputs and outputs stand in the head, everything large in parts. */
export const REQUEST_MAX = {
  headBytes: 64 * MiB,
  partBytes: LIMITS.moduleBytesMax + LIMITS.inputBytesMax + MiB,
}
export const ANSWER_MAX = { headBytes: 16 * MiB, partBytes: LIMITS.outputBytesMax + MiB }

/** How a module gets to a slot: not at all where it is held compiled, or rewritten, or as it is. */
export type SentModule =
  | { form: 'held' }
  | { form: 'original'; bytes: Uint8Array }
  | { form: 'admitted'; admitted: Admitted }

/** A run as the child gets it; `hash` is the module's sha-256 in hex. */
export type SlotRequest = {
  input: Omit<RunInput, 'module'>
  hash: string
  module: SentModule
  /** Whether anybody wants to see what the guest says while it runs. */
  live: boolean
}

export function encodeRequest({ input, hash, module, live }: SlotRequest): Uint8Array[] {
  const { args, env, clockMs, limits, cancelAtFuel } = input
  const paths = input.files.map((file) => file.path)
  const files = input.files.map((file) => file.bytes)
  const { form } = module
  const { bytes: rewritten, ...admitted } = form === 'admitted' ? module.admitted : { bytes: NONE }
  return encodeFrame(
    { args, env, clockMs, limits, cancelAtFuel, paths, hash, form, admitted, live },
    [form === 'original' ? module.bytes : rewritten, input.stdin, input.seed, ...files],
  )
}

/** The child trusts the sandbox, which has checked what it sends. */
export function decodeRequest({ head, parts }: Frame): SlotRequest {
  const said = head as unknown as Omit<RunInput, 'files'> & {
    paths: string[]
    hash: string
    form: SentModule['form']
    admitted: Omit<Admitted, 'bytes'>
    live: boolean
  }
  const { args, env, clockMs, limits, cancelAtFuel, hash, form, live } = said
  const [bytes = NONE, stdin = NONE, seed = NONE, ...rest] = parts
  const files = rest.map((part, index) => ({ path: said.paths[index] ?? '', bytes: part }))
  const cancel = cancelAtFuel === undefined ? {} : { cancelAtFuel }
  const input = { stdin, seed, args, env, clockMs, limits, files, ...cancel }
  const admitted = { ...said.admitted, bytes }
  const module = { held: { form }, original: { form, bytes }, admitted: { form, admitted } }[form]
  return { input, hash, live, module: module as SentModule }
}

/** What the child says when it has neither the module compiled nor its bytes; they are sent. */
export const encodeWish = (): Uint8Array[] => encodeFrame({ wants: 'module' }, [])
export const encodeModule = (module: Uint8Array): Uint8Array[] => encodeFrame({}, [module])
export const isWish = ({ head }: Frame): boolean => head.wants === 'module'

/** Asks to rewrite a module and to run nothing. */
export const encodeAdmit = (module: Uint8Array, memoryPagesMax: number): Uint8Array[] =>
  encodeFrame({ admit: memoryPagesMax }, [module])

/** Undefined when the frame asks for something else. The child trusts the sandbox. */
export function decodeAdmit({ head, parts }: Frame) {
  if (!('admit' in head)) return undefined
  return { module: parts[0] ?? NONE, memoryPagesMax: head.admit as number }
}

export const encodeAdmitted = ({ bytes, ...head }: Admitted): Uint8Array[] =>
  encodeFrame({ admitted: head }, [bytes])

/** Throws the refusal or fault that the answer tells of, or `FrameError`. */
export function decodeAdmitted({ head, parts }: Frame): Admitted {
  if ('refusal' in head) throw refusalOf(record(head.refusal))
  if ('fault' in head) throw faultOf(record(head.fault))
  return admittedOf(record(head.admitted), parts[0] ?? NONE)
}

/** What a rewritten module is said to be. Throws `FrameError`. */
export function admittedOf(said: Record<string, unknown>, bytes: Uint8Array): Admitted {
  const list = (value: unknown) => {
    if (!Array.isArray(value)) throw new FrameError('expected a list')
    return value.map(record)
  }
  return {
    bytes,
    imports: list(said.imports).map(({ module, name }) => {
      return { module: text(module), name: text(name), kind: 'function' as const }
    }),
    exports: list(said.exports).map(({ name, kind }) => {
      const known = EXPORT_KINDS.find((each) => each === kind)
      if (known === undefined) throw new FrameError('expected a kind of export')
      return { name: text(name), kind: known }
    }),
    memoryPagesMin: integer(said.memoryPagesMin),
  }
}

/** What the guest said while it runs, in a frame; undefined when it is none of these. */
export type Said = { output: LiveOutput[] } | { progress: Progress }

/** Throws `FrameError`. */
export function decodeSaid({ head, parts }: Frame): Said | undefined {
  if ('progress' in head) {
    const [done, total] = Array.isArray(head.progress) ? head.progress : []
    return { progress: { done: integer(done), total: integer(total) } }
  }
  if (!('live' in head)) return undefined
  const streams = head.live
  if (!Array.isArray(streams) || streams.length !== parts.length) throw new FrameError('streams')
  if (parts.length === 0 || parts.some(({ length }) => length === 0))
    throw new FrameError('nothing')
  const output = parts.map((bytes, index) => ({ stream: streamOf(streams[index]), bytes }))
  return { output }
}

function streamOf(value: unknown): LiveOutput['stream'] {
  if (value !== 'stdout' && value !== 'stderr') throw new FrameError('expected a stream')
  return value
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
