/**
 * Text to modules: what `check` found, encoded. Pure: the same text gives the same bytes; any text
 * gives an answer, never an exception.
 */
import { cidOf } from '@planetary-mesh/spec/bare'
import { type Checked, type CompileOptions, check, type Parameter, type Refused } from './check.ts'
import { Problems } from './diagnostic.ts'
import { type Header, jobModule } from './job-module.ts'
import { shown } from './messages.ts'
import { sourceOf } from './source.ts'
import { policyModule, type Unit } from './wasm/encode-program.ts'

/** `wasm` and `header` are those of the job requests; `units` has the policies and selections. */
export type Compiled = Checked & { wasm: Uint8Array; header: Header; units: Unit[] }

/**
 * Compiles one document. The module, its header and the requests in it, or diagnostics of which at
 * least one is an error and nothing else: there is no output for a wrong text.
 *
 * ```ts
 * const built = compile('execution { submit_job(…); }', { file: 'job.ccl' })
 * if (built.ok) await writeFile('job.wasm', built.wasm)
 * else process.stderr.write(formatDiagnostics(built.diagnostics, text))
 * ```
 */
export function compile(text: string, options: CompileOptions = {}): Compiled | Refused {
  const checked = check(text, options)
  if (!checked.ok) return checked
  const { effects, parameters, requests } = checked
  if (parameters.length > 0) return withoutValues(text, options, parameters)
  const source = cidOf('raw', new TextEncoder().encode(text))
  const units = checked.programs.map((program) => policyModule(program, source))
  return { ...checked, ...jobModule(requests, effects, source), units }
}

/** Each parameter that has no value, once, where it stands first. */
function withoutValues(
  text: string,
  { file = '-' }: CompileOptions,
  parameters: readonly Parameter[],
): Refused {
  const problems = new Problems(sourceOf(text, file))
  for (const { name, span } of parameters) {
    problems.add('CCL0604', { start: span.offset, end: span.offset + span.length }, shown(name))
  }
  return { ok: false, diagnostics: problems.list() }
}
