/**
 * From V8's words for a trap to those of the WebAssembly specification. V8 says less than the
 * specification in three places, so a trap names the commoner of the two there: an index outside a
 * table is 'undefined element', a float outside an integer is 'invalid conversion to integer', and
 * a call through an empty element is 'indirect call type mismatch'.
 */
import type { Trap } from '@planetary-mesh/spec/bare'

const TRAP_OF_MESSAGE: Readonly<Record<string, Trap>> = {
  unreachable: 'unreachable',
  'memory access out of bounds': 'out of bounds memory access',
  'divide by zero': 'integer divide by zero',
  'remainder by zero': 'integer divide by zero',
  'divide result unrepresentable': 'integer overflow',
  'float unrepresentable in integer range': 'invalid conversion to integer',
  'table index is out of bounds': 'undefined element',
  'function signature mismatch': 'indirect call type mismatch',
  'null function or function signature mismatch': 'indirect call type mismatch',
}

/** The trap that a `WebAssembly.RuntimeError` of running code names. */
export function trapOf(message: string): Trap {
  return TRAP_OF_MESSAGE[message] ?? 'other'
}

/** The trap of a module whose segments do not fit when it is instantiated. */
export function trapOfInstantiation(message: string): Trap {
  if (message.includes('data segment')) return 'out of bounds memory access'
  return message.includes('table') ? 'out of bounds table access' : 'other'
}
