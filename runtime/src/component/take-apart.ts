/**
 * Components come to the sandbox whole and go to a slot taken apart. What takes them apart is jco,
 * in a package of its own (`runtime/component`), in a process with nothing in reach.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  HostFault,
  isComponent,
  LIMITS,
  Refusal,
  type RunInput,
  sha256,
} from '@planetary-mesh/spec/bare'
import { packageRootOf, readablePaths } from '../slot/readable-paths.ts'
import { beyondPermissions } from '../slot/start-child.ts'
import { headOf, isBundle, sealBundle } from './bundle.ts'
import { ensurePlainNames } from './names.ts'
import { ensureSynchronous } from './synchronous.ts'

const PROGRAM = 'take-apart.js'
/** Of the process, for JavaScript and for jco itself, which is a component. */
const HEAP_MB = 1024
const WASM_PAGES_MAX = 16_384
const ANSWER_BYTES_MAX = 4 * LIMITS.moduleBytesMax
/** Below this size the time goes into compiling jco itself, so it is compiled in haste. */
const SMALL_BYTES = 2 ** 20
/** Components that were taken apart and are kept, by their bytes. */
const HELD_BYTES_MAX = 64 * 2 ** 20

const HERE = packageRootOf(fileURLToPath(import.meta.url))
/** In a checkout it stands in this room; installed, beside this package. */
const PLACES = [join(HERE, 'component'), join(dirname(HERE), 'component')]

/** The folder of the package that takes components apart; undefined where it is not installed. */
export function componentPackage(places: readonly string[] = PLACES): string | undefined {
  return places.find((folder) => existsSync(join(folder, PROGRAM)) && isInstalled(folder))
}

function isInstalled(folder: string): boolean {
  const jco = join('node_modules', '@bytecodealliance', 'jco', 'package.json')
  return [folder, dirname(dirname(dirname(folder)))].some((at) => existsSync(join(at, jco)))
}

/** Takes components apart, each once. */
export class TakingApart {
  readonly #held = new Map<string, { bundle: Promise<Uint8Array>; size: number }>()
  #last: Promise<unknown> = Promise.resolve()
  readonly #closing = new AbortController()

  /**
   * The input with a bundle in place of a component. Refuses with COMPONENT_UNAVAILABLE where the
   * package is missing, with MODULE_REFUSED what is no component that can be run.
   */
  async apart<Input extends Pick<RunInput, 'module'>>(input: Input): Promise<Input> {
    const { module } = input
    if (isBundle(module)) throw new Refusal('MODULE_REFUSED', 'not WebAssembly, at byte 0')
    return isComponent(module) ? { ...input, module: await this.#bundleOf(module) } : input
  }

  /** Ends what goes on; whoever waits gets `HostFault('closed')`. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#last
  }

  #bundleOf(component: Uint8Array): Promise<Uint8Array> {
    const key = Buffer.from(sha256(component)).toString('hex')
    const found = this.#held.get(key)
    if (found !== undefined) return found.bundle
    // one after the other: each takes a core and much memory
    const bundle = this.#last.then(() => takeApart(component, this.#closing))
    this.#last = bundle.catch(() => {})
    this.#held.set(key, { bundle, size: component.length })
    bundle.catch(() => this.#held.delete(key))
    let held = 0
    for (const { size } of this.#held.values()) held += size
    for (const [oldest, { size }] of this.#held) {
      if (held <= HELD_BYTES_MAX || oldest === key) break
      this.#held.delete(oldest)
      held -= size
    }
    return bundle
  }
}

/** One component as a bundle. Refuses as `TakingApart.apart`; throws `HostFault` on a crash. */
export async function takeApart(
  component: Uint8Array,
  { places, signal }: { places?: readonly string[]; signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  ensurePlainNames(component)
  ensureSynchronous(component)
  const folder = componentPackage(places)
  if (folder === undefined) {
    throw new Refusal(
      'COMPONENT_UNAVAILABLE',
      'this is a component: `npm ci --prefix runtime/component`',
    )
  }
  if (signal?.aborted) throw closedFault()
  const answer = await ask(folder, component, signal)
  if (signal?.aborted) throw closedFault()
  const head = headOf(answer)
  if (head === undefined) throw new HostFault('crash', 'no answer from what takes components apart')
  if ('refused' in head) {
    const [first] = String(head.refused).split('\n')
    throw new Refusal('MODULE_REFUSED', `no component that can be run: ${first}`)
  }
  return sealBundle(answer)
}

/** What the program answers, whole or cut short. Throws `HostFault` when it cannot be started. */
async function ask(
  folder: string,
  component: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${HEAP_MB}`,
      `--wasm-max-mem-pages=${WASM_PAGES_MAX}`,
      ...(component.length < SMALL_BYTES ? ['--liftoff-only'] : []),
      ...beyondPermissions(),
      '--permission',
      ...readablePaths(folder).map((path) => `--allow-fs-read=${path}`),
      '--disable-warning=PERM0006',
      join(folder, PROGRAM),
    ],
    { env: {}, stdio: ['pipe', 'pipe', 'ignore'], cwd: folder, windowsHide: true },
  )
  const stop = () => child.kill('SIGKILL')
  const deadline = setTimeout(stop, LIMITS.componentApartMs)
  signal?.addEventListener('abort', stop)
  const said: Uint8Array[] = []
  let size = 0
  child.stdout.on('data', (chunk: Uint8Array) => {
    said.push(chunk)
    size += chunk.length
    if (size > ANSWER_BYTES_MAX) stop()
  })
  child.stdin.on('error', () => {}) // it ended before it had read all: there is no answer then
  child.stdin.end(component)
  try {
    await once(child, 'close')
    return Buffer.concat(said)
  } catch (cause) {
    throw new HostFault('crash', 'what takes components apart cannot be started', { cause })
  } finally {
    clearTimeout(deadline)
    signal?.removeEventListener('abort', stop)
  }
}

const closedFault = () => new HostFault('closed', 'the sandbox was closed')
