/**
 * The four functions that AssemblyScript's own runtime imports from `env`: abort, trace, seed and
 * Date.now. Strings there are UTF-16 with their byte length in the four bytes before them
 * (AssemblyScript, "Memory layout").
 */
import { Errno } from './abi.ts'
import type { ByteSink } from './byte-sink.ts'
import type { Host } from './host.ts'

const CALL_FUEL = 2000
/** The most of one string that is shown. */
const TEXT_BYTES_MAX = 4096
const LENGTH_BYTES = 4
const NS_PER_MS = 1_000_000n

/** The wasm types of each, as letters: `i` is i32, `d` is f64, after `:` the result. */
export const ASSEMBLYSCRIPT_SIGNATURES = {
  abort: 'iiii:',
  trace: 'iiddddd:',
  seed: ':d',
  'Date.now': ':d',
} as const
type Name = keyof typeof ASSEMBLYSCRIPT_SIGNATURES

/** Thrown through the guest by `env.abort`; it ends as the `unreachable` that follows it would. */
export class GuestAbort extends Error {
  override readonly name = 'GuestAbort'
}

export function assemblyScriptImports(
  host: Host,
  stderr: ByteSink,
): { env: Record<Name, (...args: number[]) => number | undefined> } {
  const begin = () => {
    host.enter()
    host.charge(CALL_FUEL)
  }
  const say = (text: string) => {
    const bytes = Buffer.from(`${text}\n`)
    host.charge(bytes.length)
    stderr.write(bytes)
  }
  const record = (name: Name, args: readonly (number | bigint)[], result?: number) => {
    host.memory.written.length = 0
    const bits = result === undefined ? null : bitsOf(result)
    host.digest.add(`env.${name}`, args, bits, host.memory)
  }
  return {
    env: {
      abort(message = 0, file = 0, line = 0, column = 0) {
        begin()
        const args = [message, file, line, column].map((value) => value >>> 0)
        const where = `${textAt(host, args[1] ?? 0)}:${args[2]}:${args[3]}`
        say(`abort: ${textAt(host, args[0] ?? 0)} in ${where}`)
        record('abort', args)
        throw new GuestAbort('the guest called env.abort')
      },
      trace(message = 0, count = 0, ...values) {
        begin()
        const shown = values.slice(0, Math.max(0, count)).join(', ')
        say(`trace: ${textAt(host, message >>> 0)}${shown === '' ? '' : ` ${shown}`}`)
        record('trace', [message >>> 0, count >>> 0, ...values.map(bitsOf)])
        return undefined
      },
      /** An integer of 53 bits from the seeded stream: AssemblyScript keeps its bits. */
      seed() {
        begin()
        const bytes = new Uint8Array(8)
        host.random.fill(bytes)
        const seed = Number(new DataView(bytes.buffer).getBigUint64(0) >> 11n)
        record('seed', [], seed)
        return seed
      },
      'Date.now'() {
        begin()
        const nowMs = Number(host.now() / NS_PER_MS)
        record('Date.now', [], nowMs)
        return nowMs
      },
    },
  }
}

/** The bits of an f64, NaN in its one canonical form: the digest holds no floats. */
function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0)
}

/** The text of a string, `null` for a null pointer or one that points nowhere. */
function textAt(host: Host, pointer: number): string {
  if (pointer < LENGTH_BYTES) return 'null'
  try {
    const length = host.memory.u32(pointer - LENGTH_BYTES)
    const bytes = host.memory.read(pointer, Math.min(length, TEXT_BYTES_MAX) & ~1)
    return new TextDecoder('utf-16le').decode(bytes)
  } catch (thrown) {
    if (thrown instanceof Errno) return 'null'
    throw thrown
  }
}
