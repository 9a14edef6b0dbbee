/**
 * CCL text of a file to diagnostics or to a module. Exit code 2 for a text that does not compile,
 * as for wrong usage (ccl.md).
 */
import { check, compile, type Diagnostic, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { encodeFile, LIMITS } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print, printBytes, printJson } from '../cli/terminal.ts'
import { readHostFile } from '../files/host-files.ts'
import { writeNew } from '../files/write-outputs.ts'

export async function checkFile(file: string, json = false): Promise<Exit> {
  const text = await readText(file)
  const checked = check(text, { file })
  if (json) {
    const { ok, diagnostics } = checked
    const requests = checked.ok ? checked.requests : []
    printJson({ ok, file, requests, diagnostics })
  } else {
    note(formatDiagnostics(checked.diagnostics, text))
    if (checked.ok) print(`${file}: ok, ${counted(checked.requests.length, 'job request')}\n`)
    else note(`${summary(checked.diagnostics)}\n`)
  }
  return checked.ok ? EXIT.done : EXIT.usage
}

export async function buildFile(
  file: string,
  { output = file === '-' ? undefined : moduleName(file), json = false }: BuildOptions,
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
  const cid = encodeFile(built.wasm).cid.toString()
  const header = { ...built.header, source: built.header.source.toString() }
  if (output === '-') printBytes(process.stdout, built.wasm)
  else await writeNew(output, built.wasm, true)
  if (json) {
    printJson({ ok, file, output, cid, bytes: built.wasm.length, header, diagnostics })
    return EXIT.done
  }
  note(formatDiagnostics(diagnostics, text))
  if (output === '-') return EXIT.done
  print(`${output}: ${withCommas(built.wasm.length)} bytes\nCID: ${cid}\n`)
  for (const [name, value] of Object.entries(header)) {
    print(`${name}: ${Array.isArray(value) ? value.join(', ') : value}\n`)
  }
  return EXIT.done
}

type BuildOptions = { output?: string | undefined; json?: boolean }

async function readText(file: string): Promise<string> {
  const bytes = await readHostFile(file, LIMITS.cclSourceBytesMax)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new UsageError(`${file} is not UTF-8 text`, 'save it as UTF-8')
  }
}

/** Beside the text, with `.wasm` for `.ccl`. */
const moduleName = (file: string) => `${file.replace(/\.ccl$/, '')}.wasm`

const summary = (diagnostics: readonly Diagnostic[]) =>
  counted(diagnostics.filter(({ severity }) => severity === 'error').length, 'error')

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
