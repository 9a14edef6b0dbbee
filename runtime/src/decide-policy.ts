/**
 * Asks a compiled policy or selection: a module that exports `memory` and `decide`, imports nothing
 * and reads nothing but its request. Metered, in a fresh instance each time, so it may run in
 * process, and nothing of one decision is there for the next. Source: spec/ccl-abi.md.
 */
import {
  admit as demand,
  LIMITS,
  type Policies,
  type PolicyAnswer,
  type PolicyError,
  type PolicyHeader,
  type PolicyValue,
  readPolicyHeader,
  verifyPolicyBytes,
} from '@planetary-mesh/spec'
import { admit } from './admission/admit.ts'
import { type WasmModule, WebAssembly } from './admission/engine.ts'
import { METER_MODULE, openMeter } from './admission/meter.ts'

const CELL = 8
const PAGE_BYTES = 65_536
/** The ABI lets a host grow the memory up to this. */
const PAGES_MAX = 1024
/** A step is a few instructions, of words up to a few hundred: the lock behind the module's own. */
const FUEL_PER_STEP = 1000
const FUEL_AT_LEAST = 1_000_000
/** Policies of a charter and selections of the jobs under way. */
const MODULES_KEPT = 64

const AT = { steps: 0, score: 8, ties: 16, statuses: 80, effects: 336 } as const
const ERRORS = ['none', 'overflow', 'divide_by_zero', 'limit', 'fuel', 'memory'] as const

/** `decide` remembers compiled modules, by their bytes; what it answers depends on nothing else. */
export function openPolicies(): Policies {
  const compiled = new Map<Uint8Array, WasmModule>()
  const moduleOf = (bytes: Uint8Array): WasmModule => {
    const known = compiled.get(bytes)
    if (known !== undefined) return known
    const made = compilePolicy(bytes)
    compiled.set(bytes, made)
    const [oldest] = compiled.keys()
    if (compiled.size > MODULES_KEPT && oldest !== undefined) compiled.delete(oldest)
    return made
  }
  return {
    ensure: (bytes) => {
      verifyPolicyBytes(bytes)
      moduleOf(bytes)
    },
    decide: (bytes, values) => decideIn(moduleOf(bytes), readPolicyHeader(bytes), values),
  }
}

/** Refuses with MODULE_REFUSED or IMPORT_REFUSED what is no compiled policy. */
export function compilePolicy(bytes: Uint8Array): WasmModule {
  const imports = () => 'a compiled policy imports nothing'
  const admitted = admit(bytes, { memoryPagesMax: PAGES_MAX, imports })
  for (const [name, kind] of [
    ['memory', 'memory'],
    ['decide', 'function'],
  ] as const) {
    const exported = admitted.exports.some((found) => found.name === name && found.kind === kind)
    demand(exported, 'MODULE_REFUSED', `a compiled policy exports the ${kind} '${name}'`)
  }
  return new WebAssembly.Module(admitted.bytes)
}

export type PolicyMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number }

/** What one decision may use. */
export const fuelMaxOf = ({ costMax }: PolicyHeader): number =>
  Math.min(LIMITS.fuelMax, FUEL_AT_LEAST + costMax * FUEL_PER_STEP)

function decideIn(
  module: WasmModule,
  header: PolicyHeader,
  values: readonly PolicyValue[],
): PolicyAnswer {
  const meter = openMeter(fuelMaxOf(header))
  try {
    const instance = new WebAssembly.Instance(module, { [METER_MODULE]: meter.imports })
    const { memory, decide } = instance.exports as unknown as {
      memory: PolicyMemory
      decide: (request: number, heap: number) => unknown
    }
    const request = requestOf(values, header.request)
    const heap = header.request + request.length
    const missing = Math.ceil((heap + header.heap - memory.buffer.byteLength) / PAGE_BYTES)
    if (missing > 0) memory.grow(missing)
    new Uint8Array(memory.buffer).set(request, header.request)
    const answer = decide(header.request, heap)
    if (meter.stop() !== undefined || typeof answer !== 'number') return brokenOff(meter.stop())
    return answerOf(answer, new DataView(memory.buffer), header)
  } catch (thrown) {
    // out of bounds, a stack too deep, a memory that cannot grow, a wrong signature: all its doing
    if (isOfGuest(thrown)) return brokenOff(meter.stop())
    throw thrown
  }
}

