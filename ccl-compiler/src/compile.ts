/**
 * Text to module, in one line of steps: scan, parse, resolve, requests, encode. Pure: the same text
 * gives the same bytes; any text gives an answer, never an exception.
 */
import { assert, cidOf, JobRequest, LIMITS } from '@planetary-mesh/spec'
import { type Diagnostic, Problems, type Span, spanOf } from './diagnostic.ts'
import { parse } from './grammar.ts'
import { type Header, jobModule } from './job-module.ts'
import { requestsOf } from './requests.ts'
import { resolve } from './resolve.ts'
import { scan } from './scan.ts'
import { byteLength, type Source, sourceOf } from './source.ts'

/** What was read but is not acted on: where, as written, and the place. */
export type Descriptive = { path: string; text: string; span: Span }

export type Refused = { ok: false; diagnostics: Diagnostic[] }

export type Checked = {
  ok: true
  /** One for each `submit_job`, in order: what the module will hand to the host. */
  requests: JobRequest[]
  descriptive: Descriptive[]
  /** Warnings only. */
  diagnostics: Diagnostic[]
}

export type Compiled = Checked & { wasm: Uint8Array; header: Header }

/** `file` is the name used in diagnostics; `-` if none is given. */
export type CompileOptions = { file?: string }

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
  return { ...checked, ...jobModule(checked.requests, source) }
}

/** Everything `compile` does but the module. */
export function check(text: string, options: CompileOptions = {}): Checked | Refused {
  const source = sourceOf(text, options.file ?? '-')
  const problems = new Problems(source)
  const found = readable(source, problems) ? read(problems) : undefined
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

function read(
  problems: Problems,
): { requests: JobRequest[]; descriptive: Descriptive[] } | undefined {
  const scanned = scan(problems)
  if (scanned === null) return undefined
  if (scanned.tokens.length === 0) {
    problems.add('CCL0211', { start: 0, end: 0 })
    return undefined
  }
  const { items, broken } = parse(scanned, problems)
  const resolved = resolve(items, broken, problems)
  const requests = requestsOf(resolved, problems)
  const descriptive = resolved.listed.map(({ path, value, range }) => ({
    path,
    text: problems.source.text.slice(value.range.start, value.range.end),
    span: spanOf(problems.source, range),
  }))
  return { requests, descriptive }
}
