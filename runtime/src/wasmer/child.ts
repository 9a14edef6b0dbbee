/** The program in a slot of the second backend: jobs from stdin, answers to stdout, for ever. */
import assert from 'node:assert'
import { encodeFrame, type Frame, readFrame } from '../slot/frames.ts'
import { decodeRequest, encodeResult, encodeThrown, REQUEST_MAX } from '../slot/messages.ts'
import { WASMER_PROFILE } from './profile.ts'
import { runWasmer } from './run-wasmer.ts'

const send = (pieces: readonly Uint8Array[]) => process.stdout.write(Buffer.concat(pieces))

async function answer(frame: Frame): Promise<void> {
  try {
    const { input, module } = decodeRequest(frame)
    // it keeps no modules, so they come as they are each time
    assert(module.form === 'original')
    send(encodeResult(await runWasmer({ ...input, module: module.bytes })))
  } catch (thrown) {
    send(encodeThrown(thrown))
  }
}

let reading = readFrame(REQUEST_MAX)
let wanted = reading.next(new Uint8Array(0)).value as number
const held: Uint8Array[] = []
let size = 0

send(encodeFrame({ ready: WASMER_PROFILE }, []))
for await (const chunk of process.stdin) {
  held.push(chunk)
  size += chunk.length
  while (size >= wanted) {
    const all = held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held)
    const step = reading.next(all.subarray(0, wanted))
    held.splice(0, held.length, all.subarray(wanted))
    size -= wanted
    if (!step.done) {
      wanted = step.value
      continue
    }
    await answer(step.value)
    reading = readFrame(REQUEST_MAX)
    wanted = reading.next(new Uint8Array(0)).value as number
  }
}
