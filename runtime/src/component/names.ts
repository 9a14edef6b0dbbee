/**
 * Names inside a component become text of the JavaScript that jco writes. So every name that the
 * component's author could choose freely is held to characters that mean nothing there.
 * Source: WebAssembly Component Model, "Binary Format", sections and core instances.
 */
import { admit } from '@planetary-mesh/spec/bare'
import { type WasmModule, WebAssembly } from '../admission/engine.ts'
import { type ByteReader, refuse } from '../admission/reader.ts'
import { eachSection, SECTION } from './component-sections.ts'

const CORE_SORT = 0x00
/** Nothing that ends or opens a text, a template or a line. */
const PLAIN = /^[^'"`\\{}\p{C}\p{Zl}\p{Zp}]*$/u

/** Refuses with MODULE_REFUSED a name that is no plain text. */
export function ensurePlainNames(component: Uint8Array): void {
  eachSection(component, (id, section) => {
    if (id === SECTION.coreInstance) readCoreInstances(section)
    else if (id === SECTION.alias) readAliases(section)
  })
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

/** The glue's name for a name of the component model: `add-two` is `addTwo`. */
export const propertyOf = (name: string): string =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
