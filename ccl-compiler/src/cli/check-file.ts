/** `ccl check` and `ccl lint`: diagnostics, or what is in the text. */
import { type Checked, check } from '../check.ts'
import { formatDiagnostics } from '../format-diagnostics.ts'
import { EXIT, type Exit } from './exit.ts'
import { counted, note, print, printJson } from './terminal.ts'
import { importsBeside, noteErrors, readText, readValuesFile } from './text-files.ts'

/** With `lint`, advice counts as well: exit code 1 if there is any. */
export async function checkFile(
  file: string,
  { json, lint, values }: { json: boolean; lint: boolean; values: string | undefined },
): Promise<Exit> {
  const text = await readText(file)
  const given = { ...(await readValuesFile(values)), ...(await importsBeside(file, text)) }
  const checked = check(text, { file, lint, ...given })
  const { ok, diagnostics } = checked
  if (json) {
    const requests = checked.ok ? checked.requests : []
    const units = checked.ok ? checked.programs.map(({ kind, name }) => ({ kind, name })) : []
    const parameters = checked.ok ? checked.parameters : []
    printJson({ ok, file, requests, units, parameters, diagnostics })
  } else if (checked.ok) {
    note(formatDiagnostics(diagnostics, text))
    print(`${file}: ok, ${contents(checked)}\n`)
  } else noteErrors(diagnostics, text)
  if (!ok) return EXIT.usage
  return lint && diagnostics.length > 0 ? EXIT.negative : EXIT.done
}

/** `1 policy, 3 tests`, or how many jobs a document asks for. */
function contents({ requests, programs, tests, effects, descriptive, ...rest }: Checked): string {
  const parts: string[] = []
  const count = (of: number, noun: string) => of > 0 && parts.push(counted(of, noun))
  count(programs.filter(({ kind }) => kind === 'policy').length, 'policy')
  count(programs.filter(({ kind }) => kind === 'selection').length, 'selection')
  count(tests.length, 'test case')
  count(effects.length, 'other action')
  if (parts.length === 0 && requests.length === 0) count(descriptive.length, 'descriptive part')
  if (requests.length > 0 || parts.length === 0) {
    parts.unshift(counted(requests.length, 'job request'))
  }
  const { parameters } = rest
  if (parameters.length > 0) {
    const names = parameters.map(({ name }) => name).join(', ')
    parts.push(`${counted(parameters.length, 'parameter')} without a value: ${names}`)
  }
  return parts.join(', ')
}
