/** The two words for files: the CID of one, and the name it gets in the job. */
import { CID, CODEC, LIMITS, parseCid } from '@planetary-mesh/spec/bare'
import { shown } from './messages.ts'
import { byteLength } from './source.ts'

const FILE_NAME = /^(?!\.{1,2}$)[^/\p{Cc}]+$/u

/** As spec's FileName; `__proto__` cannot be a key of a block. */
export const isFileName = (name: string) =>
  FILE_NAME.test(name) &&
  byteLength(name) <= LIMITS.nameBytesMax &&
  !name.startsWith('\u{FEFF}') &&
  name !== '__proto__'

/** Why a text is not the CID of a file, and what to do; an empty reason when it is one. */
export function fileFault(text: string): [why: string, help: string] {
  const copy = 'copy the whole CID, as `meshctl put` prints it'
  if (text === '') return ['found an empty text', copy]
  try {
    const cid = parseCid(text)
    if (cid.code !== CODEC['dag-cbor']) return ['', '']
    return ['this one names a record, not a file', copy]
  } catch {
    const v1 = asVersion1(text)
    if (v1 !== undefined) return ['this one has the old form', `write it as \`${v1}\``]
    return [`\`${shown(text)}\` is none`, copy]
  }
}

function asVersion1(text: string): string | undefined {
  if (!/^Qm[1-9A-HJ-NP-Za-km-z]{44}$/.test(text)) return undefined
  try {
    return CID.parse(text).toV1().toString()
  } catch {
    return undefined
  }
}
