/** Runs hostile guests in the sandbox: how each ended, and whether anything leaked. */
import { createHash } from 'node:crypto'
import {
  HostFault,
  Refusal,
  type RunInput,
  type RunResult,
  type Sandbox,
} from '@planetary-mesh/spec'
import type { Canaries } from './canaries.ts'
import { type Expected, type Guest, REACHED } from './guest.ts'
import { moduleOf } from './module-of.ts'

/** Small, so that a guest that uses all of it up is done in some 5 ms. */
const LIMITS_OF_GUEST: RunInput['limits'] = {
  fuelMax: 5_000_000,
  memoryPagesMax: 64,
  outputBytesMax: 65_536,
  wallMs: 60_000,
}
const EPOCH_MS = 1_700_000_000_000

export type Ending = {
  /** The outcome, the refusal's code, or the fault's reason, as `expectedEnding` words them. */
  ending: string
  /** Everything that has to be the same in every run. */
  whole: string
  leaks: string[]
  result?: RunResult
}

const modules = new Map<Guest, Uint8Array>()

/** The module of a guest, made once. */
export function bytesOf(guest: Guest): Uint8Array {
  const made = modules.get(guest) ?? moduleOf(guest.name, guest.wat)
  modules.set(guest, made)
  return made
}

/** The job of a guest, which is told where the canaries are and given none of them. */
export function inputOf(guest: Guest, { nest, port }: Canaries): RunInput {
  return {
    module: bytesOf(guest),
    args: [nest.args.file, nest.args.folder, '/tmp', String(port), '/out'],
    env: [],
    stdin: new Uint8Array(0),
    files: [],
    clockMs: EPOCH_MS,
    seed: new Uint8Array(32),
    limits: { ...LIMITS_OF_GUEST, ...guest.limits },
  }
}

const VICTIM = `(func (export "_start")
  (i32.store (i32.const 0) (i32.const 40000)) (i32.store (i32.const 4) (i32.const 4096))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (call $text (str "in/given"))
  (call $proc_exit (call $open (i32.const 3) (i32.const 0) (i64.const 2))))`
const victim = moduleOf('victim', VICTIM)

/** The job that a slot ran before: it holds the secret in its memory and an open file of it. */
export function victimInput(canaries: Canaries): RunInput {
  const bytes = Buffer.from(canaries.neighbourSecret)
  return {
    module: victim,
    args: [],
    env: [['GIVEN', canaries.neighbourSecret]],
    stdin: bytes,
    files: [{ path: '/in/given', bytes }],
    clockMs: EPOCH_MS,
    seed: new Uint8Array(32).fill(1),
    limits: LIMITS_OF_GUEST,
  }
}

/** A neighbour is the guest itself, as it leaves what it was given where its next run looks. */
export function neighbourInput(guest: Guest, canaries: Canaries): RunInput {
  const { stdin, files } = victimInput(canaries)
  return guest.door === 'again'
    ? { ...inputOf(guest, canaries), stdin, files }
    : victimInput(canaries)
}

/** Runs the guest; `neighbour` first, in the same slot when the sandbox has but one. */
export async function runGuest(
  sandbox: Sandbox,
  guest: Guest,
  canaries: Canaries,
  neighbour: 'first' | 'none' = 'first',
): Promise<Ending> {
  if (neighbour === 'first') await sandbox.run(neighbourInput(guest, canaries))
  try {
    const result = await sandbox.run(inputOf(guest, canaries))
    return {
      ending: endingOf(result.outcome),
      whole: wholeOf(result),
      leaks: leaksOf(result, canaries),
      result,
    }
  } catch (thrown) {
    if (thrown instanceof Refusal) {
      return { ending: `refused ${thrown.code}`, whole: thrown.message, leaks: [] }
    }
    if (!(thrown instanceof HostFault)) throw thrown
    return { ending: `fault ${thrown.reason}`, whole: thrown.reason, leaks: [] }
  }
}

export function endingOf(expected: Expected): string {
  if (expected.type === 'refused') return `refused ${expected.code}`
  if (expected.type === 'fault') return `fault ${expected.reason}`
  return JSON.stringify(expected)
}

/** Everything of a result that the same input gives again; see spec, `RunResult`. */
export function wholeOf({ measured: _, ...result }: RunResult): string {
  const hash = createHash('sha256')
  hash.update(result.stdout).update('\n').update(result.stderr)
  for (const { path, bytes } of result.outputs) hash.update(`\n${path}\n`).update(bytes)
  const { outcome, fuel, memoryPages, profile } = result
  const digest = Buffer.from(result.hostCallDigest).toString('hex')
  return JSON.stringify([outcome, fuel, memoryPages, profile, digest, hash.digest('hex')])
}

/** What of the canaries is in a result: nothing, if all is well. */
export function leaksOf(result: RunResult, { secret, neighbourSecret }: Canaries): string[] {
  const outputs = result.outputs.flatMap(({ path, bytes }) => [Buffer.from(path), bytes])
  const said = [result.stdout, result.stderr, ...outputs].map((bytes) =>
    Buffer.from(bytes).toString('latin1'),
  )
  const secrets = [REACHED, secret, neighbourSecret, neighbourSecret.slice(0, 8)]
  return secrets.filter((word) => said.some((text) => text.includes(word)))
}
