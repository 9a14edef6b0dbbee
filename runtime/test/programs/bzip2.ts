/** bzip2 packs 20 MB and gives them back, through pipes and through files. */
import assert from 'node:assert/strict'
import type { Case, Program } from './program.ts'
import { prose } from './prose.ts'

const SIZE_BYTES = 20_000_000

export const bzip2: Program = {
  name: 'bzip2',
  package: 'bzip2',
  sources: () => [
    ...['blocksort.c', 'huffman.c', 'crctable.c', 'randtable.c'],
    ...['compress.c', 'decompress.c', 'bzlib.c', 'bzip2.c'],
  ],
  flags: ['-D_FILE_OFFSET_BITS=64'],
  *cases(): Iterable<Case> {
    const data = prose(SIZE_BYTES)
    let packed: Uint8Array = new Uint8Array(0)
    yield {
      says: 'packs 20 MB of a file to stdout',
      args: ['-zck', 'data'],
      inputs: [{ path: 'data', bytes: data }],
      check({ stdout }) {
        assert(stdout.length > 0 && stdout.length < SIZE_BYTES / 2)
        packed = stdout
      },
    }
    yield {
      says: 'unpacks them from stdin',
      args: ['-dc'],
      stdin: packed,
      check: ({ stdout }) => assert.equal(Buffer.compare(stdout, data), 0),
    }
    yield {
      says: 'tests a damaged archive and says so',
      args: ['-tv', 'data.bz2'],
      inputs: [{ path: 'data.bz2', bytes: damaged(packed) }],
      check: ({ code }) => assert.equal(code, 2),
    }
  },
}

function damaged(archive: Uint8Array): Uint8Array {
  const bytes = archive.slice()
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  return bytes
}
