/** The files that a chain names (module, inputs, outputs) are whole: part of the verb *open*. */
import { Refusal } from '../../errors.ts'
import { readDirectory } from '../../records/directory.ts'
import type { FileRef } from '../../records/fields.ts'
import { readFile } from '../../records/file.ts'
import type { Chain, GetBlock } from './chain.ts'
import { type Finding, finding } from './finding.ts'

/** A finding for each file with a missing, altered or oversize block. */
export function checkFiles({ manifest, receipt }: Chain, get: GetBlock): Finding[] {
  const { module, stdin, inputs } = manifest.body
  const { stdout, stderr, output } = receipt.body.result
  const files: [string, FileRef][] = [
    ['the module', module],
    ...(stdin === null ? [] : [['stdin', stdin] as [string, FileRef]]),
    ...inputs.map(({ name, file }): [string, FileRef] => [`input ${name}`, file]),
    ['stdout', stdout],
    ['stderr', stderr],
  ]
  return [
    ...files.flatMap(([what, ref]) => findingOfFile(what, ref, () => readFile(ref, get))),
    ...findingOfFile('the output', output, () => readDirectory(output, get)),
  ]
}

function findingOfFile(what: string, ref: FileRef, read: () => unknown): Finding[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof Refusal) return [finding(error.code, ref.cid, `${what}: ${error.detail}`)]
    throw error
  }
}
