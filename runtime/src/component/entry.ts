/**
 * What is called of a component. A command has `wasi:cli/run`. Of any other, the first argument
 * names the export, as `name` or `interface#name`; the rest are its arguments, and what it gives
 * back is written to stdout as JSON.
 */
import { admit, Refusal } from '@planetary-mesh/spec/bare'
import type { Bundle } from './bundle.ts'
import { propertyOf } from './names.ts'
import type { PreparedComponent } from './prepare-component.ts'

/** JSON with the text that numbers came from and go to: not in TypeScript's library yet. */
const { parse, rawJSON } = JSON as unknown as {
  parse(
    text: string,
    revive: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): object
}

const RUN = /^wasi:cli\/run(@|$)/

type Callable = (...args: unknown[]) => unknown
type Print = (fd: 1 | 2, text: string) => void

/**
 * Calls it and gives the exit code: 1 where the function gives an error, which is then on stderr,
 * else 0. Refuses with MODULE_REFUSED what is not exported, or takes other arguments.
 */
export function callExport(
  { exports, given }: Pick<PreparedComponent, 'exports' | 'given'>,
  exported: Record<string, unknown>,
  args: readonly string[],
  print: Print,
): number {
  const command = exports.find(([name]) => RUN.test(name))
  if (command !== undefined) {
    const { run } = exported[command[0]] as { run: Callable }
    return attempt(run, [], () => {})
  }
  const [name = '', ...values] = args
  const called = functionOf(exports, exported, name)
  const { length } = called
  const took = `'${name}' takes ${length} arguments, not ${values.length}`
  admit(length === values.length, 'MODULE_REFUSED', took)
  const call: Callable = (...all) => given.during(() => called(...all))
  return attempt(call, values.map(argumentOf), (fd, value) => {
    if (value !== undefined) print(fd, `${JSON.stringify(value, plain)}\n`)
  })
}

function attempt(
  call: Callable,
  values: readonly unknown[],
  show: (fd: 1 | 2, value: unknown) => void,
): number {
  let given: unknown
  try {
    given = call(...values)
  } catch (thrown) {
    if (!isError(thrown)) throw thrown
    show(2, thrown.payload)
    return 1
  }
  show(1, given)
  return 0
}

/** The glue throws the error of a `result` with its payload. */
function isError(thrown: unknown): thrown is { payload: unknown } {
  return typeof thrown === 'object' && thrown !== null && Object.hasOwn(thrown, 'payload')
}

function functionOf(
  exports: Bundle['exports'],
  exported: Record<string, unknown>,
  name: string,
): Callable {
  const [before = '', after] = name.split('#')
  const property = propertyOf(after ?? before)
  if (after === undefined) {
    const found = exports.find(([own, kind]) => kind === 'function' && propertyOf(own) === property)
    if (found !== undefined) return exported[propertyOf(found[0])] as Callable
  } else {
    const owners = exports.filter(([own, kind]) => kind === 'instance' && isNamed(own, before))
    const names = owners.map(([own]) => own).join(' and ')
    admit(owners.length <= 1, 'MODULE_REFUSED', `'${before}' is ${names}: name the version`)
    const functions = (exported[owners[0]?.[0] ?? ''] ?? {}) as Record<string, unknown>
    if (Object.hasOwn(functions, property) && !isResource(functions[property])) {
      return functions[property] as Callable
    }
  }
  const names = exports.flatMap(([own]) => namesUnder(own, exported[own]))
  throw new Refusal(
    'MODULE_REFUSED',
    `no export '${name}'; the component exports: ${names.join(', ')}`,
  )
}

/** An interface may be named without its version. */
const isNamed = (found: string, owner: string) =>
  found === owner || found.replace(/@.*$/, '') === owner

/** What can be called of an export: itself, or the functions of an interface by its whole name. */
function namesUnder(own: string, value: unknown): string[] {
  if (typeof value === 'function') return [own]
  // the glue gives each interface twice: `a:b/c@1.0.0` and, where nothing else is called so, `c`
  if (!own.includes(':')) return []
  return Object.entries(value as object).flatMap(([name, called]) =>
    isResource(called) ? [] : [`${own}#${name}`],
  )
}

/** A class of the glue's: what makes a resource cannot be called from here. */
const isResource = (value: unknown): boolean =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

/** What is JSON is its value; anything else is the text that it is. */
function argumentOf(text: string): unknown {
  try {
    return parse(text, (_, value, { source }) =>
      typeof value === 'number' && /^-?\d+$/.test(source ?? '') && !Number.isSafeInteger(value)
        ? BigInt(source as string)
        : value,
    )
  } catch {
    return text
  }
}

/**
 * JSON has neither integers of 64 bits nor bytes: those are numbers still, these are lists. What is
 * no number there is a text, as it is in an argument; a resource has no value, but a name.
 */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(String(value))
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return rawJSON('-0')
    return Number.isFinite(value) ? value : String(value)
  }
  if (ArrayBuffer.isView(value)) return [...(value as Uint8Array)]
  const maker = typeof value === 'object' && value !== null ? value.constructor : undefined
  return isResource(maker) ? { resource: maker?.name } : value
}
