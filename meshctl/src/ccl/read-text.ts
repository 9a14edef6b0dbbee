/** CCL texts of files, and what is said about those that do not compile. */
import {
  type Checked,
  check,
  type Diagnostic,
  formatDiagnostics,
  type Program,
} from '@planetary-mesh/ccl-compiler'
import { LIMITS } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { note, printJson } from '../cli/terminal.ts'
import { readHostFile } from '../files/host-files.ts'

/** The text of a file, or of stdin for `-`; UTF-8 and nothing else. */
export async function readText(file: string): Promise<string> {
  const bytes = await readHostFile(file, LIMITS.cclSourceBytesMax)
  try {
    // a byte order mark is the text's own: the compiler reads over it, `fmt` removes it
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(`${file} is not UTF-8 text`, 'save it as UTF-8')
  }
}

/** A text that compiles; for another one its diagnostics are shown, and null comes back. */
export async function readChecked(file: string, json: boolean): Promise<Checked | null> {
  const text = await readText(file)
  const checked = check(text, { file })
  const { ok, diagnostics } = checked
  if (ok) return checked
  if (json) printJson({ ok, file, diagnostics })
  else note(`${formatDiagnostics(diagnostics, text)}${summary(diagnostics)}\n`)
  return null
}

/** The policy or selection that is meant: the one named, or the only one. */
export function programIn(checked: Checked, file: string, unit: string | undefined): Program {
  const { programs } = checked
  const names = programs.map(({ name }) => name).join(', ')
  const found = unit === undefined ? programs[0] : programs.find(({ name }) => name === unit)
  if (found === undefined) {
    const what = unit === undefined ? 'no policy or selection' : `no '${unit}'`
    throw new UsageError(`${file} holds ${what}`, names === '' ? undefined : `there is ${names}`)
  }
  if (unit === undefined && programs.length > 1) {
    throw new UsageError(`${file} holds several: ${names}`, 'choose one with --unit NAME')
  }
  return found
}

export const summary = (diagnostics: readonly Diagnostic[]) =>
  counted(diagnostics.filter(({ severity }) => severity === 'error').length, 'error')

export const counted = (count: number, noun: string) =>
  `${count} ${noun.endsWith('y') && count !== 1 ? `${noun.slice(0, -1)}ies` : plural(count, noun)}`

const plural = (count: number, noun: string) => `${noun}${count === 1 ? '' : 's'}`

/** JSON has no whole numbers of 64 bits: those beyond 2^53 become texts. */
export const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part) => {
      if (typeof part !== 'bigint') return part
      const number = Number(part)
      return Number.isSafeInteger(number) ? number : String(part)
    }),
  )
