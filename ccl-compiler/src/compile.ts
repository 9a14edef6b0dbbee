/**
 * Text to modules, in one line of steps: scan, split, then documents (parse, resolve, requests,
 * encode) and the typed core (parse, check, encode). Pure: the same text gives the same bytes; any
 * text gives an answer, never an exception.
 */
import { assert, cidOf, JobRequest, LIMITS } from '@planetary-mesh/spec'
import { type CheckedCore, checkCore } from './core/check-core.ts'
import { lint } from './core/lint.ts'
import { splitCore } from './core/split.ts'
import { type Diagnostic, Problems, type Span, spanOf } from './diagnostic.ts'
import { parse } from './grammar.ts'
import { type Header, jobModule } from './job-module.ts'
import { requestsOf } from './requests.ts'
import { resolve } from './resolve.ts'
import { scan } from './scan.ts'
import { byteLength, type Source, sourceOf } from './source.ts'
import { policyModule, type Unit } from './wasm/encode-program.ts'

/** What was read but is not acted on: where, as written, and the place. */
export type Descriptive = { path: string; text: string; span: Span }

export type Refused = { ok: false; diagnostics: Diagnostic[] }

export type Checked = CheckedCore & {
  ok: true
  /** One for each `submit_job`, in order: what the module will hand to the host. */
  requests: JobRequest[]
  descriptive: Descriptive[]
  /** Warnings only. */
  diagnostics: Diagnostic[]
}

/** `wasm` and `header` are those of the job requests; `units` has the policies and selections. */
export type Compiled = Checked & { wasm: Uint8Array; header: Header; units: Unit[] }

/** `file` is the name used in diagnostics, `-` if none is given; `lint` adds advice. */
export type CompileOptions = { file?: string; lint?: boolean }

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
  const source = cidOf('raw', new TextEncoder().encode(text))
  const units = checked.programs.map((program) => policyModule(program, source))
  return { ...checked, ...jobModule(checked.requests, source), units }
}

/** Everything `compile` does but the module. */
export function check(text: string, options: CompileOptions = {}): Checked | Refused {
  const source = sourceOf(text, options.file ?? '-')
  const problems = new Problems(source)
  const found = readable(source, problems) ? read(problems) : undefined
  if (found !== undefined && options.lint === true && !problems.hasErrors) lint(found, problems)
  const diagnostics = problems.list()
  if (found === undefined || problems.hasErrors) return { ok: false, diagnostics }
  for (const request of found.requests) {
    assert(JobRequest.safeParse(request).success, 'what was checked is a job request')
  }
  return { ok: true, ...found, diagnostics }
}

function readable(source: Source, problems: Problems): boolean {
  const bytes = byteLength(source.text)
  const start = { start: 0, end: 0 }
  if (bytes > LIMITS.cclSourceBytesMax) problems.add('CCL0212', start, bytes)
  else if (!source.text.isWellFormed()) {
    const at = source.text.search(/\p{Cs}/u)
    problems.add('CCL0111', { start: at, end: at + 1 })
  } else return true
  return false
}

type Read = CheckedCore & { requests: JobRequest[]; descriptive: Descriptive[] }

function read(problems: Problems): Read | undefined {
  const scanned = scan(problems)
  if (scanned === null) return undefined
  if (scanned.tokens.length === 0) {
    problems.add('CCL0211', { start: 0, end: 0 })
    return undefined
  }
  const { document, core } = splitCore(scanned, problems.source)
  const { items, broken } = parse(document, problems)
  const resolved = resolve(items, broken, problems)
  // a policy with a title need not submit a job; what is said about jobs is for nothing without
  const elsewhere = core.length > 0 && resolved.top.blocks.size === 0
  const requests = requestsOf(resolved, problems, elsewhere)
  const descriptive = resolved.listed.map(({ path, value, range }) => ({
    path,
    text: problems.source.text.slice(value.range.start, value.range.end),
    span: spanOf(problems.source, range),
  }))
  return { requests, descriptive, ...checkCore(core, problems) }
}
