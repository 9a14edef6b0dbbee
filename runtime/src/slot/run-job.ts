/**
 * One job, from input to result, in this very process: admit, instantiate, run, say how it ended.
 * A slot's child calls it behind its walls; nothing here protects the caller from time or memory.
 */
import { performance } from 'node:perf_hooks'
import type { Outcome, RunInput, RunResult } from '@planetary-mesh/spec/bare'
import { type WasmInstance, WebAssembly } from '../admission/engine.ts'
import { METER_MODULE, openMeter } from '../admission/meter.ts'
import { RUNTIME_PROFILE } from '../admission/profile.ts'
import type { PreparedComponent } from '../component/prepare-component.ts'
import { COMPONENT_PROFILE } from '../component/profile.ts'
import { runComponentOnce } from '../component/run-component.ts'
import { type CancelCheck, cancelledFrom, neverCancelled } from '../wasi/cancel-point.ts'
import type { WasmMemory } from '../wasi/guest-memory.ts'
import type { GuestSink } from '../wasi/job-progress.ts'
import { openHost } from '../wasi/open-host.ts'
import { callEntry } from './call-entry.ts'
import { cancelledAtStart } from './cancelled-at-start.ts'
import { MEMORY, type ModuleCache, type ModuleSource, type Prepared } from './module-cache.ts'
import { outcomeOf } from './outcome-of.ts'

const PAGE_BYTES = 65_536

/** The memory of this process when it was last looked at. */
let lastRssBytes = 0

type Ended = Omit<RunResult, 'profile' | 'measured'> & { meterIsStale: boolean }

/** The input of a run, checked (`ensureInput`), with its module by hash. */
export type JobInput = Omit<RunInput, 'module'> & { readonly module: ModuleSource }

/**
 * Refuses with MODULE_REFUSED, IMPORT_REFUSED, FILE_NAME_REFUSED or LIMIT_EXCEEDED; throws
 * `HostFault` when the native stack or memory ends before the guest's own limits do. `isCancelled`
 * is asked at every host call; what it decides, `input.cancelAtFuel` decides again. `sink` is told
 * what the guest says while it runs.
 */
export function runJob(
  input: JobInput,
  modules: ModuleCache,
  watch: { isCancelled?: CancelCheck; sink?: GuestSink } = {},
): RunResult {
  if (input.cancelAtFuel === 0) return cancelledAtStart()
  const startedAtMs = performance.now()
  const { memoryPagesMax } = input.limits
  const check = withReplay(watch.isCancelled ?? neverCancelled, input.cancelAtFuel)
  const prepared = modules.prepare(input.module, memoryPagesMax, 'fast')
  let ended = runOnce(prepared, input, check, watch.sink)
  // a trap of the machine's leaves the counter in registers: the exact variant ends the same way
  // and keeps it where it can be read
  if (ended.meterIsStale) {
    ended = runOnce(modules.prepare(input.module, memoryPagesMax, 'exact'), input, check)
  }
  const { meterIsStale: _, ...result } = ended
  const wallMs = performance.now() - startedAtMs
  // a shorter run cannot have changed it by much, and would spend a tenth of its time looking
  if (wallMs >= 1 || lastRssBytes === 0) lastRssBytes = process.memoryUsage.rss()
  const measured = { wallMs: Math.round(wallMs), rssBytes: lastRssBytes }
  const profile = 'instantiate' in prepared ? COMPONENT_PROFILE : RUNTIME_PROFILE
  return { ...result, profile, measured }
}

function withReplay(isCancelled: CancelCheck, cancelAtFuel: number | undefined): CancelCheck {
  if (cancelAtFuel === undefined) return isCancelled
  const replayed = cancelledFrom(cancelAtFuel)
  return (fuelUsed) => replayed(fuelUsed) || isCancelled(fuelUsed)
}

function runOnce(
  prepared: Prepared | PreparedComponent,
  input: JobInput,
  isCancelled: CancelCheck,
  sink?: GuestSink,
): Ended {
  if ('instantiate' in prepared) return runComponentOnce(prepared, input, isCancelled, sink)
  const meter = openMeter(input.limits.fuelMax)
  const host = openHost(input, meter, isCancelled, sink)
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
