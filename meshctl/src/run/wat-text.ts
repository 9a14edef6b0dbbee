/**
 * WebAssembly's text format, for small modules written by hand: recognised by its name or by how it
 * begins, and turned into the binary format before anything else looks at it.
 */
import { Refusal } from '@planetary-mesh/spec'
import { tooDeepAt } from './wat-nesting.ts'

const TEXT_NAME = /\.wat$/i
/** Spaces and comments, of a line or between brackets and semicolons, then a bracket. */
const TEXT_START = /^(?:\s|;;[^\n]*\n|\(;[^;]*;\))*\(\s*[a-z;]/
const LOOKED_AT_BYTES = 4096

/** What the translator calls the text in its messages. */
const NAME = 'text.wat'
const PROBLEM = new RegExp(`^${NAME}:(\\d+):(\\d+): error: (.*)$`, 'm')

/** All that the translator knows, so that what a guest may not use is refused by admission. */
const FEATURES = {
  exceptions: true,
  extended_const: true,
  function_references: true,
  gc: true,
  memory64: true,
  relaxed_simd: true,
  tail_call: true,
  threads: true,
}

export function isWatText(path: string, bytes: Uint8Array): boolean {
  if (TEXT_NAME.test(path)) return true
  return TEXT_START.test(new TextDecoder('latin1').decode(bytes.subarray(0, LOOKED_AT_BYTES)))
}

/**
 * The module that the text in `bytes` describes. Refuses with MODULE_REFUSED what is no module, by
 * the line and column of the first mistake, counted from 1.
 */
export async function moduleOfWat(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  ensureShallow(path, new TextDecoder('latin1').decode(bytes))
  const { default: openTranslator } = await import('wabt')
  const translator = await openTranslator()
  try {
    const module = translator.parseWat(NAME, Uint8Array.from(bytes), FEATURES)
    try {
      module.resolveNames()
      module.validate()
      return module.toBinary({}).buffer.slice()
    } finally {
      module.destroy()
    }
  } catch (thrown) {
    const [, line, column, problem] = PROBLEM.exec((thrown as Error).message) ?? []
    if (problem === undefined) throw thrown
    const values = { line: Number(line), column: Number(column) }
    throw new Refusal('MODULE_REFUSED', `${path}:${line}:${column}: ${problem}`, { values })
  }
}

function ensureShallow(path: string, text: string): void {
  const at = tooDeepAt(text)
  if (at === undefined) return
  const lines = text.slice(0, at).split('\n')
  const values = { line: lines.length, column: (lines.at(-1) as string).length + 1 }
  const where = `${path}:${values.line}:${values.column}`
  const detail = `${where}: nested too deeply for the text format: give the binary one`
  throw new Refusal('MODULE_REFUSED', detail, { values })
}
