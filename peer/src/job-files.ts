/** The files that a job needs wherever it is run: its module, its stdin, its inputs. */
import { admit, type FileRef, LIMITS, type Manifest } from '@planetary-mesh/spec'

/** Each with the most bytes that such a file may have, the module first. */
export function filesOf({ body }: Manifest): { file: FileRef; bytesMax: number }[] {
  const module = { file: body.module, bytesMax: LIMITS.moduleBytesMax }
  return [module, ...inputsOf(body).map((file) => ({ file, bytesMax: LIMITS.inputBytesMax }))]
}

/** Refuses LIMIT_EXCEEDED where stdin and inputs are together more than a job may have. */
export function ensureInputsFit({ body }: Manifest): void {
  const bytes = inputsOf(body).reduce((sum, file) => sum + file.bytes, 0)
  const max = LIMITS.inputBytesMax
  admit(bytes <= max, 'LIMIT_EXCEEDED', `${bytes} bytes of input, at most ${max}`)
}

function inputsOf({ stdin, inputs }: Manifest['body']): FileRef[] {
  return [...(stdin === null ? [] : [stdin]), ...inputs.map(({ file }) => file)]
}
