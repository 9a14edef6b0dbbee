/** Runs an example's module in the real sandbox, with one input file, as an executor would. */
import { readFileSync } from 'node:fs'
import type { RunResult, Sandbox } from '@planetary-mesh/spec'

export type ExampleRun = {
  code: number
  stdout: string
  stderr: string
  /** Files under /out by name. */
  files: ReadonlyMap<string, string>
  result: RunResult
}

export function readExample(path: string): Uint8Array {
  return readFileSync(new URL(`../../examples/${path}`, import.meta.url))
}

/** Throws if the run ended in any other way than by an exit code. */
export async function runExample(
  sandbox: Sandbox,
  module: Uint8Array,
  { input, args = [] }: { input?: { name: string; bytes: Uint8Array }; args?: readonly string[] },
): Promise<ExampleRun> {
  const result = await sandbox.run({
    module,
    args,
    env: [],
    stdin: new Uint8Array(),
    files: input === undefined ? [] : [{ path: `/in/${input.name}`, bytes: input.bytes }],
    clockMs: 0,
    seed: new Uint8Array(32),
    limits: {
      fuelMax: 20_000_000_000,
      memoryPagesMax: 1024,
      outputBytesMax: 4 * 1024 * 1024,
      wallMs: 60_000,
    },
  })
  const text = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  if (result.outcome.type !== 'exited') {
    throw new Error(`${JSON.stringify(result.outcome)}\n${text(result.stderr)}`)
  }
  return {
    code: result.outcome.code,
    stdout: text(result.stdout),
    stderr: text(result.stderr),
    files: new Map(result.outputs.map(({ path, bytes }) => [path, text(bytes)])),
    result,
  }
}
