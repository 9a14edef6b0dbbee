/**
 * The sections of a component and of those inside it, one after the other.
 * Source: WebAssembly Component Model, "Binary Format".
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { ByteReader, refuse } from '../admission/reader.ts'

export const SECTION = { coreInstance: 2, component: 4, alias: 6, type: 7, canon: 8 } as const
const HEADER_BYTES = 8

/** Refuses with MODULE_REFUSED what is cut short, or nested too deeply. */
export function eachSection(
  component: Uint8Array,
  look: (id: number, section: ByteReader) => void,
): void {
  visit(new ByteReader(component), 0, look)
}

function visit(
  reader: ByteReader,
  depth: number,
  look: (id: number, section: ByteReader) => void,
): void {
  const { componentDepthMax: most } = LIMITS
  if (depth > most) refuse(`components more than ${most} deep`, reader.at)
  reader.skip(HEADER_BYTES)
  while (reader.at < reader.end) {
    const id = reader.byte()
    const size = reader.u32()
    const section = new ByteReader(reader.bytes, reader.at, reader.at + size)
    reader.skip(size)
    if (id === SECTION.component) visit(section, depth + 1, look)
    else look(id, section)
  }
}
