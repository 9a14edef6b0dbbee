/**
 * The command line in this process: the same code behind the same arguments, its words caught. Away
 * from anybody's home and pins, and with a stdin of its own.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Readable } from 'node:stream'
import { after, mock } from 'node:test'
import { openSandbox } from '@planetary-mesh/runtime'
import type { Sandbox } from '@planetary-mesh/spec'
import { type Ports, runMeshctl } from '../src/cli/program.ts'
import { type Ended, type Heard, listen } from './start-meshctl.ts'

type Given = {
  meshHome?: string
  cwd?: string
  /** What is in its stdin; nothing without it. */
  input?: string | Uint8Array
  openSandbox?: NonNullable<Ports['openSandbox']> | undefined
}

const NO_HOME = '/nonexistent/.planetary-mesh'

const running = new AsyncLocalStorage<Heard>()
let last: Promise<unknown> = Promise.resolve()

/** One at a time, and in the order they were asked for: there is one stdout. */
export function runHere(args: readonly string[], given: Given = {}): Promise<Ended> {
  return startHere(args, given).ended
}

/** The same for a command that is watched; while it runs, the next one waits. */
export function startHere(
  args: readonly string[],
  given: Given = {},
): Heard & { ended: Promise<Ended> } {
  const ear = listen()
  const ended = last.then(() => runNow(args, given, ear)).finally(ear.over)
  last = ended.catch(() => {})
  return { ...ear, ended }
}

/**
 * One sandbox for the commands of a test file, for those that are not about its start: to be called
 * while the file is read. It is opened when the first command asks for it.
 */
export function sharedSandbox(): NonNullable<Ports['openSandbox']> {
  let opening: Promise<Sandbox> | undefined
  after(async () => (await opening)?.close())
  return async () => {
    opening ??= openSandbox({ slots: 1, spares: 0 })
    return lent(await opening)
  }
}

/** A sandbox that stays open when a command that was lent it is over. */
export function lent(sandbox: Sandbox): Sandbox {
  return {
    ...sandbox,
    run(input, options = {}) {
      const { onOutput } = options
      // a slot speaks to whoever opened it, and the bytes belong to whoever runs in it now
      const bound = onOutput && { onOutput: AsyncLocalStorage.bind(onOutput) }
      return sandbox.run(input, { ...options, ...bound })
    },
    async close() {},
  }
}

async function runNow(
  args: readonly string[],
  { meshHome = NO_HOME, cwd = process.cwd(), input = '', openSandbox }: Given,
  ear: ReturnType<typeof listen>,
): Promise<Ended> {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const catches = (['stdout', 'stderr'] as const).map((name) => {
    const { write } = process[name]
    return mock.method(process[name], 'write', (chunk: string | Uint8Array, ...rest: unknown[]) => {
      // the test runner speaks in bytes on the same stream, and never from within a command
      if (typeof chunk !== 'string' && running.getStore() !== ear)
        return write.call(process[name], chunk as never, ...(rest as []))
      const text =
        typeof chunk === 'string' ? chunk : decoders[name].decode(chunk, { stream: true })
      ear.hear(name, text)
      return true
    })
  })
  const stdin = mock.getter(process, 'stdin', () => Readable.from([Buffer.from(input)]))
  const before = { home: process.env.PLANETARY_MESH_HOME, cwd: process.cwd() }
  process.env.PLANETARY_MESH_HOME = meshHome
  process.chdir(cwd)
  const ports = openSandbox === undefined ? {} : { openSandbox }
  try {
    const status = await running.run(ear, () => runMeshctl(args, ports))
    return { status, stdout: ear.stdout(), stderr: ear.stderr() }
  } finally {
    process.chdir(before.cwd)
    if (before.home === undefined) delete process.env.PLANETARY_MESH_HOME
    else process.env.PLANETARY_MESH_HOME = before.home
    for (const caught of [...catches, stdin]) caught.mock.restore()
  }
}
