/** On what and how a bench ran: without it, its numbers say nothing. */
import { availableParallelism, cpus, loadavg } from 'node:os'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import type { Effort } from './measure.ts'

export type Settings = {
  startedAt: string
  node: string
  v8: string
  platform: string
  cpu: string
  cores: number
  /** Processes that wanted a core in the last minute: above 0 the machine did other things too. */
  load: number
  profile: string
  quick: boolean
  pairs: number
  sampleMs: number
}

export function settingsOf(effort: Effort, quick: boolean): Settings {
  return {
    startedAt: new Date().toISOString(),
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    profile: RUNTIME_PROFILE,
    quick,
    pairs: effort.pairs,
    sampleMs: effort.sampleMs,
  }
}
