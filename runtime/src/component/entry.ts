/**
 * What is called of a component. A command has `wasi:cli/run`. Of any other, the first argument
 * names the export, as `name` or `interface#name`; the rest are its arguments, and what it gives
 * back is written to stdout as JSON.
 */
import { admit, Refusal } from '@planetary-mesh/spec/bare'
import type { Bundle } from './bundle.ts'
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
  const [before, after] = name.split('#')
  const owner = after === undefined ? undefined : before
  for (const [found, kind] of exports) {
    if (owner === undefined && kind === 'function' && propertyOf(found) === propertyOf(name)) {
      return exported[propertyOf(found)] as Callable
    }
    if (owner !== undefined && kind === 'instance' && isNamed(found, owner)) {
      const functions = exported[found] as Record<string, unknown>
      const property = propertyOf(after as string)
      if (Object.hasOwn(functions, property)) return functions[property] as Callable
    }
  }
  const names = exports.map(([found]) => found).join(', ')
  throw new Refusal('MODULE_REFUSED', `no export '${name}'; the component exports: ${names}`)
}

/** An interface may be named without its version. */
const isNamed = (found: string, owner: string) =>
  found === owner || found.replace(/@.*$/, '') === owner

/** The glue's name for a name of the component model: `add-two` is `addTwo`. */
const propertyOf = (name: string) =>
  name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())

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

/** JSON has neither integers of 64 bits nor bytes: those are numbers still, these are lists. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(String(value))
  return ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value
}
