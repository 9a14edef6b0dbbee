/** Runs one case on both builds, the native one in a folder of its own, and says what differs. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LIMITS, type RunResult, type Sandbox } from '@planetary-mesh/spec'
import type { Case, Ended } from './program.ts'

const NOTHING = new Uint8Array(0)
const MINUTES_MS = 60_000
const NATIVE_BUFFER_BYTES = 128 * 1024 * 1024

export type Builds = { readonly native: string; readonly module: Uint8Array }

/** Undefined when both ended alike, and what the sandbox measured. */
export async function tryCase(
  sandbox: Sandbox,
  builds: Builds,
  given: Case,
): Promise<{ problem: string | undefined; fuel: number; wallMs: number; digest: string }> {
  const native = runNative(builds.native, given)
  const result = await runSandboxed(sandbox, builds.module, given)
  return {
    problem: problemOf(native, result, given),
    fuel: result.fuel,
    wallMs: result.measured.wallMs,
    digest: Buffer.from(result.hostCallDigest).toString('hex'),
  }
}

function problemOf(native: Ended, result: RunResult, given: Case): string | undefined {
  const { outcome, stdout, stderr } = result
  const said = Buffer.from(stderr).toString().slice(-300)
  if (outcome.type !== 'exited') return `${JSON.stringify(outcome)} ${said}`
  const outputs = new Map(result.outputs.map(({ path, bytes }) => [path, bytes]))
  const ended = { code: outcome.code, stdout, stderr, outputs }
  if (ended.code !== native.code) return `exit ${ended.code}, natively ${native.code}: ${said}`
  if (given.comparable !== null) {
    const same = given.comparable ?? ((text: string) => text)
    const textOf = (bytes: Uint8Array) => same(Buffer.from(bytes).toString('latin1'))
    if (textOf(stdout) !== textOf(native.stdout)) return 'another stdout'
  }
  const names = [...native.outputs.keys()].sort()
  if (names.join() !== [...outputs.keys()].sort().join()) return `left ${[...outputs.keys()]}`
  const other = names.find((name) => !sameBytes(native.outputs.get(name), outputs.get(name)))
  if (other !== undefined) return `another ${other}`
  try {
    given.check?.(ended)
  } catch (thrown) {
    return String(thrown)
  }
  return undefined
}

const sameBytes = (one: Uint8Array = NOTHING, other: Uint8Array = NOTHING) =>
  Buffer.compare(one, other) === 0

async function runSandboxed(sandbox: Sandbox, module: Uint8Array, given: Case): Promise<RunResult> {
  return sandbox.run({
    module,
    args: [...(given.wasmArgs ?? []), ...given.args],
    env: given.env ?? [],
    stdin: given.stdin ?? NOTHING,
    files: (given.inputs ?? []).map(({ path, bytes }) => ({ path: `/in/${path}`, bytes })),
    clockMs: 0,
    seed: new Uint8Array(32),
    limits: {
      fuelMax: LIMITS.fuelMax,
      memoryPagesMax: 16_384,
      outputBytesMax: LIMITS.outputBytesMax,
      wallMs: 10 * MINUTES_MS,
    },
  })
}

function runNative(executable: string, given: Case): Ended {
  const folder = mkdtempSync(join(dirname(executable), 'native-'))
  try {
    mkdirSync(join(folder, 'out'))
    for (const { path, bytes } of given.inputs ?? []) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), bytes)
    }
    const { status, stdout, stderr, signal } = spawnSync(executable, given.args, {
      cwd: folder,
      argv0: 'job', // as the sandbox has it
      env: Object.fromEntries(given.env ?? []),
      input: given.stdin ?? NOTHING,
      maxBuffer: NATIVE_BUFFER_BYTES,
      timeout: 5 * MINUTES_MS,
    })
    if (status === null) throw new Error(`the native build ended by ${signal}`)
    return { code: status, stdout, stderr, outputs: filesOf(join(folder, 'out')) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function filesOf(directory: string): Map<string, Uint8Array> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(directory.length + 1), readFileSync(path)]
    }),
  )
}
