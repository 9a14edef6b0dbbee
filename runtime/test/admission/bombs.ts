/**
 * Modules that are small to send and made to be dear to read: counts at their limits, nesting,
 * tables of labels, graphs of calls. `make(share)` gives one of about `share` MB.
 */
import { LIMITS } from '@planetary-mesh/spec'
import {
  build,
  EMPTY,
  F64,
  FUNCREF,
  type Func,
  HEADER,
  I32,
  list,
  op,
  section,
  uleb,
  V128,
} from './build.ts'

const MB = 1_000_000
const FUNCTION_BYTES = 900_000

const repeated = (code: readonly number[], count: number) =>
  new Array<readonly number[]>(Math.max(1, Math.floor(count))).fill(code).flat()

/** As many functions of `unit` again and again as give `share` MB. */
function functionsOf(share: number, unit: readonly number[], more: Partial<Func> = {}): Func[] {
  const bytes = share * MB
  const count = Math.ceil(bytes / FUNCTION_BYTES)
  const times = Math.floor(bytes / count / unit.length)
  return Array.from({ length: count }, () => ({ ...more, code: repeated(unit, times) }))
}

/** Functions without parameters and results, all of one type, with one code each. */
function plainFunctions(codes: readonly (readonly number[])[], table = false): Uint8Array {
  const count = codes.length
  const bodies = codes.map((code) => [...uleb(code.length + 2), 0, ...code, op.end])
  const every = Array.from({ length: count }, (_, index) => uleb(index))
  const inTable = table
    ? {
        sizes: section(4, list([[FUNCREF, 0, ...uleb(count)]])),
        elements: section(9, list([[0, op.i32, 0, op.end, ...list(every)]])),
      }
    : { sizes: [], elements: [] }
  return new Uint8Array([
    ...[...HEADER, ...section(1, list([[0x60, 0, 0]]))],
    ...section(3, [...uleb(count), ...new Array<number>(count).fill(0)]),
    ...inTable.sizes,
    ...inTable.elements,
    ...section(10, list(bodies)),
  ])
}

const many = new Array<number>(LIMITS.wasmResultsMax).fill(I32)
const zeros = new Array<number>(16).fill(0)
const LABELS = 60_000
const DEPTH = 16_000

const deep = (kind: readonly number[]) => [
  ...repeated(kind, DEPTH),
  ...new Array<number>(DEPTH).fill(op.end),
]
const values = list(many.map((type) => [type]))
const MANY_TO_MANY = [0x60, ...values, ...values]
const parameters = new Array<number>(LIMITS.wasmParametersMax).fill(I32)

type Bomb = (share: number) => Parameters<typeof build>[0] | Uint8Array

