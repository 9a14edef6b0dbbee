/**
 * Opens the host of one run: a fresh tree, fresh descriptors, a clock and a random stream that
 * depend on nothing but the input and the fuel used.
 */
import { LIMITS, type RunInput } from '@planetary-mesh/spec/bare'
import type { Meter } from '../admission/meter.ts'
import { OUTPUT_RIGHTS, STDIN_RIGHTS, WASI_MODULE } from './abi.ts'
import { assemblyScriptImports } from './assemblyscript.ts'
import { Budget } from './budget.ts'
import { ByteSink } from './byte-sink.ts'
import { CallDigest } from './call-digest.ts'
import { type CancelCheck, GuestCancelled, neverCancelled } from './cancel-point.ts'
import { Descriptors } from './descriptors.ts'
import { fdCalls } from './fd-calls.ts'
import { GuestMemory, type WasmMemory } from './guest-memory.ts'
import { type Host, importsOf, type WasiCalls } from './host.ts'
import { type GuestSink, progressImports } from './job-progress.ts'
import { layOut, preopen } from './layout.ts'
import { pathCalls } from './path-calls.ts'
import { pollCalls } from './poll-calls.ts'
import { processCalls } from './process-calls.ts'
import { SeededRandom } from './random.ts'
import { statCalls } from './stat-calls.ts'
import { filesBelow, Tree } from './tree.ts'

const NS_PER_MS = 1_000_000n
const TIME_MAX = (1n << 64n) - 1n
const PROGRAM_NAME = 'job'

const CALLS: WasiCalls = { ...processCalls, ...fdCalls, ...statCalls, ...pathCalls, ...pollCalls }

export type OpenedHost = {
  readonly imports: Record<string, Record<string, unknown>>
  /** Gives the host the instance's memory; before that every pointer is out of bounds. */
  attach(memory: WasmMemory | undefined): void
  /** What the guest left behind. */
  collect(): {
    stdout: Uint8Array
    stderr: Uint8Array
    outputs: { path: string; bytes: Uint8Array }[]
    hostCallDigest: Uint8Array
  }
}

/** Refuses with FILE_NAME_REFUSED or LIMIT_EXCEEDED what cannot be laid out. */
export function openHost(
  input: Omit<RunInput, 'module'>,
  meter: Meter,
  isCancelled: CancelCheck = neverCancelled,
  sink?: GuestSink,
): OpenedHost {
  let running = false // laying out the inputs is not the guest's work
  const charge = (units: number) => {
    if (running) meter.charge(Math.min(units, LIMITS.fuelMax))
  }
  const worked = () => BigInt(meter.fuelUsed())
  const startNs = BigInt(input.clockMs) * NS_PER_MS
  let sleptNs = 0n
  const now = () => leastOf(startNs + worked() + sleptNs, TIME_MAX)
  const budget = new Budget(input.limits.outputBytesMax)
  const tree = new Tree(budget, now, charge)
  const layout = layOut(tree, input.files)
  const descriptors = new Descriptors(tree)
  const stdout = new ByteSink(budget, sink && ((bytes) => sink.output('stdout', bytes)))
  const stderr = new ByteSink(budget, sink && ((bytes) => sink.output('stderr', bytes)))
  const stdin = { rights: STDIN_RIGHTS, inheriting: 0n, flags: 0 }
  const output = { rights: OUTPUT_RIGHTS, inheriting: 0n, flags: 0 }
  descriptors.add({ type: 'stdin', bytes: input.stdin, position: 0, ...stdin })
  descriptors.add({ type: 'output', sink: stdout, ...output })
  descriptors.add({ type: 'output', sink: stderr, ...output })
  preopen(tree, layout, descriptors)
  const host: Host = {
    memory: new GuestMemory(),
    tree,
    descriptors,
    budget,
    random: new SeededRandom(input.seed),
    digest: new CallDigest(),
    args: [PROGRAM_NAME, ...input.args].map(terminated),
    environment: input.env.map(([name, value]) => terminated(`${name}=${value}`)),
    enter() {
      if (isCancelled(meter.fuelUsed)) throw new GuestCancelled(meter.fuelUsed())
    },
    charge,
    now,
    worked,
    sleep(nanoseconds) {
      sleptNs = leastOf(sleptNs + nanoseconds, TIME_MAX)
    },
  }
  running = true
  return {
    imports: {
      [WASI_MODULE]: importsOf(host, WASI_MODULE, CALLS),
      ...assemblyScriptImports(host, stderr),
      ...progressImports(host, sink),
    },
    attach: (memory) => host.memory.attach(memory),
    collect: () => ({
      stdout: stdout.bytes(),
      stderr: stderr.bytes(),
      outputs: filesBelow(layout.out),
      hostCallDigest: host.digest.close(),
    }),
  }
}

const leastOf = (a: bigint, b: bigint) => (a < b ? a : b)

const terminated = (text: string) => Buffer.from(`${text}\0`)
