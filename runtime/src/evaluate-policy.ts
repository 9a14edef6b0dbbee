/**
 * Asks one compiled policy many times, as fast as it goes: one instance, a request of fixed layout
 * written over the last one, fuel for each decision. What a module keeps in its memory between two
 * decisions is its own affair, so only for policies that came from our compiler here; whoever gets
 * one from a stranger asks through `openPolicies`. Source: spec/ccl-abi.md.
 */
import {
  admit as demand,
  LIMITS,
  type PolicyError,
  type PolicyHeader,
  Refusal,
  readPolicyHeader,
} from '@planetary-mesh/spec'
import { type WasmModule, WebAssembly } from './admission/engine.ts'
import { METER_MODULE, type Meter, openMeter } from './admission/meter.ts'
import { compilePolicy, errorOf, fuelMaxOf, isOfGuest, type PolicyMemory } from './decide-policy.ts'

const PAGE_BYTES = 65_536
const ALLOW = 1
const ERROR_MASK = 0x7f
const RULE_SHIFT = 8

type Decide = (request: number, heap: number) => number

export type OpenPolicy = {
  readonly header: PolicyHeader
  /** Where requests are written, from `header.request` on; growing it changes its buffer. */
  readonly memory: PolicyMemory
  /**
   * Decides the request that stands at `header.request` and ends at `end`, a multiple of 8, with
   * the free bytes behind it that the header asks for.
   */
  decideAt(end: number): Evaluation
}

export type Evaluation = {
  effect: 'allow' | 'deny'
  /** The rule that decided, by its place in the header; null when none did. */
  rule: number | null
  /** Why it ended otherwise than by a rule; `trap` and `fuel` deny. */
  error: PolicyError | null
  /** Fuel of this decision. */
  fuel: number
}

/**
 * Makes a compiled policy ready. Refuses with MODULE_REFUSED or IMPORT_REFUSED what is none, and
 * as `readPolicyHeader` does what has no header.
 */
export function openPolicy(bytes: Uint8Array): OpenPolicy {
  const module = compilePolicy(bytes)
  const header = readPolicyHeader(bytes)
  const meter = openMeter(fuelMaxOf(header))
  let instance = instantiate(module, meter)
  return {
    header,
    get memory() {
      return instance.memory
    },
    decideAt(end) {
      meter.refill()
      try {
        const answer = instance.decide(header.request, end)
        if (meter.stop() === undefined) return evaluationOf(answer, header, meter.fuelUsed())
      } catch (thrown) {
        if (!isOfGuest(thrown)) throw thrown
      }
      const error = meter.stop() === 'out-of-fuel' ? 'fuel' : 'trap'
      instance = instantiate(module, meter) // it stopped anywhere: nothing of it goes on
      return { effect: 'deny', rule: null, error, fuel: meter.fuelUsed() }
    },
  }
}

/**
 * Decides one request: `request` is laid out for the address `header.request`. Refuses with
 * LIMIT_EXCEEDED one that is larger than a record may be, with MODULE_REFUSED a policy that wants
 * more memory than it may have.
 */
export function evaluatePolicy(policy: OpenPolicy, request: Uint8Array): Evaluation {
  const { header, memory } = policy
  const max = LIMITS.recordBytesMax
  demand(request.length <= max, 'LIMIT_EXCEEDED', `a request of ${request.length}, at most ${max}`)
  const end = header.request + request.length
  makeRoom(memory, end + header.heap)
  new Uint8Array(memory.buffer).set(request, header.request)
  return policy.decideAt(end)
}

/** Refuses with MODULE_REFUSED a policy that asks for more than any may have. */
function makeRoom(memory: PolicyMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength
  if (missing <= 0) return
  try {
    memory.grow(Math.ceil(missing / PAGE_BYTES))
  } catch (cause) {
    throw new Refusal('MODULE_REFUSED', `a policy that needs ${bytes} bytes`, { cause })
  }
}

function instantiate(module: WasmModule, meter: Meter): { memory: PolicyMemory; decide: Decide } {
  const { exports } = new WebAssembly.Instance(module, { [METER_MODULE]: meter.imports })
  return exports as { memory: PolicyMemory; decide: Decide }
}

function evaluationOf(answer: number, { rules }: PolicyHeader, fuel: number): Evaluation {
  const rule = (answer >>> RULE_SHIFT) - 1
  return {
    effect: (answer & ALLOW) === ALLOW ? 'allow' : 'deny',
    rule: rule < 0 || rule >= rules.length ? null : rule,
    error: errorOf((answer >> 1) & ERROR_MASK),
    fuel,
  }
}
