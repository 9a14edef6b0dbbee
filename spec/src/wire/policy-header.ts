/**
 * What a compiled policy or selection says about itself: the custom section `ccl` of its module.
 * Source: spec/ccl-abi.md.
 */
import { z } from 'zod'
import { admit, Refusal } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { decodeBlock } from '../records/block.ts'
import { Amount, ResourceType, Scope, text } from '../records/fields.ts'
import { FileLink } from '../records/links.ts'
import { parse } from '../records/record.ts'

const Named = z.tuple([text(), text()])

export const PolicyHeader = z.strictObject({
  abi: z.literal(1),
  kind: z.enum(['policy', 'selection']),
  name: text(),
  compiler: text(64),
  /** The raw CID of the source text. */
  source: FileLink,
  resource: ResourceType.optional(),
  scope: Scope.optional(),
  /** Path and type, in the order of a request's cells. */
  inputs: z.array(Named).max(LIMITS.policyInputsMax),
  records: z.record(z.string(), z.array(Named)).optional(),
  rules: z
    .array(
      z.strictObject({
        name: text(),
        effect: z.enum(['allow', 'deny']),
        because: text().optional(),
        cite: text().optional(),
      }),
    )
    .max(LIMITS.cclRulesMax),
  actions: z.array(z.tuple([text(), z.array(Named)])).optional(),
  order: z.enum(['ascending', 'descending']).optional(),
  /** The types of the score and of each tie. */
  keys: z
    .array(text())
    .max(1 + LIMITS.cclTiesMax)
    .optional(),
  costMax: Amount,
  request: Amount,
  heap: Amount,
})
export type PolicyHeader = z.infer<typeof PolicyHeader>

/** A module does not change, so neither does what it says of itself. */
const read = new WeakMap<Uint8Array, PolicyHeader>()

/** Refuses with MODULE_REFUSED what is no compiled policy or selection. */
export function readPolicyHeader(module: Uint8Array): PolicyHeader {
  const known = read.get(module)
  if (known !== undefined) return known
  const [section, another] = sectionsOf(module, 'ccl')
  admit(section !== undefined, 'MODULE_REFUSED', 'the module has no section `ccl`')
  admit(another === undefined, 'MODULE_REFUSED', 'the module has two sections `ccl`')
  try {
    const header = parse(PolicyHeader, decodeBlock(section), 'header')
    read.set(module, header)
    return header
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw new Refusal('MODULE_REFUSED', `its section \`ccl\`: ${error.detail}`, { cause: error })
  }
}

/** The contents of the custom sections of one name. Source: WebAssembly 2.0, 5.5.2. */
function sectionsOf(module: Uint8Array, name: string): Uint8Array[] {
  const malformed = 'the bytes are not WebAssembly'
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  admit(
    magic.every((byte, at) => module[at] === byte),
    'MODULE_REFUSED',
    malformed,
  )
  const number = (from: number): [value: number, end: number] => {
    let value = 0
    for (let at = from; at < from + 5; at++) {
      const byte = module[at]
      admit(byte !== undefined, 'MODULE_REFUSED', malformed)
      value += (byte & 0x7f) * 2 ** (7 * (at - from))
      if (byte < 0x80) return [value, at + 1]
    }
    throw new Refusal('MODULE_REFUSED', malformed)
  }
  const found: Uint8Array[] = []
  for (let at = magic.length; at < module.length; ) {
    const id = module[at]
    const [size, start] = number(at + 1)
    at = start + size
    admit(at <= module.length, 'MODULE_REFUSED', malformed)
    if (id !== 0) continue
    const [length, text] = number(start)
    admit(text + length <= at, 'MODULE_REFUSED', malformed)
    const called = new TextDecoder().decode(module.subarray(text, text + length))
    if (called === name) found.push(module.slice(text + length, at))
  }
  return found
}
