/**
 * One run of a component: its core modules instantiated by the glue, all on one counter, every call
 * that leaves them paid for, their imports answered by the preview1 host.
 */
import assert from 'node:assert'
import {
  admit,
  HostFault,
  type Outcome,
  Refusal,
  type RunInput,
  type RunResult,
} from '@planetary-mesh/spec/bare'
import { type WasmImports, type WasmInstance, WebAssembly } from '../admission/engine.ts'
import { METER_MODULE, type Meter, openMeter } from '../admission/meter.ts'
import { outcomeOf } from '../slot/outcome-of.ts'
import type { CancelCheck } from '../wasi/cancel-point.ts'
import type { GuestSink } from '../wasi/job-progress.ts'
import { openHost } from '../wasi/open-host.ts'
import { callExport } from './entry.ts'
import type { GlueLifting } from './glue-lifting.ts'
import { openInterfaces } from './host/interfaces.ts'
import { refuseToGoOn } from './host/stop.ts'
import type { PreparedComponent } from './prepare-component.ts'
import { START } from './seams.ts'

const PAGE_BYTES = 65_536
/** Fuel for leaving a core module: the glue does more for a call than preview1 does. */
const LEAVE_FUEL = 4000
/** Lowering a result calls the guest, which may not call out again but a little. */
const NESTED_MAX = 4

type Ended = Omit<RunResult, 'profile' | 'measured'> & { meterIsStale: boolean }
type Memory = { readonly buffer: ArrayBuffer }
type Leaves = (...args: unknown[]) => unknown

/** Runs once. Refuses and throws as `runJob` does. */
export function runComponentOnce(
  prepared: PreparedComponent,
  input: Omit<RunInput, 'module'>,
  isCancelled: CancelCheck,
  sink?: GuestSink,
): Ended {
  const meter = openMeter(input.limits.fuelMax)
  const host = openHost(input, meter, isCancelled, sink)
  const { interfaces, print } = openInterfaces(input, host, meter)
  for (const [owner, name] of prepared.wanted) {
    // an interface of another version may have what ours has not
    const isOffered = Object.hasOwn(interfaces[owner] ?? {}, name)
    admit(isOffered, 'IMPORT_REFUSED', `'${owner}' has no '${name}' here`)
  }
  prepared.lifting.begin(meter)
  const cores = new CoreInstances(meter, prepared.lifting)
  let outcome: Outcome = { type: 'exited', code: 0 }
  let meterIsStale = false
  try {
    const exported = prepared.instantiate(
      (name) => prepared.modules.get(name) as object,
      interfaces,
      (module, imports) => cores.instantiate(module, imports),
    )
    outcome = { type: 'exited', code: callExport(prepared, exported, input.args, print) }
  } catch (thrown) {
    outcome = outcomeOfGlue(thrown, cores.count > 0)
    meterIsStale = outcome.type === 'trapped' && outcome.trap !== 'unreachable'
  }
  const stop = meter.stop()
  if (stop !== undefined) outcome = { type: stop }
  return {
    outcome,
    ...host.collect(),
    fuel: meter.fuelUsed(),
    memoryPages: cores.memoryPages(),
    meterIsStale,
  }
}

/** The core modules of a component as they come alive, one after the other. */
class CoreInstances {
  count = 0
  readonly #meter: Meter
  readonly #lifting: GlueLifting
  readonly #memories = new Set<Memory>()
  readonly #inside = new WeakSet<object>()
  #nested = 0

  constructor(meter: Meter, lifting: GlueLifting) {
    this.#meter = meter
    this.#lifting = lifting
  }

  instantiate(module: object, given: WasmImports = {}): WasmInstance {
    const imports: WasmImports = { [METER_MODULE]: this.#meter.imports }
    for (const [name, fields] of Object.entries(given)) {
      imports[name] = Object.fromEntries(
        Object.entries(fields).map(([field, value]) => [field, this.#outwards(value)]),
      )
    }
    const instance = new WebAssembly.Instance(module, imports)
    this.count++
    for (const value of Object.values(instance.exports)) {
      if (typeof value === 'function') this.#inside.add(value)
      else if (value instanceof WasmMemory) this.#memories.add(value)
    }
    const start = instance.exports[START] as (() => void) | undefined
    start?.()
    return instance
  }

  memoryPages(): number {
    return [...this.#memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0) / PAGE_BYTES
  }

  /** A function of the glue, with its price; a function of another core module as it is. */
  #outwards(value: unknown): unknown {
    if (typeof value !== 'function' || this.#inside.has(value)) return value
    return (...args: unknown[]) => {
      this.#meter.charge(LEAVE_FUEL)
      if (this.#nested >= NESTED_MAX) refuseToGoOn('a call out of a call out')
      this.#nested++
      try {
        return (value as Leaves)(...args)
      } finally {
        this.#nested--
        this.#lifting.nextCall()
      }
    }
  }
}

const { Memory: WasmMemory } = WebAssembly as unknown as { Memory: new () => Memory }

/** As `outcomeOf`; and what the glue throws at a guest that breaks the component model's rules. */
function outcomeOfGlue(thrown: unknown, running: boolean): Outcome {
  const isOurs =
    thrown instanceof Refusal ||
    thrown instanceof HostFault ||
    thrown instanceof assert.AssertionError ||
    thrown instanceof WebAssembly.CompileError
  if (isOurs) throw thrown
  if (thrown instanceof RangeError && !OUT_OF_ROOM.test(thrown.message)) {
    return { type: 'trapped', trap: 'out of bounds memory access' }
  }
  try {
    return outcomeOf(thrown, running)
  } catch (unknown) {
    if (unknown instanceof HostFault) throw unknown
    return { type: 'trapped', trap: 'other' }
  }
}

/** V8's words when the native stack or memory has ended. */
const OUT_OF_ROOM = /call stack|allocation failed|could not allocate|out of memory/i
