/** Decisions of a compiled policy, with fuel, against the same module without any. */
import { readFileSync } from 'node:fs'
import { compile, requestBytes, type Value } from '@planetary-mesh/ccl-compiler'
import { evaluatePolicy, openPolicy } from '@planetary-mesh/runtime'
import { type Effort, type Row, repeated, rowOf, takeTurns } from './measure.ts'

const FILE = new URL('../examples/ccl/quota.ccl', import.meta.url)
const ANNA = 'did:key:z6Mkq1gpNaM45qY7XAVp94m4FDWjKQqS4Ykcs7wJptatfguE'
const BRUNO = 'did:key:z6MksB4c2D7Tm74Zw6q1rKZF4vQtRXpK2sGKHRaxDCbqKhnM'
const REQUESTS = 1000

type Exports = {
  memory: { readonly buffer: ArrayBuffer }
  decide(request: number, heap: number): number
}
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object
    Instance: new (module: object, imports: object) => { readonly exports: Exports }
  }
}

export async function benchPolicy(effort: Effort): Promise<Row[]> {
  const compiled = compile(readFileSync(FILE, 'utf8'))
  const [unit] = compiled.ok ? compiled.units : []
  if (unit === undefined) throw new Error('the policy does not compile')
  const policy = openPolicy(unit.wasm)
  const at = policy.header.request
  const requests = Array.from({ length: REQUESTS }, (_, index) => {
    const values: Record<string, Value> = {
      'usage.total': BigInt(20 * index),
      'request.amount': 10n,
      caller: ANNA,
      'roles.suspended': index % 3 === 0 ? [BRUNO, ANNA] : [BRUNO],
    }
    const inputs = unit.program.inputs
    return requestBytes(
      inputs,
      inputs.map(({ path }) => values[path] as Value),
      at,
    )
  })
  const bare = new WebAssembly.Instance(new WebAssembly.Module(unit.wasm), {}).exports
  const allowed = { metered: 0, bare: 0, fuel: 0 }
  const metered = (request: Uint8Array) => {
    const { effect, fuel } = evaluatePolicy(policy, request)
    allowed.fuel += fuel
    if (effect === 'allow') allowed.metered++
  }
  const unmetered = (request: Uint8Array) => {
    new Uint8Array(bare.memory.buffer).set(request, at)
    allowed.bare += bare.decide(at, at + request.length) & 1
  }
  for (const request of requests) {
    metered(request)
    unmetered(request)
  }
  if (allowed.metered !== allowed.bare) throw new Error('the two decide differently')
  const facts = {
    'of 1000 allowed': allowed.metered,
    'fuel a decision': Math.round(allowed.fuel / REQUESTS),
    'module bytes': unit.wasm.length,
  }
  const each = (decide: (request: Uint8Array) => void) => {
    const sample = repeated(() => requests.forEach(decide), effort)
    return () => (sample() as number) / REQUESTS
  }
  const pairs = await takeTurns(effort.pairs, each(metered), each(unmetered))
  const names = { bench: 'runtime', what: 'a policy decision, with fuel' }
  return [rowOf({ ...names, against: 'the module alone, without' }, pairs, facts)]
}
