/**
 * What a failed assertion or an index out of bounds does: says so on stderr and traps.
 */
import { STDERR } from './files'
import { Text } from './text'

/** Called by compiled code in place of the import `env.abort`. */
export function fault(message: string | null, file: string | null, line: u32, column: u32): void {
  const out = new Text(STDERR)
  out.put('member-budget: fault: ').put(message === null ? 'no message' : message)
  out.put(' at ').put(file === null ? '?' : file)
  out.put(':').putInteger(line).put(':').putInteger(column).put('\n')
  out.flush()
  unreachable()
}
