/**
 * Compiled CCL as a host runs it (spec/ccl-abi.md), one request written over the last. A module
 * whose bytes were checked has no loop without fuel of its own, the steps; in the sandbox it is
 * metered too.
 */
import { compile, RequestWriter, type Unit } from '@planetary-mesh/ccl-compiler'
import { openPolicy } from '@planetary-mesh/runtime'
import { verifyPolicyBytes } from '@planetary-mesh/spec'
import { HOURLY, QUOTA, RULES, type RuleName, type Workload } from './ccl-requests.ts'

/** The effect, the rule that decided, and the fuel: steps, or in the sandbox its instructions. */
export type Decided = {
  readonly effect: 'allow' | 'deny'
  readonly rule: RuleName | undefined
  readonly fuel: number
}
export type Decide = (ask: number) => Decided

const STEPS_AT = 0
const HOUR_MS = 3_600_000

/** The same policy as the other engines have, in CCL. */
export function poolText({ members, banned }: Workload): string {
  const list = (who: readonly string[]) => who.map((did) => `"${did}"`).join(', ')
  return `const members: list<did> = [${list(members)}];
const banned: list<did> = [${list(banned)}];

policy pool for token("compute") {
  rule within: allow;
  rule stranger: deny unless caller in members;
  rule banned: deny when caller in banned;
  rule quota: deny when usage.total + request.amount > cu(${QUOTA});
  rule rate: deny when used_within(1h) + request.amount > cu(${HOURLY});
}
`
}

export function buildPool(workload: Workload): Unit {
  const built = compile(poolText(workload))
  const unit = built.ok ? built.units[0] : undefined
  if (unit === undefined) throw new Error('the policy does not compile')
  const paths = unit.program.inputs.map(({ path }) => path)
  const wanted = ['caller', 'usage.total', 'request.amount', `usage.within.${HOUR_MS}`]
  if (paths.join() !== wanted.join()) throw new Error(`the policy asks for ${paths}`)
  return unit
}

/** Checks the bytes, and asks them in this process. */
export function openPool({ program, wasm, header }: Unit, { asks }: Workload): Decide {
  verifyPolicyBytes(wasm)
  const { Module, Instance } = engine
  const { memory, decide } = new Instance(new Module(wasm), {}).exports
  const writer = new RequestWriter(program.inputs, memory, header)
  return (ask) => {
    const answer = decide(header.request, writer.write(valuesOf(asks, ask)))
    return {
      effect: (answer & 1) === 1 ? 'allow' : 'deny',
      rule: RULES[(answer >> 8) - 1],
      fuel: writer.number(STEPS_AT),
    }
  }
}

/** The same in the sandbox of the runtime. */
export function openMeteredPool({ program, wasm }: Unit, { asks }: Workload): Decide {
  const policy = openPolicy(wasm)
  const writer = new RequestWriter(program.inputs, policy.memory, policy.header)
  return (ask) => {
    const { effect, rule, fuel } = policy.decideAt(writer.write(valuesOf(asks, ask)))
    return { effect, rule: rule === null ? undefined : RULES[rule], fuel }
  }
}

/** In the order of the inputs. */
function valuesOf(asks: Workload['asks'], ask: number): (string | bigint)[] {
  const { caller, exact } = asks[ask] as Workload['asks'][number]
  return [caller, exact.used, exact.amount, exact.recent]
}

type Exports = {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  decide: (request: number, heap: number) => number
}
type Engine = {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object, imports: object) => { readonly exports: Exports }
}

/** TypeScript declares WebAssembly only together with the whole of the browser's DOM. */
const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