const MAKERS: Readonly<Record<string, Bomb>> = {
  labels: (share) => ({
    functions: functionsOf(share, [
      ...[op.block, EMPTY, op.block, EMPTY, op.i32, 0, 0x0e, ...uleb(LABELS)],
      ...[...new Array<number>(LABELS).fill(1), 0, op.end, op.end],
    ]),
  }),
  'nested blocks': (share) => ({ functions: functionsOf(share, deep([op.block, EMPTY])) }),
  'nested loops': (share) => ({ functions: functionsOf(share, deep([op.loop, EMPTY])) }),
  'nested ifs': (share) => ({ functions: functionsOf(share, deep([op.i32, 1, op.if, EMPTY])) }),
  'calls from within loops': (share) => ({
    functions: functionsOf(share, [
      ...repeated([op.loop, EMPTY], 1000),
      ...repeated([op.call, 0], 20_000),
      ...new Array<number>(1000).fill(op.end),
    ]),
  }),
  loops: (share) => ({ functions: functionsOf(share, [op.loop, EMPTY, op.end]) }),
  'branches that may be taken': (share) => ({
    functions: functionsOf(share, [op.block, EMPTY, op.i32, 0, op.brIf, 0, op.end]),
  }),
  'calls of many values': (share) => ({
    functions: [
      { params: many, results: many, code: many.flatMap((_, index) => [op.get, ...uleb(index)]) },
      ...functionsOf(share, [
        ...many.flatMap(() => [op.i32, 0]),
        ...repeated([op.call, 0], 50_000),
        ...many.map(() => op.drop),
      ]),
    ],
  }),
  'blocks of many values': (share) => ({
    functions: functionsOf(share, [
      ...many.flatMap(() => [op.i32, 0]),
      ...repeated([op.block, 0x80, 0x01], 1000),
      ...new Array<number>(1000).fill(op.end),
      ...many.map(() => op.drop),
    ]),
    types: Array.from({ length: 129 }, () => MANY_TO_MANY),
  }),
  'blocks of all values within blocks': (share) => ({
    functions: functionsOf(share, [
      ...parameters.flatMap(() => [op.i32, 0]),
      ...repeated([op.block, 0x80, 0x01], 50_000),
      ...parameters.map(() => op.drop),
      ...new Array<number>(50_000).fill(op.end),
    ]),
    types: Array.from({ length: 129 }, () => [0x60, ...uleb(255), ...parameters, 0]),
  }),
  'ten thousand locals each': (share) => ({
    functions: Array.from({ length: Math.min(400, share * 400) }, () => ({
      code: repeated([op.nop], 2000),
      locals: new Array<number>(10_000).fill(I32),
    })),
  }),
  'functions of no size': (share) =>
    plainFunctions(Array.from({ length: Math.min(65_000, share * 250_000) }, () => [])),
  types: (share) => ({
    functions: [],
    types: Array.from(
      { length: Math.min(LIMITS.wasmTypesMax, (share * MB) / MANY_TO_MANY.length) },
      () => MANY_TO_MANY,
    ),
  }),
  'calls of everybody by everybody': (share) => {
    const count = Math.floor(Math.sqrt((share * MB) / 3))
    const calls = Array.from({ length: count }, (_, index) => [op.call, ...uleb(index)]).flat()
    return plainFunctions(Array.from({ length: count }, () => calls))
  },
  'indirect calls of everybody': (share) => {
    const count = Math.min(65_000, Math.floor((share * MB) / 12))
    const call = [op.i32, 0, op.callIndirect, 0, 0]
    return plainFunctions(
      Array.from({ length: count }, () => call),
      true,
    )
  },
  'a chain of calls': (share) => {
    const count = Math.min(65_000, Math.floor((share * MB) / 9))
    const next = (index: number) => (index < count ? [op.call, ...uleb(index)] : [])
    return plainFunctions(Array.from({ length: count }, (_, index) => next(index + 1)))
  },
  'numbers whose bits are looked at': (share) => ({
    functions: functionsOf(share, [op.get, 0, op.get, 0, 0xa0, 0xbd, op.drop], { params: [F64] }),
  }),
  'vectors whose bits are looked at': (share) => ({
    functions: functionsOf(share, [op.get, 0, 0xfd, ...uleb(227), 0xfd, 83, op.drop], {
      params: [V128],
    }),
  }),
  'locals moved from one to the next': (share) => ({
    functions: functionsOf(
      share,
      Array.from({ length: 255 }, (_, index) => [
        op.get,
        ...uleb(index),
        op.set,
        ...uleb(index + 1),
      ])
        .reverse()
        .concat([op.get, 0, op.get, 0, 0xa0, op.set, 0, op.get, 255, 1, 0xbd, op.drop])
        .flat(),
      { params: [F64], locals: new Array<number>(260).fill(F64) },
    ),
  }),
  'what is never reached': (share) => ({
    functions: functionsOf(share, [op.block, EMPTY, op.unreachable, op.i32, 1, op.drop, op.end]),
  }),
  'elements without end': (share) => ({
    functions: [{ code: [] }],
    elements: [[1, 0, ...uleb(share * MB), ...repeated([0], share * MB)]],
  }),
  'a constant of many sums': (share) => ({
    functions: [],
    globals: [[I32, 0, op.i32, 1, ...repeated([op.i32, 1, op.add], (share * MB) / 3), op.end]],
  }),
  'constant vectors': (share) => ({
    functions: functionsOf(share, [0xfd, 12, ...zeros, op.drop]),
  }),
}

export const BOMBS = Object.keys(MAKERS)

/** The module called `name` of BOMBS, of about `share` MB. */
export function bomb(name: string, share: number): Uint8Array {
  const made = (MAKERS[name] as Bomb)(share)
  return made instanceof Uint8Array ? made : build(made)
}
