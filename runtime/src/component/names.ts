/**
 * Names inside a component become text of the JavaScript that jco writes. So every name that the
 * component's author could choose freely is held to characters that mean nothing there.
 * Source: WebAssembly Component Model, "Binary Format", sections and core instances.
 */
import { admit, LIMITS } from '@planetary-mesh/spec/bare'
import { type WasmModule, WebAssembly } from '../admission/engine.ts'
import { ByteReader, refuse } from '../admission/reader.ts'

const SECTION = { coreInstance: 2, component: 4, alias: 6 } as const
const HEADER_BYTES = 8
const CORE_SORT = 0x00
/** Nothing that ends or opens a text, a template or a line. */
const PLAIN = /^[^'"`\\{}\p{C}\p{Zl}\p{Zp}]*$/u

/** Refuses with MODULE_REFUSED a name that is no plain text. */
export function ensurePlainNames(component: Uint8Array): void {
  visit(new ByteReader(component), 0)
}

type ModuleClass = {
  imports(module: object): { module: string; name: string }[]
  exports(module: object): { name: string }[]
}

/** As `ensurePlainNames`, for one compiled core module. */
export function ensurePlainModule(module: WasmModule): void {
  const { imports, exports } = WebAssembly.Module as unknown as ModuleClass
  for (const { module: from, name } of imports(module)) {
    ensurePlain(from)
    ensurePlain(name)
  }
  for (const { name } of exports(module)) ensurePlain(name)
}

/** Refuses with MODULE_REFUSED one name that is no plain text. */
export function ensurePlain(name: string): void {
  admit(PLAIN.test(name), 'MODULE_REFUSED', `a name that is no plain text: ${JSON.stringify(name)}`)
}

function visit(reader: ByteReader, depth: number): void {
  const { componentDepthMax: most } = LIMITS
  if (depth > most) refuse(`components more than ${most} deep`, reader.at)
  reader.skip(HEADER_BYTES)
  while (reader.at < reader.end) {
    const id = reader.byte()
    const size = reader.u32()
    const section = new ByteReader(reader.bytes, reader.at, reader.at + size)
    reader.skip(size)
    if (id === SECTION.component) visit(section, depth + 1)
    else if (id === SECTION.coreInstance) readCoreInstances(section)
    else if (id === SECTION.alias) readAliases(section)
  }
}

function readCoreInstances(reader: ByteReader): void {
  for (let left = reader.u32(); left > 0; left--) {
    const isInline = reader.byte() === 1
    if (!isInline) reader.u32() // the module that is instantiated
    for (let names = reader.u32(); names > 0; names--) {
      ensurePlain(reader.name())
      reader.byte()
      reader.u32()
    }
  }
}

function readAliases(reader: ByteReader): void {
  for (let left = reader.u32(); left > 0; left--) {
    if (reader.byte() === CORE_SORT) reader.byte()
    const { at } = reader
    const target = reader.byte()
    if (target > 2) refuse('an alias of an unknown kind', at)
    reader.u32()
    if (target === 2) reader.u32()
    else ensurePlain(reader.name())
  }
}
