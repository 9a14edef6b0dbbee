/** `ccl build`: the module of a text, with its CID and header. */
import { encodeFile } from '@planetary-mesh/spec'
import { type Compiled, compile } from '../compile.ts'
import { formatDiagnostics } from '../format-diagnostics.ts'
import { EXIT, type Exit, UsageError } from './exit.ts'
import { note, print, printBytes, printJson, withCommas } from './terminal.ts'
import {
  importsBeside,
  noteErrors,
  programIn,
  readText,
  readValuesFile,
  writeFile,
} from './text-files.ts'

type Options = {
  output: string | undefined
  unit: string | undefined
  values: string | undefined
  json: boolean
}

export async function buildFile(file: string, { json, unit, ...given }: Options): Promise<Exit> {
  const output = given.output ?? (file === '-' ? undefined : moduleName(file))
  if (output === undefined) throw new UsageError('a text from stdin has no name', 'give -o FILE')
  if (json && output === '-') throw new UsageError('--json and a module cannot both go to stdout')
  const text = await readText(file)
  const values = await readValuesFile(given.values)
  const built = compile(text, { file, ...values, ...(await importsBeside(file, text)) })
  const { ok, diagnostics } = built
  if (!built.ok) {
    if (json) printJson({ ok, file, diagnostics })
    else noteErrors(diagnostics, text)
    return EXIT.usage
  }
  const module = moduleOf(built, file, unit)
  const { wasm } = module
  const cid = encodeFile(wasm).cid.toString()
  const header = { ...module.header, source: module.header.source.toString() }
  if (output === '-') printBytes(wasm)
  else await writeFile(output, wasm)
  if (json) {
    printJson({ ok, file, output, cid, bytes: wasm.length, header, diagnostics })
    return EXIT.done
  }
  note(formatDiagnostics(diagnostics, text))
  if (output === '-') return EXIT.done
  print(`${output}: ${withCommas(wasm.length)} bytes\nCID: ${cid}\n`)
  for (const [name, value] of Object.entries(header)) print(`${name}: ${shown(value)}\n`)
  return EXIT.done
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

/** Beside the text, with `.wasm` for `.ccl`. */
const moduleName = (file: string) => `${file.replace(/\.ccl$/, '')}.wasm`
