/**
 * The few pieces of the WebAssembly binary format that compiled programs are made of. Numbers have
 * their shortest form, so that the same program has the same bytes.
 * Source: WebAssembly Core Specification 2.0, chapter 5 (Binary Format).
 */

const utf8 = new TextEncoder()

export type Bytes = readonly number[] | Uint8Array

export const OP = {
  if: 0x04,
  end: 0x0b,
  return: 0x0f,
  call: 0x10,
  localGet: 0x20,
  localTee: 0x22,
  i32Const: 0x41,
} as const

export const TYPE = { i32: 0x7f, func: 0x60, empty: 0x40 } as const
export const KIND = { func: 0x00, memory: 0x02 } as const
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  memory: 5,
  export: 7,
  code: 10,
  data: 11,
} as const

/** Unsigned LEB128 (5.2.2). */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return bytes
}

/** Signed LEB128 of an i32 (5.2.2). */
export function signed(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    bytes.push(done ? low : low | 0x80)
    if (done) return bytes
  }
}

/** Joins without spreading: parts may be megabytes. */
export function join(parts: readonly Bytes[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** A length in front of its content: names, bodies and sections all have it. */
export function sized(content: Bytes): Uint8Array {
  return join([unsigned(content.length), content])
}

export const name = (text: string) => sized(utf8.encode(text))

/** A count and then the items (5.1.3). */
export function vector(items: readonly Bytes[]): Uint8Array {
  return join([unsigned(items.length), ...items])
}

export function section(id: number, content: Bytes): Uint8Array {
  return join([[id], sized(content)])
}

/** The magic number, version 1, and the sections that are there. */
export function moduleOf(sections: readonly Bytes[]): Uint8Array {
  return join([[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], ...sections])
}
