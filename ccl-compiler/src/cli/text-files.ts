/** Files and stdin as texts, each read within a bound; and files that the user named, written. */
import { createReadStream } from 'node:fs'
import { open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cidOf, LIMITS } from '@planetary-mesh/spec/bare'
import { type Checked, check } from '../check.ts'
import type { Imports } from '../core/imports.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { formatDiagnostics } from '../format-diagnostics.ts'
import type { Program } from '../ir/ir.ts'
import { readValues, type Values } from '../values.ts'
import { UsageError } from './exit.ts'
import { counted, note, printJson } from './terminal.ts'

/** The text of a file, or of stdin for `-`; UTF-8 and nothing else. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file)
  try {
    // a byte order mark is the text's own: the compiler reads over it, `fmt` removes it
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(`${file} is not UTF-8 text`, 'save it as UTF-8')
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  const bytesMax = LIMITS.cclSourceBytesMax
  const stream = file === '-' ? process.stdin : createReadStream(file)
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > bytesMax) throw new UsageError(`${file} has more than ${bytesMax} bytes`)
      chunks.push(chunk)
    }
  } catch (thrown) {
    throw fileError('read', file, thrown)
  }
  return Buffer.concat(chunks)
}

const USES = /(^|[\n;}])\s*use\s+"/
const BESIDE_MAX = 256

/** The texts beside a file by their CIDs, for one that imports any. */
export async function importsBeside(file: string, text: string): Promise<{ imports?: Imports }> {
  if (!USES.test(text)) return {}
  const folder = file === '-' ? '.' : dirname(file)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ccl')).sort()
  const texts = new Map<string, string>()
  for (const name of names.slice(0, BESIDE_MAX)) {
    const beside = await readText(join(folder, name)).catch(() => undefined)
    if (beside !== undefined) texts.set(cidOf('raw', Buffer.from(beside)).toString(), beside)
  }
  return { imports: (cid) => texts.get(cid) }
}

/** Over what is there, but never through a link. */
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await rm(path, { force: true })
    await using file = await open(path, 'wx')
    await file.writeFile(bytes)
  } catch (thrown) {
    throw fileError('write', path, thrown)
  }
}

const WHY: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'it is no folder',
  EACCES: 'it may not be touched',
}

function fileError(verb: 'read' | 'write', path: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error) || !('code' in thrown)) return thrown
  const code = String(thrown.code)
  return new UsageError(`cannot ${verb} '${path}': ${WHY[code] ?? code}`, 'check the path')
}

/** The values of a template's parameters; a file of them that is wrong is a usage error. */
export async function readValuesFile(file: string | undefined): Promise<{ values?: Values }> {
  if (file === undefined) return {}
  const text = await readText(file)
  const read = readValues(text, file)
  if (read.ok) return { values: read.values }
  throw new UsageError(formatDiagnostics(read.diagnostics, text).trimEnd())
}

/** A text that compiles; for another one its diagnostics are shown, and null comes back. */
export async function readChecked(
  file: string,
  json: boolean,
  values?: string,
): Promise<Checked | null> {
  const text = await readText(file)
  const given = { ...(await readValuesFile(values)), ...(await importsBeside(file, text)) }
  const checked = check(text, { file, ...given })
  const { ok, diagnostics } = checked
  if (ok) return checked
  if (json) printJson({ ok, file, diagnostics })
  else noteErrors(diagnostics, text)
  return null
}

export function noteErrors(diagnostics: readonly Diagnostic[], text: string): void {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  note(`${formatDiagnostics(diagnostics, text)}${counted(errors, 'error')}\n`)
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
