import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS, Refusal } from '@planetary-mesh/spec'
import { admit } from '../../src/admission/admit.ts'
import { METER_MODULE } from '../../src/admission/meter.ts'
import {
  build,
  EMPTY,
  FUNCREF,
  HEADER,
  I32,
  I64,
  list,
  op,
  section,
  sleb,
  text,
  uleb,
} from './build.ts'
import { ALLOW_ALL, OPTIONS } from './run.ts'

function refusal(bytes: Uint8Array | number[], options = OPTIONS): Refusal {
  try {
    admit(new Uint8Array(bytes), options)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  assert.fail('admitted')
}

/** A module of sections as they stand, after the header. */
const sections = (...parts: number[][]) => [...HEADER, ...parts.flat()]
const EMPTY_TYPE = section(1, list([[0x60, 0, 0]]))
const withCode = (code: number[]) =>
  build({ functions: [{ results: [I32], code, export: 'f' }], memory: [0, 1] })

const CASES: [sentence: string, bytes: Uint8Array | number[], detail: RegExp][] = [
  ['nothing at all', [], /^not WebAssembly, at byte 0$/],
  ['text', [...new TextEncoder().encode('(module)')], /^not WebAssembly, at byte 0$/],
  ['another version', [0, 0x61, 0x73, 0x6d, 2, 0, 0, 0], /^not version 1 .*, at byte 4$/],
  ['a component', [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0], /^a component .*, at byte 6$/],
  ['a module cut short', withCode([op.i32, 1]).slice(0, -3), /^the module ends too early/],
  ['a section longer than the module', [...HEADER, 1, 100, 0], /ends too early, at byte 11$/],
  [
    'a number longer than 32 bits',
    [...HEADER, 1, 0xff, 0xff, 0xff, 0xff, 0x7f],
    /32 bits.*byte 9$/,
  ],
  ['an endless number', [...HEADER, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], /more than 32 bits/],
  ['sections out of order', sections(section(3, [0]), section(1, [0])), /^section 1 out of order/],
  [
    'a section twice',
    sections(section(1, [0]), section(1, [0])),
    /^section 1 out of order or twice/,
  ],
  ['an unknown section', sections(section(14, [0])), /^unknown section 14, at byte 8$/],
  ['bytes left over in a section', sections(section(1, [0, 0])), /^section 1 has bytes left over/],
  ['a name that is not UTF-8', sections(section(0, [1, 0xff])), /not UTF-8, at byte 10$/],
  ['exceptions: tags', sections(section(13, [0])), /^exceptions are not available/],
  ['exceptions: try', withCode([0x06, EMPTY, op.end, op.i32, 1]), /valid|exceptions/],
  ['exceptions: try_table', withCode([0x1f, EMPTY, 0, op.end, op.i32, 1]), /^exceptions.*0x1f/],
  [
    'tail calls',
    withCode([0x12, 0]),
    /^tail calls are not available \(opcode 0x12\), at byte \d+$/,
  ],
  ['typed references', withCode([op.i32, 1, 0xd0, FUNCREF, 0xd4, op.drop]), /^typed references/],
  ['structures', sections(section(1, list([[0x5f, 0]]))), /^garbage-collected types/],
  ['recursive types', sections(section(1, list([[0x4e, 1, 0x60, 0, 0]]))), /^garbage-collected/],
  ['atomics', withCode([op.i32, 0, 0xfe, 0x10, 2, 0]), /^threads are not available/],
  [
    'relaxed SIMD',
    withCode([...vector(), ...vector(), 0xfd, ...uleb(0x100), 0xfd, 27, 0]),
    /^relaxed/,
  ],
  ['a shared memory', build({ memory: [3, 1, 2] }), /^threads are not available/],
  ['a 64 bit memory', build({ memory: [4, 1] }), /^64 bit memories are not available/],
  ['a 64 bit table', build({ tables: [[FUNCREF, 4, 1]] }), /^64 bit memories/],
  ['a table with an initial value', build({ tables: [[0x40, 0, FUNCREF, 0, 1]] }), /^typed ref/],
  [
    'two memories',
    sections(
      section(
        5,
        list([
          [0, 1],
          [0, 1],
        ]),
      ),
    ),
    /^more than one memory/,
  ],
  ['a start function', build({ functions: [{ code: [] }], start: 0 }), /^a start function/],
  ['an unknown opcode', withCode([0xff]), /valid|unknown opcode 0xff/],
  ['a constant that is computed by a call', globalOf([op.call, 0]), /^no constant expression/],
  ['a type error', withCode([op.i64, 1]), /^not valid: .*type/],
  ['a body too many', sections(EMPTY_TYPE, section(10, list([[2, 0, op.end]]))), /^0 functions/],
  ['a function of no type', sections(section(3, [1, 0])), /^a function of type 0/],
  ['a memory larger than it may be', build({ memory: [1, 5, 4] }), /^a maximum below the minimum/],
]

function vector() {
  return [0xfd, 12, ...new Array<number>(16).fill(1)]
}
function globalOf(code: number[]) {
  return build({
    functions: [{ results: [I32], code: [op.i32, 1] }],
    globals: [[I32, 0, ...code, op.end]],
  })
}

for (const [sentence, bytes, detail] of CASES)
  test(`refuses ${sentence}`, () => {
    const { code, detail: found, values } = refusal(bytes)
    assert.equal(code, 'MODULE_REFUSED')
    assert.match(found, detail)
    const { offset } = values
    assert.ok(offset !== undefined && offset >= 0 && offset <= bytes.length, String(offset))
  })

test('a refused instruction is named with its offset', () => {
  const bytes = withCode([op.i32, 0, 0xfe, 0x10, 2, 0])
  assert.equal(refusal(bytes).values.offset, bytes.indexOf(0xfe))
})

test('names the import that it refuses, and what that means', () => {
  const importing = (module: string, name: string) =>
    build({ imports: [{ module, name }], functions: [] })
  const wasi = (module: string, name: string) =>
    module === 'wasi_snapshot_preview1' && !name.startsWith('sock_') ? undefined : 'not offered'
  const options = { ...OPTIONS, imports: wasi }
  const detail = (module: string, name: string) => {
    const bytes = importing(module, name)
    const { code, detail: found, values } = refusal(bytes, options)
    assert.equal(code, 'IMPORT_REFUSED')
    assert.equal(bytes[values.offset as number], module.length)
    return found
  }
  assert.equal(admit(importing('wasi_snapshot_preview1', 'fd_write'), options).imports.length, 1)
  assert.equal(
    detail('wasi', 'thread-spawn'),
    '"wasi"."thread-spawn": threads are not available (not offered)',
  )
  const saysSo = { ...OPTIONS, imports: () => 'threads are not available' }
  assert.equal(
    refusal(importing('wasi', 'thread-spawn'), saysSo).detail,
    '"wasi"."thread-spawn": threads are not available',
  )
  assert.match(detail('wasi_snapshot_preview1', 'sock_accept'), /sockets are not available/)
  assert.match(detail('wasi_unstable', 'fd_write'), /preview0/)
  assert.equal(detail('env', 'a\nb\u001b[31m'), '"env"."a\\nb\\u001b[31m": not offered')
})

test('the type of an import is shown to whoever allows it', () => {
  const bytes = build({
    imports: [{ module: 'host', name: 'see', params: [I32, I64], results: [I32] }],
    functions: [],
  })
  const types: unknown[] = []
  admit(bytes, { ...OPTIONS, imports: (_module, _name, type) => void types.push(type) })
  assert.deepEqual(types, [{ params: [I32, I64], results: [I32] }])
})

test('imports functions alone, and nothing from the meter', () => {
  const importing = (...rest: number[]) =>
    sections(EMPTY_TYPE, section(2, list([[...text('env'), ...text('x'), ...rest]])))
  const detail = (...rest: number[]) => {
    const { code, detail: found } = refusal(importing(...rest))
    assert.equal(code, 'IMPORT_REFUSED')
    return found
  }
  assert.match(detail(2, 3, 1, 2), /threads are not available/)
  assert.match(detail(2, 0, 1), /only functions can be imported, and this is a memory/)
  assert.match(detail(1, FUNCREF, 0, 1), /this is a table/)
  assert.match(detail(3, I32, 0), /this is a global/)
  assert.match(detail(4, 0, 0), /exceptions are not available/)
  assert.equal(refusal(importing(9, 0)).code, 'MODULE_REFUSED')
  const meter = build({ imports: [{ module: METER_MODULE, name: 'w' }], functions: [] })
  assert.equal(refusal(meter).code, 'IMPORT_REFUSED')
})

/** Functions that do nothing and have so many locals each. */
function withLocals(counts: number[]): number[] {
  const bodies = counts.map((count) => {
    const body = [1, ...uleb(count), I32, op.end]
    return [body.length, ...body]
  })
  return sections(EMPTY_TYPE, section(3, list(counts.map(() => [0]))), section(10, list(bodies)))
}

/** Each limit of `limits.ts`: at it, and one above. */
const many = (count: number, item: number[]) => Array.from({ length: count }, () => item)
const LIMITED: [things: string, at: number, make: (count: number) => Uint8Array | number[]][] = [
  ['types', LIMITS.wasmTypesMax, (n) => sections(section(1, list(many(n, [0x60, 0, 0]))))],
  [
    'parameters',
    LIMITS.wasmParametersMax,
    (n) =>
      build({
        functions: [{ params: new Array<number>(n).fill(I32), code: [op.i32, 0, op.drop] }],
      }),
  ],
  [
    'results',
    LIMITS.wasmResultsMax,
    (n) =>
      build({
        functions: [{ results: new Array<number>(n).fill(I32), code: many(n, [op.i32, 0]).flat() }],
      }),
  ],
  [
    'imports',
    LIMITS.wasmImportsMax,
    (n) =>
      build({
        imports: Array.from({ length: n }, () => ({ module: 'm', name: 'n' })),
        functions: [],
      }),
  ],
  [
    'functions',
    LIMITS.wasmFunctionsMax,
    (n) =>
      sections(
        EMPTY_TYPE,
        section(3, list(many(n, [0]))),
        section(10, list(many(n, [2, 0, op.end]))),
      ),
  ],
  ['locals of one function', LIMITS.wasmLocalsMax, (n) => withLocals([n])],
  [
    'locals of all functions',
    LIMITS.wasmLocalsOfAllMax,
    (n) => {
      const full = new Array<number>(Math.floor(n / LIMITS.wasmLocalsMax)).fill(
        LIMITS.wasmLocalsMax,
      )
      return withLocals([...full, n % LIMITS.wasmLocalsMax])
    },
  ],
  [
    'globals',
    LIMITS.wasmGlobalsMax,
    (n) => sections(section(6, list(many(n, [I32, 0, op.i32, 0, op.end])))),
  ],
  [
    'exports',
    LIMITS.wasmExportsMax,
    (n) =>
      build({
        memory: [0, 0],
        exports: Array.from({ length: n }, (_, index) => [...text(`m${index}`), 2, 0]),
      }),
  ],
  [
    'element segments',
    LIMITS.wasmElementSegmentsMax,
    (n) => sections(section(9, list(many(n, [1, 0, 0])))),
  ],
  [
    'blocks within blocks',
    LIMITS.wasmNestingMax,
    (n) =>
      build({
        functions: [
          { code: [...many(n, [op.block, EMPTY]).flat(), ...new Array<number>(n).fill(op.end)] },
        ],
      }),
  ],
  [
    'values passed to blocks',
    LIMITS.wasmBlockValuesMax,
    (n) => {
      const thirty = new Array<number>(30).fill(I32)
      const blocks = [
        ...many(Math.floor(n / 60), [op.block, 1, op.end]),
        ...many(n % 60, [op.block, EMPTY, op.end]),
      ]
      return build({
        functions: [{ results: thirty, code: [...many(30, [op.i32, 0]), ...blocks].flat() }],
        types: [[0x60, 30, ...thirty, 30, ...thirty]],
      })
    },
  ],
  ['tables', LIMITS.wasmTablesMax, (n) => sections(section(4, list(many(n, [FUNCREF, 0, 1]))))],
  [
    'table elements',
    LIMITS.wasmTableElementsMax,
    (n) => sections(section(4, list([[FUNCREF, 0, ...uleb(n)]]))),
  ],
  [
    'data segments',
    LIMITS.wasmDataSegmentsMax,
    (n) => sections(section(11, list(many(n, [1, 0])))),
  ],
  [
    'bytes of one function',
    LIMITS.wasmFunctionBytesMax,
    (n) => build({ functions: [{ code: new Array<number>(n - 2).fill(op.nop) }] }),
  ],
  [
    'operands',
    LIMITS.wasmOperandsMax,
    (n) => {
      const push = Array.from({ length: n }, () => [op.i32, 0]).flat()
      return build({ functions: [{ code: [...push, ...new Array<number>(n).fill(op.drop)] }] })
    },
  ],
]

for (const [things, at, make] of LIMITED)
  test(`admits as many ${things} as the limit says, and not one more`, () => {
    admit(new Uint8Array(make(at)), { memoryPagesMax: 1, imports: ALLOW_ALL })
    assert.match(refusal(make(at + 1)).detail, new RegExp(things))
  })

test('a loop deep inside of blocks counts as one more of them', () => {
  const nested = (kind: number) => {
    const around = many(LIMITS.wasmNestingMax, [op.block, EMPTY]).flat()
    const ends = new Array<number>(LIMITS.wasmNestingMax + 1).fill(op.end)
    return build({ functions: [{ code: [...around, kind, EMPTY, ...ends] }] })
  }
  for (const kind of [op.block, op.loop])
    assert.match(refusal(nested(kind)).detail, /16385 blocks within blocks, more than 16384/)
})

test('a module longer than the limit is refused before it is looked at', () => {
  assert.match(refusal(new Uint8Array(LIMITS.moduleBytesMax + 1)).detail, /bytes, more than/)
})

test('a memory may begin as large as the job allows, and not one page larger', () => {
  assert.equal(admit(build({ memory: [0, 64] }), OPTIONS).memoryPagesMin, 64)
  assert.match(
    refusal(build({ memory: [0, ...sleb(65)] })).detail,
    /65 pages of memory, more than 64/,
  )
})
