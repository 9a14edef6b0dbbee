/**
 * Builds WebAssembly modules for the tests, so that they need no toolchain: a few functions that
 * return bytes, to be put together by hand as the specification's "Binary Format" says.
 */

export const I32 = 0x7f
export const I64 = 0x7e
export const F32 = 0x7d
export const F64 = 0x7c
export const V128 = 0x7b
export const FUNCREF = 0x70
export const EMPTY = 0x40

/** The opcodes that tests name; any other is written as its byte. */
export const op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  get: 0x20,
  set: 0x21,
  tee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  load: 0x28,
  store: 0x36,
  memoryGrow: 0x40,
  i32: 0x41,
  i64: 0x42,
  eqz: 0x45,
  add: 0x6a,
  sub: 0x6b,
  mul: 0x6c,
  div: 0x6d,
} as const

export function uleb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return [...bytes, rest]
}

export function sleb(value: number): number[] {
  const bytes: number[] = []
  for (let rest = BigInt(value); ; ) {
    const bits = Number(BigInt.asUintN(7, rest))
    rest >>= 7n
    if ((rest === 0n && bits < 0x40) || (rest === -1n && bits >= 0x40)) return [...bytes, bits]
    bytes.push(bits | 0x80)
  }
}

export const text = (value: string) => {
  const bytes = [...new TextEncoder().encode(value)]
  return [...uleb(bytes.length), ...bytes]
}
export const list = (items: readonly (readonly number[])[]) => [
  ...uleb(items.length),
  ...items.flat(),
]
export const section = (id: number, content: readonly number[]) => [
  id,
  ...uleb(content.length),
  ...content,
]

export type Func = {
  params?: number[]
  results?: number[]
  locals?: number[]
  /** Locals as they stand in the body, in groups of a count and a type, instead of one by one. */
  groups?: number[][]
  /** Without the last `end`. */
  code: number[]
  export?: string
}

export type Parts = {
  imports?: { module: string; name: string; params?: number[]; results?: number[] }[]
  functions?: Func[]
  /** Further types, after one for each import and each function. */
  types?: number[][]
  /** Tables as they stand in their section. */
  tables?: number[][]
  memory?: number[]
  globals?: number[][]
  exports?: number[][]
  start?: number
  elements?: number[][]
  data?: number[][]
}

export const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]

/** A module; function `index` has the type of the same index, imports first. */
export function build(parts: Parts): Uint8Array<ArrayBuffer> {
  const imports = parts.imports ?? []
  const functions = parts.functions ?? []
  const types = [...imports, ...functions].map(({ params = [], results = [] }) => [
    0x60,
    ...uleb(params.length),
    ...params,
    ...uleb(results.length),
    ...results,
  ])
  const exported = functions.flatMap((f, index) =>
    f.export === undefined ? [] : [[...text(f.export), 0, ...uleb(imports.length + index)]],
  )
  const bodies = functions.map(({ locals = [], groups, code }) => {
    const body = [...list(groups ?? locals.map((type) => [1, type])), ...code, op.end]
    return [...uleb(body.length), ...body]
  })
  const optional = (id: number, items: readonly number[][] | undefined) =>
    items === undefined ? [] : section(id, list(items))
  return new Uint8Array([
    ...HEADER,
    ...section(1, list([...types, ...(parts.types ?? [])])),
    ...optional(
      2,
      imports.map(({ module, name }, index) => [...text(module), ...text(name), 0, ...uleb(index)]),
    ),
    ...section(3, list(functions.map((_, index) => uleb(imports.length + index)))),
    ...optional(4, parts.tables),
    ...optional(5, parts.memory === undefined ? undefined : [parts.memory]),
    ...optional(6, parts.globals),
    ...section(7, list([...exported, ...(parts.exports ?? [])])),
    ...(parts.start === undefined ? [] : section(8, uleb(parts.start))),
    ...optional(9, parts.elements),
    ...(parts.data === undefined ? [] : section(12, uleb(parts.data.length))),
    ...section(10, list(bodies)),
    ...optional(11, parts.data),
  ])
}
