/** What `meshctl run` says about a run: one JSON object for programs, a few lines for people. */
import { type CID, encodeFile, type RunResult } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { note, printable, printJson } from '../cli/terminal.ts'

/** The shape of `--json`, kept stable: see meshctl/README.md. */
export type RunOutput = {
  outcome: 'exited' | 'trapped' | 'out-of-fuel' | 'depth' | 'output-limit' | 'cancelled'
  exitCode: number | null
  trap: string | null
  stdout: string
  stderr: string
  /** Only where the bytes are not UTF-8. */
  stdoutBase64?: string
  stderrBase64?: string
  fuel: number
  memoryPages: number
  outputs: { path: string; bytes: number; cid: string }[]
  module: string
  profile: string
}

export function runOutput(module: CID, result: RunResult): RunOutput {
  const { outcome, fuel, memoryPages, profile } = result
  return {
    outcome: outcome.type,
    exitCode: outcome.type === 'exited' ? outcome.code : null,
    trap: outcome.type === 'trapped' ? outcome.trap : null,
    ...textFields('stdout', result.stdout),
    ...textFields('stderr', result.stderr),
    fuel,
    memoryPages,
    outputs: result.outputs.map(({ path, bytes }) => ({
      path,
      bytes: bytes.length,
      cid: encodeFile(bytes).cid.toString(),
    })),
    module: module.toString(),
    profile,
  } as RunOutput
}

/** Everything but what the guest wrote, which was printed as it came; with `json` that too. */
export function printRun(output: RunOutput, json: boolean): void {
  if (json) {
    printJson(output)
    return
  }
  note(`${endOf(output)}; ${withCommas(output.fuel)} fuel, ${output.memoryPages} pages of memory\n`)
  for (const { path, bytes, cid } of output.outputs) {
    note(`/out/${printable(path)}  ${withCommas(bytes)} bytes  ${cid}\n`)
  }
}

function endOf({ outcome, exitCode, trap }: RunOutput): string {
  if (outcome === 'exited') return `exited with ${exitCode}`
  return trap === null ? `ended by ${outcome}` : `trapped: ${trap}`
}

/** The text, and the bytes themselves where text would lose something. */
export function textFields(name: 'stdout' | 'stderr', bytes: Uint8Array): Record<string, string> {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const isWhole = Buffer.from(text).equals(bytes)
  if (isWhole) return { [name]: text }
  return { [name]: text, [`${name}Base64`]: Buffer.from(bytes).toString('base64') }
}
