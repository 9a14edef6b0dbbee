/**
 * From a bundle to what can be run: each core module through admission, compiled, and the glue as a
 * function.
 */
import { compileFunction } from 'node:vm'
import { admit, LIMITS, Refusal } from '@planetary-mesh/spec/bare'
import { admit as admitModule } from '../admission/admit.ts'
import { type WasmInstance, type WasmModule, WebAssembly } from '../admission/engine.ts'
import { SECTION, splitSections } from '../admission/sections.ts'
import { type Bundle, openBundle } from './bundle.ts'
import { GlueArguments } from './glue-arguments.ts'
import { GlueLifting, StrictTextDecoder } from './glue-lifting.ts'
import { ARGUMENTS, amendGlue, LIFTING } from './glue-text.ts'
import { INTERFACES } from './host/interfaces.ts'
import { ensurePlain, ensurePlainModule } from './names.ts'
import { closeSeams, openSeams } from './seams.ts'

type CoreImports = Record<string, Record<string, unknown>>
export type Instantiate = (
  getCoreModule: (name: string) => WasmModule,
  imports: object,
  instantiateCore: (module: WasmModule, imports?: CoreImports) => WasmInstance,
) => Record<string, unknown>

export type PreparedComponent = {
  readonly exports: Bundle['exports']
  readonly modules: ReadonlyMap<string, WasmModule>
  readonly instantiate: Instantiate
  /** What the glue asks about values that a caller gives. */
  readonly given: GlueArguments
  /** What it asks before it lifts a value from a guest's memory. */
  readonly lifting: GlueLifting
  /** What the glue takes from each interface. */
  readonly wanted: readonly (readonly [owner: string, name: string])[]
}

/**
 * Refuses with MODULE_REFUSED what a core module of it may not have, and with IMPORT_REFUSED an
 * interface that is not there. No memory of all its modules together is larger than the maximum.
 */
export function prepareComponent(
  bundle: Uint8Array,
  memoryPagesMax: number,
  variant: 'fast' | 'exact',
): PreparedComponent {
  const { imports, exports, modules, glue } = openBundle(bundle)
  for (const name of imports) ensureOffered(name)
  for (const [name] of exports) ensurePlain(name)
  const { componentModulesMax: most } = LIMITS
  admit(modules.size <= most, 'MODULE_REFUSED', `${modules.size} core modules, at most ${most}`)
  const owners = [...modules.values()].filter((bytes) => splitSections(bytes).has(SECTION.memory))
  const share = Math.floor(memoryPagesMax / Math.max(1, owners.length))
  const compiled = new Map(
    [...modules].map(([name, bytes]) => [name, compile(bytes, share, variant)]),
  )
  const given = new GlueArguments()
  const lifting = new GlueLifting()
  const instantiate = evaluateGlue(glue, { [ARGUMENTS]: given, [LIFTING]: lifting })
  return { exports, modules: compiled, instantiate, given, lifting, wanted: wantedOf(glue) }
}

function ensureOffered(name: string): void {
  if (INTERFACES.includes(name)) return
  const why = /^wasi:(sockets|http)\//.test(name)
    ? 'there is no network'
    : 'the sandbox offers wasi:cli, clocks, filesystem, io and random'
  throw new Refusal('IMPORT_REFUSED', `${JSON.stringify(name.slice(0, 100))}: ${why}`)
}

function compile(bytes: Uint8Array, memoryPagesMax: number, variant: 'fast' | 'exact'): WasmModule {
  const { closed, seams } = closeSeams(bytes)
  // whatever a core module imports comes from the glue, which imports what was offered
  const admitted = admitModule(closed, { memoryPagesMax, variant, imports: () => undefined })
  const module = new WebAssembly.Module(openSeams(admitted.bytes, seams))
  ensurePlainModule(module)
  return module
}

/**
 * The glue keeps a promise for every call and rejects those that a trap ends, though nobody waits:
 * with these that is no unhandled rejection.
 */
class QuietPromise<T> extends Promise<T> {
  static override get [Symbol.species]() {
    return Promise
  }

  constructor(start: ConstructorParameters<typeof Promise<T>>[0]) {
    super(start)
    this.then(undefined, () => {})
  }
}

/** The glue takes what it needs of an interface by `const { name, name: other } = imports[…]`. */
function wantedOf(glue: string): (readonly [string, string])[] {
  return [...glue.matchAll(/^const \{ ([^}]+) \} = imports\['([^']+)'\]/gm)].flatMap(
    ([, names = '', owner = '']) =>
      names.split(', ').map((name) => [owner, name.split(':')[0] as string] as const),
  )
}

/** Where the glue's one export stands; the rest of its text is a function body. */
const EXPORT = /^export function instantiate\(/m
/** What the glue finds in place of the engine's own: nothing that is not in the run's input. */
const SHADOWED = {
  globalThis: { WebAssembly },
  process: undefined,
  require: undefined,
  setTimeout: () => refuseAsync(),
  queueMicrotask: () => refuseAsync(),
  Promise: QuietPromise,
  TextDecoder: StrictTextDecoder,
  Math: Object.freeze({ ...mathWithoutChance() }),
  console: Object.freeze({ debug() {}, error() {}, log() {}, warn() {} }),
}

function evaluateGlue(glue: string, asked: Record<string, unknown>): Instantiate {
  const body = amendGlue(glue).replace(EXPORT, 'return function instantiate(')
  admit(body !== glue && !/^(import|export)\b/m.test(body), 'MODULE_REFUSED', 'async or no glue')
  const found = { ...SHADOWED, ...asked }
  const make = compileFunction(body, Object.keys(found)) as (...values: unknown[]) => Instantiate
  return make(...Object.values(found))
}

function refuseAsync(): never {
  throw new Refusal('MODULE_REFUSED', 'asynchronous components are not available')
}

function mathWithoutChance(): Record<string, unknown> {
  const names = Object.getOwnPropertyNames(Math).filter((name) => name !== 'random')
  return Object.fromEntries(names.map((name) => [name, Math[name as keyof Math]]))
}
