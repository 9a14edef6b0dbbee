/**
 * CCL text of a file to diagnostics or to a module. Exit code 2 for a text that does not compile,
 * as for wrong usage (ccl.md).
 */
import {
  type Checked,
  type Compiled,
  check,
  compile,
  formatDiagnostics,
} from '@planetary-mesh/ccl-compiler'
import { encodeFile } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print, printBytes, printJson } from '../cli/terminal.ts'
import { writeNew } from '../files/write-outputs.ts'
import { counted, programIn, readText, summary } from './read-text.ts'

export { readText } from './read-text.ts'

/** With `lint`, advice counts as well: exit code 1 if there is any. */
export async function checkFile(file: string, json = false, lint = false): Promise<Exit> {
  const text = await readText(file)
  const checked = check(text, { file, lint })
  const { ok, diagnostics } = checked
  if (json) {
    const requests = checked.ok ? checked.requests : []
    const units = checked.ok ? checked.programs.map(({ kind, name }) => ({ kind, name })) : []
    printJson({ ok, file, requests, units, diagnostics })
  } else {
    note(formatDiagnostics(diagnostics, text))
    if (checked.ok) print(`${file}: ok, ${contents(checked)}\n`)
    else note(`${summary(diagnostics)}\n`)
  }
  if (!ok) return EXIT.usage
  return lint && diagnostics.length > 0 ? EXIT.refused : EXIT.done
}

/** `1 policy, 3 tests`, or how many jobs a document asks for. */
function contents({ requests, programs, tests }: Checked): string {
  const parts: string[] = []
  const count = (of: number, noun: string) => of > 0 && parts.push(counted(of, noun))
  count(programs.filter(({ kind }) => kind === 'policy').length, 'policy')
  count(programs.filter(({ kind }) => kind === 'selection').length, 'selection')
  count(tests.length, 'test case')
  if (requests.length > 0 || parts.length === 0) {
    parts.unshift(counted(requests.length, 'job request'))
  }
  return parts.join(', ')
}

export async function buildFile(
  file: string,
  { output = file === '-' ? undefined : moduleName(file), json = false, unit }: BuildOptions,
): Promise<Exit> {
  if (output === undefined) throw new UsageError('a text from stdin has no name', 'give -o FILE')
  if (json && output === '-') throw new UsageError('--json and a module cannot both go to stdout')
  const text = await readText(file)
  const built = compile(text, { file })
  const { ok, diagnostics } = built
  if (!built.ok) {
    if (json) printJson({ ok, file, diagnostics })
    else note(`${formatDiagnostics(diagnostics, text)}${summary(diagnostics)}\n`)
    return EXIT.usage
  }
  const module = moduleOf(built, file, unit)
  const { wasm } = module
  const cid = encodeFile(wasm).cid.toString()
  const header = { ...module.header, source: module.header.source.toString() }
  if (output === '-') printBytes(process.stdout, wasm)
  else await writeNew(output, wasm, true)
  if (json) {
    printJson({ ok, file, output, cid, bytes: wasm.length, header, diagnostics })
    return EXIT.done
  }
  note(formatDiagnostics(diagnostics, text))
  if (output === '-') return EXIT.done
  print(`${output}: ${withCommas(wasm.length)} bytes\nCID: ${cid}\n`)
  for (const [name, value] of Object.entries(header)) {
    print(`${name}: ${shown(value)}\n`)
  }
  return EXIT.done
}

type BuildOptions = {
  output?: string | undefined
  json?: boolean
  unit?: string | undefined
}

/** The module of the jobs, or of the policy or selection that is meant. */
function moduleOf(built: Compiled, file: string, unit: string | undefined) {
  if (unit === undefined && (built.requests.length > 0 || built.programs.length === 0)) return built
  const program = programIn(built, file, unit)
  return built.units.find((made) => made.program === program) ?? built
}

function shown(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return value.join(', ')
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** UTF-8 or a usage error. */
export /** Beside the text, with `.wasm` for `.ccl`. */
const moduleName = (file: string) => `${file.replace(/\.ccl$/, '')}.wasm`
