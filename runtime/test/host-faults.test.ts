/**
 * Faults that no guest can cause on a sound machine, caused by taking away what the machine has:
 * the program of a slot is started with little stack, or with no address space left.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { HostFault, type RunInput } from '@planetary-mesh/spec'
import { SlotProcess } from '../src/slot/slot-process.ts'
import { guest, runInput } from './run-input.ts'

const SLOT_PROGRAM = fileURLToPath(new URL('../src/slot/child.ts', import.meta.url))
const ROOM = fileURLToPath(new URL('../src/index.ts', import.meta.url))
/** Enough for Node to start, and less than a guest may use of the 984 KiB that V8 takes. */
const STACK_KIB = 100

/** Reserves memories until there is no room for another, then does what a slot does. */
const WITHOUT_ROOM = `
  await import('file://${ROOM}') // what reads TypeScript needs a memory of its own
  globalThis.held = []
  try {
    for (;;) held.push(new WebAssembly.Memory({ initial: 1, maximum: 65536 }))
  } catch {}
  await import('file://${SLOT_PROGRAM}')
`

async function faultOf(program: readonly string[], input: RunInput): Promise<HostFault> {
  const slot = await SlotProcess.start(program)
  try {
    const result = await slot.run(input)
    return assert.fail(`it ended with ${JSON.stringify(result.outcome)}`)
  } catch (thrown) {
    assert(thrown instanceof HostFault, String(thrown))
    return thrown
  } finally {
    await slot.kill(new HostFault('closed', 'the test is over'))
  }
}

test('a native stack that ends before the depth does is a host fault, not an outcome', async () => {
  const input = runInput({ module: guest('traps'), args: ['recursion-host'] })
  const fault = await faultOf([`--stack-size=${STACK_KIB}`, SLOT_PROGRAM], input)
  assert.equal(fault.reason, 'native-stack')
  assert.match(fault.message, /call stack/)
})

test('a machine without room for the first page of a guest is a host fault', async () => {
  const fault = await faultOf(['--input-type=module', '-e', WITHOUT_ROOM], runInput({}))
  assert.equal(fault.reason, 'memory')
  assert.match(fault.message, /memory/i)
})
