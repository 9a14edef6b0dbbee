/**
 * Runs a compiled CCL document: a module that exports `memory` and `run`, imports nothing but
 * `mesh.host_submit_job(ptr: i32, len: i32) -> i32`, and says what it asks of the mesh as DAG-CBOR
 * in its memory. Metered and without WASI, so it may run in process. Source: decisions.md 20.
 */
import {
  decodeBlock,
  admit as demand,
  HostFault,
  JobRequest,
  LIMITS,
  parse,
  Refusal,
} from '@planetary-mesh/spec'
import { admit } from './admission/admit.ts'
import { WebAssembly } from './admission/engine.ts'
import { METER_MODULE, MeterStop, openMeter } from './admission/meter.ts'
import type { FunctionType } from './admission/types.ts'
import { VALUE } from './admission/types.ts'
import { callEntry } from './slot/call-entry.ts'
import { trapOf } from './slot/traps.ts'

const HOST_MODULE = 'mesh'
const SUBMIT_JOB = 'host_submit_job'
/** The answer to a request that was taken; a program stops at any other and gives it back. */
const SUBMITTED = 0
/** A policy needs little memory: 16 MiB. */
const PAGES_MAX = 256
/** Fuel of one request, and of each of its bytes, which are decoded and checked. */
const REQUEST_FUEL = 10_000
const BYTE_FUEL = 20

/**
 * The job requests of a compiled program, in the order it made them; at most `requestsMax`.
 *
 * Refuses with MODULE_REFUSED or IMPORT_REFUSED what is no CCL program, PROGRAM_FAILED one that
 * traps or uses up `fuelMax`, LIMIT_EXCEEDED too many requests, and BLOCK_… or RECORD_MALFORMED
 * a request that is not one.
 */
export function evaluate(program: Uint8Array, options: { fuelMax: number }): JobRequest[] {
  const admitted = admit(program, { memoryPagesMax: PAGES_MAX, imports: refuseProgramImport })
  for (const [name, kind] of [
    ['memory', 'memory'],
    ['run', 'function'],
  ] as const) {
    const exported = admitted.exports.some((found) => found.name === name && found.kind === kind)
    demand(exported, 'MODULE_REFUSED', `a CCL program exports the ${kind} '${name}'`)
  }
  const meter = openMeter(options.fuelMax)
  const requests: JobRequest[] = []
  let memory: { readonly buffer: ArrayBuffer } | undefined
  const submitJob = (pointer: number, length: number): number => {
    const request = { pointer: pointer >>> 0, length: length >>> 0 }
    demand(request.length <= LIMITS.recordBytesMax, 'BLOCK_TOO_LARGE', `${request.length} bytes`)
    meter.charge(REQUEST_FUEL + request.length * BYTE_FUEL)
    demand(
      requests.length < LIMITS.requestsMax,
      'LIMIT_EXCEEDED',
      `more than ${LIMITS.requestsMax} requests`,
    )
    requests.push(readRequest(memory?.buffer, request))
    return SUBMITTED
  }
  try {
    const module = new WebAssembly.Module(admitted.bytes)
    const instance = new WebAssembly.Instance(module, {
      [HOST_MODULE]: { [SUBMIT_JOB]: submitJob },
      [METER_MODULE]: meter.imports,
    })
    memory = instance.exports.memory as { readonly buffer: ArrayBuffer }
    const answer = callEntry(instance, 'run')
    demand(answer === SUBMITTED, 'PROGRAM_FAILED', `'run' answered ${answer}, expected 0`)
  } catch (thrown) {
    throw refusalOf(thrown, meter.stop())
  }
  demand(meter.stop() === undefined, 'PROGRAM_FAILED', `it used up its fuel of ${options.fuelMax}`)
  return requests
}

function refuseProgramImport(module: string, name: string, type: FunctionType): string | undefined {
  if (module !== HOST_MODULE || name !== SUBMIT_JOB) {
    return `a CCL program imports nothing but ${HOST_MODULE}.${SUBMIT_JOB}`
  }
  const { params, results } = type
  const values = [...params, ...results]
  const fits = params.length === 2 && results.length === 1 && values.every((v) => v === VALUE.i32)
  return fits ? undefined : 'expected the type (i32, i32) -> i32'
}

/** The request that the program points at. It is copied: the program may change its memory. */
function readRequest(
  buffer: ArrayBuffer | undefined,
  { pointer, length }: { pointer: number; length: number },
): JobRequest {
  demand(
    buffer !== undefined && pointer + length <= buffer.byteLength,
    'MESSAGE_MALFORMED',
    'a request outside the memory of the program',
  )
  const bytes = new Uint8Array(buffer.slice(pointer, pointer + length))
  return parse(JobRequest, decodeBlock(bytes, { bytesMax: LIMITS.recordBytesMax }), 'job request')
}

/** What a program's end by exception means; what it cannot cause passes through as a fault. */
function refusalOf(thrown: unknown, stop: string | undefined): unknown {
  if (stop !== undefined || thrown instanceof MeterStop) {
    return new Refusal('PROGRAM_FAILED', `it ended with ${stop ?? 'out-of-fuel'}`)
  }
  if (thrown instanceof WebAssembly.RuntimeError) {
    return new Refusal('PROGRAM_FAILED', `it trapped: ${trapOf(thrown.message)}`)
  }
  if (thrown instanceof RangeError) {
    const reason = thrown.message.includes('call stack') ? 'native-stack' : 'memory'
    return new HostFault(reason, thrown.message, { cause: thrown })
  }
  return thrown
}
