/**
 * Everything that a component may import: `wasi:cli`, `clocks`, `filesystem`, `io` and `random` of
 * WASI 0.2, and `mesh:job/progress`, by their names without versions. Every call is paid for by the
 * size of what it gives back, whose lowering is work of ours; the glue pays for what it lifts.
 */
import assert from 'node:assert'
import type { RunInput } from '@planetary-mesh/spec/bare'
import type { Meter } from '../../admission/meter.ts'
import { GuestExit } from '../../wasi/host.ts'
import { JOB_MODULE, PROGRESS } from '../../wasi/job-progress.ts'
import type { OpenedHost } from '../../wasi/open-host.ts'
import { VALUE_FUEL } from '../glue-lifting.ts'
import { Descriptor, DirectoryEntryStream, filesystemOf } from './filesystem.ts'
import { Preview1 } from './preview1.ts'
import { InputStream, IoError, OutputStream, standardInput, standardOutput } from './streams.ts'
import { clocksOf, Pollable, randomOf } from './time.ts'

export type Interfaces = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const PROGRAM_NAME = 'job'
/** The interfaces of one run, on its preview1 host; `print` writes to its stdout or stderr. */
export function openInterfaces(
  input: Pick<RunInput, 'args' | 'env'>,
  host: OpenedHost,
  meter: Meter,
): { interfaces: Interfaces; print: (fd: 1 | 2, text: string) => void } {
  const preview1 = new Preview1(host, meter)
  const exit = (code: number) => {
    throw new GuestExit(code)
  }
  const interfaces: Record<string, Record<string, unknown>> = {
    'wasi:cli/environment': {
      getEnvironment: () => input.env,
      getArguments: () => [PROGRAM_NAME, ...input.args],
      initialCwd: () => undefined,
    },
    'wasi:cli/exit': {
      exit: (status: { tag: 'ok' | 'err' }) => exit(status.tag === 'ok' ? 0 : 1),
      exitWithCode: exit,
    },
    'wasi:cli/stdin': { getStdin: () => new InputStream(preview1, standardInput(preview1)) },
    'wasi:cli/stdout': { getStdout: () => new OutputStream(preview1, standardOutput(preview1, 1)) },
    'wasi:cli/stderr': { getStderr: () => new OutputStream(preview1, standardOutput(preview1, 2)) },
    'wasi:cli/terminal-input': { TerminalInput },
    'wasi:cli/terminal-output': { TerminalOutput },
    'wasi:cli/terminal-stdin': { getTerminalStdin: () => undefined },
    'wasi:cli/terminal-stdout': { getTerminalStdout: () => undefined },
    'wasi:cli/terminal-stderr': { getTerminalStderr: () => undefined },
    'wasi:io/error': { Error: IoError },
    'mesh:job/progress': { report: host.imports[JOB_MODULE]?.[PROGRESS] },
    'wasi:io/streams': { InputStream, OutputStream },
    ...clocksOf(preview1),
    ...filesystemOf(preview1),
    ...randomOf(preview1),
  }
  assert(INTERFACES.every((name) => name in interfaces))
  for (const functions of Object.values(interfaces)) chargeFunctions(functions, meter)
  const print = (fd: 1 | 2, text: string) => preview1.write('fd_write', fd, Buffer.from(text))
  return { interfaces, print }
}

/** The names of all interfaces that a component may import. */
export const INTERFACES: readonly string[] = [
  'mesh:job/progress',
  'wasi:cli/environment',
  'wasi:cli/exit',
  'wasi:cli/stdin',
  'wasi:cli/stdout',
  'wasi:cli/stderr',
  'wasi:cli/terminal-input',
  'wasi:cli/terminal-output',
  'wasi:cli/terminal-stdin',
  'wasi:cli/terminal-stdout',
  'wasi:cli/terminal-stderr',
  'wasi:io/error',
  'wasi:io/poll',
  'wasi:io/streams',
  'wasi:clocks/monotonic-clock',
  'wasi:clocks/wall-clock',
  'wasi:clocks/timezone',
  'wasi:filesystem/types',
  'wasi:filesystem/preopens',
  'wasi:random/random',
  'wasi:random/insecure',
  'wasi:random/insecure-seed',
]

class TerminalInput {}
class TerminalOutput {}

type Call = (this: unknown, ...args: unknown[]) => unknown

/** Puts the charge around the functions of an interface; resources have it on their methods. */
function chargeFunctions(functions: Record<string, unknown>, meter: Meter): void {
  for (const [name, value] of Object.entries(functions)) {
    const isResource = /^[A-Z]/.test(name)
    if (!isResource) functions[name] = charged(value as Call, () => meter)
  }
}

for (const { prototype } of [
  Descriptor,
  DirectoryEntryStream,
  InputStream,
  OutputStream,
  IoError,
  Pollable,
]) {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name === 'constructor' || typeof value !== 'function') continue
    const call = charged(value, (self) => (self as { preview1: Preview1 }).preview1.meter)
    Object.defineProperty(prototype, name, { value: call, writable: true })
  }
}

function charged(call: Call, meterOf: (self: unknown) => Meter): Call {
  return function (this: unknown, ...args) {
    const given = call.apply(this, args)
    meterOf(this).charge(fuelOf(given))
    return given
  }
}

/** Fuel for lowering a value: 1 a byte, and something for each part. */
function fuelOf(value: unknown): number {
  if (typeof value === 'string') return VALUE_FUEL + Buffer.byteLength(value)
  if (ArrayBuffer.isView(value)) return VALUE_FUEL + value.byteLength
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, part) => sum + fuelOf(part), VALUE_FUEL)
  }
  return VALUE_FUEL
}
