/** One compiled policy asked many times in one instance: the interpreter's answers, and fuel. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  compile,
  decide,
  RequestWriter,
  requestBytes,
  type Value,
} from '@planetary-mesh/ccl-compiler'
import { evaluatePolicy, openPolicy } from '@planetary-mesh/runtime'
import { Refusal } from '@planetary-mesh/spec'

const source = readFileSync(new URL('../../examples/ccl/quota.ccl', import.meta.url), 'utf8')
const anna = 'did:key:z6Mkq1gpNaM45qY7XAVp94m4FDWjKQqS4Ykcs7wJptatfguE'
const bruno = 'did:key:z6MksB4c2D7Tm74Zw6q1rKZF4vQtRXpK2sGKHRaxDCbqKhnM'

function unitOf(text: string) {
  const compiled = compile(text)
  assert(compiled.ok, 'it compiles')
  const [unit] = compiled.units
  assert(unit !== undefined)
  return unit
}

const quota = unitOf(source)
/** By the paths of the inputs, in the order of this program. */
const request = (total: bigint, amount: bigint, suspended: string[]): Value[] =>
  quota.program.inputs.map(({ path }) => {
    const values: Record<string, Value> = {
      'usage.total': total,
      'request.amount': amount,
      caller: anna,
      'roles.suspended': suspended,
    }
    return values[path] as Value
  })

const requests = [
  request(0n, 1_000n, []),
  request(9_000n, 1_000n, [bruno]),
  request(9_001n, 1_000n, [bruno]),
  request(0n, 1n, [bruno, anna]),
  request(1n, 2n ** 63n - 1n, []),
]

test('it decides as the interpreter does, again and again in any order, for the same fuel', () => {
  const policy = openPolicy(quota.wasm)
  const fuels = new Map<number, number>()
  for (const index of [0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 3, 0]) {
    const values = requests[index] as Value[]
    const bytes = requestBytes(quota.program.inputs, values, policy.header.request)
    const { effect, rule, error, fuel } = evaluatePolicy(policy, bytes)
    const expected = decide(quota.program, values, quota.header.costMax)
    assert.deepEqual({ effect, rule, error }, pick(expected))
    assert.equal(fuel, fuels.get(index) ?? fuel)
    assert(fuel > 0)
    fuels.set(index, fuel)
  }
  assert(new Set(fuels.values()).size > 1, 'another way through costs another fuel')
})

const pick = ({ effect, rule, error }: ReturnType<typeof decide>) => ({ effect, rule, error })

test('a request that is written into its memory in place is decided like its bytes', () => {
  const policy = openPolicy(quota.wasm)
  const writer = new RequestWriter(quota.program.inputs, policy.memory, policy.header)
  for (const values of requests) {
    const bytes = requestBytes(quota.program.inputs, values, policy.header.request)
    const { fuel, ...answer } = policy.decideAt(writer.write(values))
    // bytes share equal words, which are compared by their address: that costs less
    const { fuel: fuelOfBytes, ...expected } = evaluatePolicy(policy, bytes)
    assert.deepEqual(answer, expected)
    assert(fuel >= fuelOfBytes)
  }
})

test('an address that leads out of the memory is a deny without a rule, and the next is decided', () => {
  const policy = openPolicy(quota.wasm)
  const [values] = requests
  const good = requestBytes(quota.program.inputs, values as Value[], policy.header.request)
  const wild = new Uint8Array(good.length).fill(0xff)
  const { effect, rule, error } = evaluatePolicy(policy, wild)
  assert.deepEqual({ effect, rule, error }, { effect: 'deny', rule: null, error: 'trap' })
  assert.equal(evaluatePolicy(policy, good).effect, 'allow')
})

test('what is no policy is refused, and so is a request beyond all records', () => {
  const job = readFileSync(new URL('../../runtime/test/guests/hello.wasm', import.meta.url))
  assert.throws(() => openPolicy(job), { name: 'Refusal', code: 'IMPORT_REFUSED' })
  assert.throws(() => openPolicy(Buffer.from('no module')), Refusal)
  const policy = openPolicy(quota.wasm)
  const large = new Uint8Array(2 ** 20)
  assert.throws(() => evaluatePolicy(policy, large), { code: 'LIMIT_EXCEEDED' })
})
