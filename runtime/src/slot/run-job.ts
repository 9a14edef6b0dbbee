/**
 * One job, from input to result, in this very process: admit, instantiate, run, say how it ended.
 * A slot's child calls it behind its walls; nothing here protects the caller from time or memory.
 */
import { performance } from 'node:perf_hooks'
import { HostFault, type Outcome, type RunInput, type RunResult } from '@planetary-mesh/spec'
import { type WasmInstance, WebAssembly } from '../admission/engine.ts'
import { METER_MODULE, MeterStop, openMeter } from '../admission/meter.ts'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import { GuestAbort } from '../wasi/assemblyscript.ts'
import { OutputLimit } from '../wasi/budget.ts'
import {
  type CancelCheck,
  cancelledFrom,
  GuestCancelled,
  neverCancelled,
} from '../wasi/cancel-point.ts'
import type { WasmMemory } from '../wasi/guest-memory.ts'
import { GuestExit } from '../wasi/host.ts'
import { openHost } from '../wasi/open-host.ts'
import { callEntry } from './call-entry.ts'
import { cancelledAtStart } from './cancelled-at-start.ts'
import { ensureInput } from './input.ts'
import { MEMORY, type ModuleCache, type Prepared } from './module-cache.ts'
import { trapOf, trapOfInstantiation } from './traps.ts'

const PAGE_BYTES = 65_536

type Ended = Omit<RunResult, 'profile' | 'measured'> & { meterIsStale: boolean }

/**
 * Refuses with MODULE_REFUSED, IMPORT_REFUSED, FILE_NAME_REFUSED or LIMIT_EXCEEDED; throws
 * `HostFault` when the native stack or memory ends before the guest's own limits do. `isCancelled`
 * is asked at every host call; what it decides, `input.cancelAtFuel` decides again.
 */
export function runJob(
  input: RunInput,
  modules: ModuleCache,
  isCancelled: CancelCheck = neverCancelled,
): RunResult {
  ensureInput(input)
  if (input.cancelAtFuel === 0) return cancelledAtStart()
  const startedAtMs = performance.now()
  const { memoryPagesMax } = input.limits
  const check = withReplay(isCancelled, input.cancelAtFuel)
  let ended = runOnce(modules.prepare(input.module, memoryPagesMax, 'fast'), input, check)
  // a trap of the machine's leaves the counter in registers: the exact variant ends the same way
  // and keeps it where it can be read
  if (ended.meterIsStale) {
    ended = runOnce(modules.prepare(input.module, memoryPagesMax, 'exact'), input, check)
  }
  const { meterIsStale: _, ...result } = ended
  const measured = {
    wallMs: Math.round(performance.now() - startedAtMs),
    rssBytes: process.memoryUsage.rss(),
  }
  return { ...result, profile: RUNTIME_PROFILE, measured }
}

function withReplay(isCancelled: CancelCheck, cancelAtFuel: number | undefined): CancelCheck {
  if (cancelAtFuel === undefined) return isCancelled
  const replayed = cancelledFrom(cancelAtFuel)
  return (fuelUsed) => replayed(fuelUsed) || isCancelled(fuelUsed)
}

function runOnce(prepared: Prepared, input: RunInput, isCancelled: CancelCheck): Ended {
  const meter = openMeter(input.limits.fuelMax)
  const host = openHost(input, meter, isCancelled)
  const imports = { ...host.imports, [METER_MODULE]: meter.imports }
  let instance: WasmInstance | undefined
  let memory: WasmMemory | undefined
  let outcome: Outcome
  let meterIsStale = false
  try {
    instance = new WebAssembly.Instance(prepared.module, imports)
    memory = memoryOf(instance, prepared.memoryName)
    host.attach(prepared.memoryName === MEMORY ? memory : undefined)
    callEntry(instance, prepared.entry)
    outcome = { type: 'exited', code: 0 }
  } catch (thrown) {
    outcome = outcomeOf(thrown, instance !== undefined)
    meterIsStale = outcome.type === 'trapped' && outcome.trap !== 'unreachable'
  }
  // fuel may fall below zero between two checks: however the run went on, it was over then
  const stop = meter.stop()
  if (stop !== undefined) outcome = { type: stop }
  const memoryPages = (memory?.buffer.byteLength ?? 0) / PAGE_BYTES
  return {
    outcome,
    ...host.collect(),
    fuel: meter.fuelUsed(),
    memoryPages: Math.max(memoryPages, prepared.memoryPagesMin),
    meterIsStale: meterIsStale && instance !== undefined,
  }
}

function memoryOf(instance: WasmInstance, name: string | undefined): WasmMemory | undefined {
  return name === undefined ? undefined : (instance.exports[name] as WasmMemory)
}

/** What it means that `thrown` came out of the guest. What no guest can cause is our own fault. */
function outcomeOf(thrown: unknown, running: boolean): Outcome {
  if (thrown instanceof GuestExit) return { type: 'exited', code: thrown.code }
  if (thrown instanceof GuestCancelled) return { type: 'cancelled', atFuel: thrown.atFuel }
  if (thrown instanceof MeterStop) return { type: thrown.stop }
  if (thrown instanceof OutputLimit) return { type: 'output-limit' }
  if (thrown instanceof GuestAbort) return { type: 'trapped', trap: 'unreachable' }
  if (thrown instanceof WebAssembly.RuntimeError) {
    const trap = running ? trapOf(thrown.message) : trapOfInstantiation(thrown.message)
    return { type: 'trapped', trap }
  }
  if (thrown instanceof RangeError) {
    const reason = thrown.message.includes('call stack') ? 'native-stack' : 'memory'
    throw new HostFault(reason, thrown.message, { cause: thrown })
  }
  throw thrown
}
