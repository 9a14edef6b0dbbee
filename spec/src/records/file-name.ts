/**
 * Names of files. A job names its inputs for people; a guest may call its outputs whatever a file
 * can be called, so directories take more: whoever prints such a name has to quote it.
 */
import { admit } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { text } from './fields.ts'

/** One segment of a path, not `.` or `..`: what a disk takes and a directory gives back. */
const EntryName = text(LIMITS.nameBytesMax).regex(/^(?!\.{1,2}$)[^/\0]+$/u, 'expected a file name')

/** The name of an input: without control characters, too. */
export const FileName = EntryName.regex(/^\P{Cc}*$/u, 'a control character')

/** The segments of a relative path such as `plots/turnout.csv`. Refuses with FILE_NAME_REFUSED. */
export function splitPath(path: string): string[] {
  const names = path.split('/', LIMITS.pathDepthMax + 1)
  admit(
    names.length <= LIMITS.pathDepthMax,
    'FILE_NAME_REFUSED',
    () => `a path of more than ${LIMITS.pathDepthMax} segments`,
  )
  for (const name of names) ensureEntryName(name)
  return names
}

/** Refuses with FILE_NAME_REFUSED unless a directory can hold `name`. */
export function ensureEntryName(name: string): void {
  admit(
    EntryName.safeParse(name).success,
    'FILE_NAME_REFUSED',
    () => `${JSON.stringify(name.slice(0, 80))} is not a file name`,
  )
}
