/**
 * Makes a wrong module out of right ones: bytes changed, left out, doubled, and, knowing where the
 * sections are, sizes and counts that lie, numbers written longer than need be, sections that are
 * missing, twice, out of order or another module's.
 */
import { uleb } from './build.ts'
import type { Random } from './chance.ts'

/** Bytes that mean something to a parser: ends of ranges, opcodes, continued numbers. */
const TELLING = [0x00, 0x01, 0x02, 0x0b, 0x10, 0x40, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff]
/** Numbers at the ends of what 32 bits and our limits hold. */
const NUMBERS = [0, 1, 2, 127, 128, 255, 10_000, 65_535, 65_537, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]

const HEADER_BYTES = 8

type Section = { readonly id: number; readonly content: Uint8Array }

function sectionsOf(bytes: Uint8Array): Section[] {
  const sections: Section[] = []
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const id = bytes[at++] as number
    const { value, end } = readNumber(bytes, at)
    sections.push({ id, content: bytes.subarray(end, end + value) })
    at = end + value
  }
  return sections
}

function readNumber(bytes: Uint8Array, from: number): { value: number; end: number } {
  let value = 0
  for (let at = from, factor = 1; ; at++, factor *= 128) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * factor
    if (byte < 0x80) return { value, end: at + 1 }
  }
}

/** `value` in as many bytes as given, or in five, which is the most that is right. */
function padded(value: number, length: number): number[] {
  const bytes = Array.from({ length }, (_, index) => Math.floor(value / 128 ** index) & 0x7f)
  return bytes.map((byte, index) => (index + 1 < length ? byte | 0x80 : byte))
}

/** One mutant of a module of `corpus`. */
export function mutate(corpus: readonly Uint8Array[], random: Random): Uint8Array {
  const bytes = corpus[random(corpus.length)] as Uint8Array
  if (random(2) > 0) return mutateBytes(bytes, random)
  const sections = sectionsOf(bytes)
  const other = sectionsOf(corpus[random(corpus.length)] as Uint8Array)
  return mutateSections(bytes.subarray(0, HEADER_BYTES), sections, other, random)
}

function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let mutant = bytes
  for (let edits = 1 + random(4); edits > 0; edits--) {
    if (mutant.length === 0) break
    const at = random(mutant.length)
    const telling = TELLING[random(TELLING.length)] as number
    const kind = random(5)
    if (kind === 0) mutant = spliced(mutant, at, 1, [(mutant[at] as number) ^ (1 << random(8))])
    else if (kind === 1) mutant = spliced(mutant, at, 1, [telling])
    else if (kind === 2) mutant = spliced(mutant, at, 1 + random(4), [])
    else if (kind === 3) mutant = spliced(mutant, at, 0, [telling])
    else mutant = spliced(mutant, random(mutant.length), 0, mutant.subarray(at, at + random(32)))
  }
  return mutant
}

function mutateSections(
  header: Uint8Array,
  sections: Section[],
  other: readonly Section[],
  random: Random,
): Uint8Array {
  const at = random(sections.length)
  const section = sections[at] as Section
  const number = NUMBERS[random(NUMBERS.length)] as number
  let size = uleb(section.content.length)
  switch (random(9)) {
    case 0:
      sections.splice(at, 1)
      break
    case 1:
      sections.splice(random(sections.length), 0, section)
      break
    case 2:
      sections.splice(random(sections.length), 0, ...sections.splice(at, 1))
      break
    case 3:
      sections[at] = other.find(({ id }) => id === section.id) ?? section
      break
    case 4:
      sections[at] = { ...section, id: random(15) }
      break
    case 5:
      sections[at] = { ...section, content: withCount(section.content, uleb(number)) }
      break
    case 6: {
      const { value } = readNumber(section.content, 0)
      const count = padded(value, 2 + random(5))
      sections[at] = { ...section, content: withCount(section.content, count) }
      break
    }
    case 7:
      size = random(2) ? padded(section.content.length, 2 + random(5)) : uleb(number)
      break
    default:
      sections[at] = { ...section, content: mutateBytes(section.content, random) }
  }
  const parts = sections.map((each) => [
    ...[each.id, ...(each === section ? size : uleb(each.content.length))],
    ...each.content,
  ])
  return new Uint8Array([...header, ...parts.flat()])
}

/** A section's content with its first number, a count in all but custom ones, as given. */
function withCount(content: Uint8Array, count: readonly number[]): Uint8Array {
  return spliced(content, 0, readNumber(content, 0).end, count)
}

function spliced(bytes: Uint8Array, at: number, out: number, put: ArrayLike<number>): Uint8Array {
  const rest = bytes.subarray(at + out)
  const mutant = new Uint8Array(at + put.length + rest.length)
  mutant.set(bytes.subarray(0, at))
  mutant.set(put, at)
  mutant.set(rest, at + put.length)
  return mutant
}
