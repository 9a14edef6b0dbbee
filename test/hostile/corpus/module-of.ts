/**
 * From the text of a hostile guest to its module. A text that is no whole module gets the functions
 * of the prelude and imports of the preview1 functions that it names; `(str "…")` becomes the
 * address and the length of a text in its memory.
 */
import openTranslator from 'wabt'
import { SIGNATURES, WASI_MODULE } from '../../../runtime/src/wasi/abi.ts'
import { PRELUDE } from './prelude.ts'

const TEXTS_AT = 32_768

/** All that the translator knows, so that admission is who refuses it. */
const FEATURES = {
  exceptions: true,
  extended_const: true,
  gc: true,
  function_references: true,
  memory64: true,
  relaxed_simd: true,
  tail_call: true,
  threads: true,
}

const translator = await openTranslator()

/** The bytes of the module that `wat` describes. Throws what the translator says of a mistake. */
export function moduleOf(name: string, wat: string): Uint8Array {
  const module = translator.parseWat(`${name}.wat`, whole(wat), FEATURES)
  try {
    module.resolveNames()
    return module.toBinary({}).buffer.slice()
  } finally {
    module.destroy()
  }
}

function whole(wat: string): string {
  if (wat.trimStart().startsWith('(module')) return wat
  let at = TEXTS_AT
  const data: string[] = []
  const code = wat.replaceAll(/\(str "((?:[^"\\]|\\.)*)"\)/g, (_, text: string) => {
    const length = text.replaceAll(/\\(?:[0-9a-f]{2}|.)/g, '.').length
    data.push(`(data (i32.const ${at}) "${text}")`)
    const pair = `(i32.const ${at}) (i32.const ${length})`
    at += length
    return pair
  })
  const both = `${PRELUDE}${code}`
  const imports = Object.entries<string>(SIGNATURES).flatMap(([name, params]) =>
    new RegExp(`call \\$${name}\\b`).test(both) ? [importOf(name, params)] : [],
  )
  const memory = wat.includes('(memory') ? '' : '(memory (export "memory") 2)'
  return `(module\n${[...imports, memory, ...data].join('\n')}\n${both})`
}

function importOf(name: string, params: string): string {
  const types = [...params].map((letter) => (letter === 'i' ? 'i32' : 'i64')).join(' ')
  const result = name === 'proc_exit' ? '' : '(result i32)'
  return `(import "${WASI_MODULE}" "${name}" (func $${name} (param ${types}) ${result}))`
}