export const isOfGuest = (thrown: unknown) =>
  thrown instanceof WebAssembly.RuntimeError ||
  thrown instanceof RangeError ||
  thrown instanceof TypeError

/** A deny that names no rule. */
function brokenOff(stop: string | undefined): PolicyAnswer {
  const error = stop === 'out-of-fuel' ? 'fuel' : 'trap'
  const nothing = { rule: null, statuses: [], score: null, ties: [], effects: [], steps: 0 }
  return { effect: 'deny', error, ...nothing }
}

/** The request's cells, and behind them what they point to. */
function requestOf(values: readonly PolicyValue[], base: number): Uint8Array {
  const words = new Map<string, number>()
  const cells: bigint[] = values.map(() => 0n)
  const word = (text: string): number => {
    const before = words.get(text)
    if (before !== undefined) return before
    const address = base + cells.length * CELL
    const bytes = Buffer.from(text, 'utf8')
    const padded = Buffer.alloc(Math.ceil(bytes.length / CELL) * CELL)
    bytes.copy(padded)
    cells.push(BigInt(bytes.length))
    for (let at = 0; at < padded.length; at += CELL) cells.push(padded.readBigInt64LE(at))
    words.set(text, address)
    return address
  }
  for (const [index, value] of values.entries()) {
    if (typeof value === 'bigint') cells[index] = value
    else if (typeof value === 'string') cells[index] = BigInt(word(value))
    else {
      const items = value.map((item) => BigInt(word(item)))
      cells[index] = BigInt(base + cells.length * CELL)
      cells.push(BigInt(items.length), ...items)
    }
  }
  const bytes = Buffer.alloc(cells.length * CELL)
  for (const [at, cell] of cells.entries())
    bytes.writeBigInt64LE(BigInt.asIntN(64, cell), at * CELL)
  return bytes
}

function answerOf(answer: number, view: DataView, header: PolicyHeader): PolicyAnswer {
  const { rules, keys, actions = [] } = header
  const allowed = (answer & 1) === 1
  const rule = ((answer >> 8) & 0x1ff) - 1
  const error = errorOf((answer >> 1) & 0x7f)
  const scored = allowed && keys !== undefined
  const [, ...ties] = keys ?? []
  return {
    effect: allowed ? 'allow' : 'deny',
    rule: rule < 0 || rule >= rules.length ? null : rule,
    error,
    statuses: rules.map((_, at) => {
      const status = view.getUint8(AT.statuses + at)
      return status === 0 ? 'quiet' : status === 1 ? 'fired' : (errorOf(status - 1) ?? 'trap')
    }),
    score: scored ? view.getBigInt64(AT.score, true) : null,
    ties: scored ? ties.map((type, at) => valueAt(view, type, AT.ties + CELL * at)) : [],
    effects: actions.length === 0 ? [] : effectsIn(view, actions),
    steps: stepsIn(view),
  }
}

/** As the module counted them; one that counts wrong does not get past the limit. */
function stepsIn(view: DataView): number {
  const steps = Number(view.getBigInt64(AT.steps, true))
  return Math.max(0, Math.min(steps, LIMITS.policyStepsMax))
}

export function errorOf(code: number): PolicyError | null {
  if (code === 0) return null
  const name = ERRORS[code]
  return name === undefined || name === 'none' ? 'trap' : name
}

function effectsIn(
  view: DataView,
  actions: NonNullable<PolicyHeader['actions']>,
): PolicyAnswer['effects'] {
  const count = Math.min(view.getUint32(AT.effects, true), LIMITS.cclEffectsMax)
  return Array.from({ length: count }, (_, index) => {
    const at = view.getUint32(AT.effects + CELL * (index + 1), true)
    const [action, args] = actions[view.getUint32(at, true)] ?? ['', []]
    return {
      action,
      args: args.map(([, type], arg) => valueAt(view, type, at + CELL * (arg + 1))),
    }
  })
}

const WORDS = ['text', 'did', 'cid']

/** Numbers and words leave a module, nothing else. */
function valueAt(view: DataView, type: string, at: number): bigint | string {
  if (!WORDS.includes(type)) return view.getBigInt64(at, true)
  const word = view.getUint32(at, true)
  const length = Math.min(view.getUint32(word, true), LIMITS.textBytesMax)
  return new TextDecoder().decode(new Uint8Array(view.buffer, word + CELL, length))
}
