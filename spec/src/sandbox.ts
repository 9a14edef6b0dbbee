/**
 * What a sandbox is given and what it gives back: the contract between whoever wants a module run
 * (an executor, a verifier, `meshctl run`) and `runtime/`, which knows nothing of meshes.
 *
 * Everything here is bytes and integers. The same `RunInput` under the same profile gives the same
 * `RunResult`, to the bit, on every machine; only a host fault (thrown, never returned) may differ.
 */

/** How a run ended, as the receipt says it (runtime.md, "Outcomes"). */
export type Outcome =
  | { type: 'exited'; code: number }
  | { type: 'trapped'; trap: Trap }
  | { type: 'out-of-fuel' }
  | { type: 'depth' }
  | { type: 'output-limit' }
  | { type: 'cancelled'; atFuel: number }

/** The traps of the WebAssembly specification, in its words. */
export const TRAPS = [
  'unreachable',
  'integer divide by zero',
  'integer overflow',
  'invalid conversion to integer',
  'out of bounds memory access',
  'out of bounds table access',
  'undefined element',
  'indirect call type mismatch',
  'other',
] as const
export type Trap = (typeof TRAPS)[number]

/** A virtual file by its absolute path, such as `/in/ballots.csv`. */
export type VirtualFile = { path: string; bytes: Uint8Array }

export type RunInput = {
  module: Uint8Array
  /** Without the program name: the sandbox puts `job` in front as `argv[0]`. */
  args: readonly string[]
  env: readonly (readonly [name: string, value: string])[]
  stdin: Uint8Array
  /** Read-only files; a job's inputs stand under `/in`, which is also the working directory. */
  files: readonly VirtualFile[]
  /** The guest's clock at fuel 0, in ms since 1970. */
  clockMs: number
  /** 32 bytes that seed the guest's random numbers. */
  seed: Uint8Array
  limits: RunLimits
  /**
   * Replays a cancel: the run ends, as cancelled, at its first host call at which it has used this
   * much fuel, before that call does anything; at 0 before the first instruction.
   */
  cancelAtFuel?: number
}

export type RunLimits = {
  /** Fuel units; 10^9 are one compute unit. */
  fuelMax: number
  /** 64 KiB pages. */
  memoryPagesMax: number
  /** All of stdout, stderr and the files under `/out` together. */
  outputBytesMax: number
  /** Real time after which the run is a host fault. */
  wallMs: number
}

export type RunResult = {
  outcome: Outcome
  stdout: Uint8Array
  stderr: Uint8Array
  /** Regular files under `/out`, by path relative to it, sorted by code unit. */
  outputs: readonly VirtualFile[]
  fuel: number
  /** The most linear memory the guest had, in pages. */
  memoryPages: number
  /** sha-256 over the DAG-CBOR list of host calls (runtime.md, "Outcomes"). */
  hostCallDigest: Uint8Array
  /** The runtime profile that fuel and outcome belong to. */
  profile: string
  /** Not reproducible, never compared. */
  measured: { wallMs: number; rssBytes: number }
}

const COMPONENT_HEADER = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00]

/** Whether a module is a component, by its first bytes (Component Model, "Binary Format"). */
export const isComponent = (module: Uint8Array): boolean =>
  COMPONENT_HEADER.every((byte, index) => module[index] === byte)

/**
 * Whether who has the runtime profile `own` runs what asks for `asked`: the same, or one to which
 * `own` adds something after a `+`, as components are added to core modules.
 */
export const runsProfile = (own: string, asked: string): boolean =>
  own === asked || own.startsWith(`${asked}+`)

/** What a guest wrote just now. Nobody has signed it: shown live, it bears no check mark. */
export type LiveOutput = { stream: 'stdout' | 'stderr'; bytes: Uint8Array }

/** How far a guest says that it is: `done` of `total` steps, 0 … 2^53 - 1, as it likes. */
export type Progress = { done: number; total: number }

export type RunOptions = {
  signal?: AbortSignal
  /**
   * Told what the guest writes while it runs, in its order, together at most `outputBytesMax`
   * bytes. The guest waits, at a host call, as long as the promise given back is pending: that
   * takes real time and none of its own. A cancelled run may have shown more than is in its result.
   */
  onOutput?: (output: LiveOutput) => void | Promise<void>
  /** Told how far the guest is, at most every 100 ms; see runtime/README.md, "While a job runs". */
  onProgress?: (progress: Progress) => void
}

/** Runs one module. Refuses (`Refusal`) what may not run; throws `HostFault` when we failed. */
export type Sandbox = {
  /** The most that it runs; see `runsProfile`. A result has the profile of what was run. */
  readonly profile: string
  /** How many runs go on side by side. */
  readonly slots: number
  /**
   * When `signal` is aborted while the guest runs, the result's outcome is `cancelled` at the fuel
   * of its last host call (0 if it made none); one that was aborted before is as `cancelAtFuel: 0`.
   * A run that had ended already keeps its own outcome.
   */
  run(input: RunInput, options?: RunOptions): Promise<RunResult>
  close(): Promise<void>
}

/** The machine failed, not the guest: no receipt, no pay, another node (runtime.md). */
export class HostFault extends Error {
  override readonly name = 'HostFault'
  readonly reason: 'deadline' | 'native-stack' | 'memory' | 'crash' | 'closed' | 'store'

  constructor(reason: HostFault['reason'], detail: string, options: { cause?: unknown } = {}) {
    super(`${reason}: ${detail}`, options)
    this.reason = reason
  }
}
