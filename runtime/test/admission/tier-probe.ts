/**
 * Run by the tests under the engine's flags: prints what recursion of many shapes of frame, and
 * generated modules that look at the bits of NaN, come to. Every tier must print the same.
 * `tier-probe.ts [SEEDS]`
 */
import { build, F64, I32, op, sleb, uleb, V128 } from './build.ts'
import { generate } from './generate.ts'
import { observe } from './observe.ts'
import { outcome, start } from './run.ts'

const ZERO: Record<number, number[]> = {
  [I32]: [op.i32, 0],
  [F64]: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  [V128]: [0xfd, 12, ...new Array<number>(16).fill(0)],
}
const FROM_I32: Record<number, number[]> = {
  [I32]: [],
  [F64]: [0xb7],
  [V128]: [0xfd, 17],
}
const ADD: Record<number, number[]> = {
  [I32]: [op.add],
  [F64]: [0xa0],
  [V128]: [0xfd, ...uleb(174)],
}
const SHAPES = [
  [0, 0, 0],
  [20, 0, 0],
  [0, 100, 0],
  [0, 0, 100],
  [40, 40, 40],
] as const

const STORE: Record<number, number[]> = { [I32]: [0x36], [F64]: [0x39], [V128]: [0xfd, 11] }
const KEPT = [20, 500] as const

const number = (factor: number) => [op.get, 0, op.i32, ...sleb(factor), op.mul]
const each = (count: number, code: (index: number) => number[]) =>
  Array.from({ length: count }, (_, index) => code(index)).flat()

/** A function without end that computes `count` values before and once more after its call. */
function again(type: number, count: number) {
  const values = each(count, (index) => [
    ...[op.i32, ...sleb(16 * index), ...number(index + 3), ...(FROM_I32[type] as number[])],
    ...[...(STORE[type] as number[]), 0, 0],
  ])
  const call = [op.get, 0, op.i32, 1, op.add, op.call, 0]
  const go = { code: [op.i32, 1, op.call, 0], export: 'go' }
  return build({
    functions: [{ params: [I32], code: [...values, ...call, ...values] }, go],
    memory: [0, 1],
  })
}

/** A function without end whose parameters, locals and operands are all needed after its call. */
function frame(type: number, params: number, locals: number, operands: number) {
  const value = (factor: number) => [...number(factor), ...(FROM_I32[type] as number[])]
  const add = ADD[type] as number[]
  const code = [
    ...[op.get, 0, op.i32, ...sleb(1_000_000), 0x46, op.if, 0x40],
    ...[...(ZERO[type] as number[]), op.return, op.end],
    ...each(locals, (index) => [...value(index + 3), op.set, ...uleb(1 + params + index)]),
    ...each(operands, (index) => value(index + 5)),
    ...[op.get, 0, op.i32, 1, op.add],
    ...each(params, (index) => value(index + 9)),
    ...[op.call, 0],
    ...each(operands, () => add),
    ...each(locals + params, (index) => [op.get, ...uleb(1 + index), ...add]),
  ]
  const own = { params: [I32, ...new Array<number>(params).fill(type)], results: [type] }
  const go = [op.i32, 0, ...each(params, () => ZERO[type] as number[]), op.call, 0, op.drop]
  return build({
    functions: [
      { ...own, locals: new Array<number>(locals).fill(type), code },
      { code: go, export: 'go' },
    ],
  })
}

/** How `bytes` end in both variants, said once when it is the same. */
function ended(bytes: Uint8Array): string {
  const found = (['fast', 'exact'] as const).map((variant) => {
    const started = start(bytes, { variant })
    const end = outcome(started, 'go')
    const native = 'error' in end && end.error instanceof RangeError ? 'native stack' : ''
    return `${native}${started.meter.stop()} ${started.meter.fuelUsed()}`
  })
  return [...new Set(found)].join()
}

const lines: string[] = []
for (const type of [I32, F64, V128]) {
  for (const [params, locals, operands] of SHAPES)
    lines.push(
      `${[type, params, locals, operands].join()} ${ended(frame(type, params, locals, operands))}`,
    )
  for (const count of KEPT) lines.push(`${type} again ${count} ${ended(again(type, count))}`)
}
const seeds = Number(process.argv[2] ?? 25)
for (let seed = 1; seed <= seeds; seed++)
  lines.push(`${seed} ${observe(generate(seed, true), 'fast').text}`)
process.stdout.write(`${lines.join('\n')}\n`)
