/** CCL texts of files. */
import { LIMITS } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { readHostFile } from '../files/host-files.ts'

/** The text of a file, or of stdin for `-`; UTF-8 and nothing else. */
export async function readText(file: string): Promise<string> {
  const bytes = await readHostFile(file, LIMITS.cclSourceBytesMax)
  try {
    // a byte order mark is the text's own: the compiler reads over it, `fmt` removes it
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(`${file} is not UTF-8 text`, 'save it as UTF-8')
  }
}
