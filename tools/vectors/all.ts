/** All vector files: name and text. */
import { blockVectors } from './blocks.ts'
import { didVectors } from './dids.ts'
import { fileVectors } from './files.ts'
import { jobRequestVectors } from './job-requests.ts'
import type { VectorFile } from './json.ts'
import { logVectors, noteVectors } from './notes.ts'
import { recordVectors } from './records.ts'
import { signatureVectors } from './signatures.ts'
import { treeVectors } from './trees.ts'

export function vectorFiles(): [name: string, text: string][] {
  const files: [string, VectorFile][] = [
    ...recordVectors(),
    ...logVectors(),
    ['block', blockVectors()],
    ['did', didVectors()],
    ['signature', signatureVectors()],
    ['file', fileVectors()],
    ['tree', treeVectors()],
    ['note', noteVectors()],
    ['job-request', jobRequestVectors()],
  ]
  return files.map(([name, file]) => [`${name}.json`, `${JSON.stringify(file, null, 1)}\n`])
}
