/** More packers and a checksum tool: zlib, LZ4, Zstandard, xxHash, each on the same text. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Program } from './program.ts'
import { prose } from './prose.ts'

const DATA = prose(3_000_000)

const cFilesOf = (directory: string, ...folders: string[]) =>
  folders.flatMap((folder) =>
    readdirSync(join(directory, folder))
      .filter((name) => name.endsWith('.c'))
      .sort()
      .map((name) => join(directory, folder, name)),
  )

/** Packs a file below `out/`, and unpacks what came of it. */
function* roundTrip(pack: readonly string[], unpack: readonly string[]): Iterable<Case> {
  let packed: Uint8Array = new Uint8Array(0)
  yield {
    says: `packs 3 MB with ${pack.join(' ')}`,
    args: pack,
    inputs: [{ path: 'data', bytes: DATA }],
    check({ outputs }) {
      packed = outputs.get('packed') ?? packed
      assert(packed.length > 0 && packed.length < DATA.length)
    },
  }
  yield {
    says: `unpacks them with ${unpack.join(' ')}`,
    args: unpack,
    inputs: [{ path: 'packed', bytes: packed }],
    check: ({ outputs }) =>
      assert.equal(Buffer.compare(outputs.get('data') ?? new Uint8Array(0), DATA), 0),
  }
}

const ZLIB = [
  ...['adler32.c', 'compress.c', 'crc32.c', 'deflate.c', 'gzclose.c', 'gzlib.c', 'gzread.c'],
  ...['gzwrite.c', 'infback.c', 'inffast.c', 'inflate.c', 'inftrees.c', 'trees.c', 'uncompr.c'],
  'zutil.c',
]

function prepareZlib(directory: string): void {
  if (!existsSync(join(directory, 'zconf.h'))) {
    copyFileSync(join(directory, 'zconf.h.in'), join(directory, 'zconf.h'))
  }
}

const withoutHexadecimal = (text: string) => text.replaceAll(/0x[0-9a-f]+/g, '0x')

const zlib = { package: 'zlib', prepare: prepareZlib, flags: ['-I.', '-DZ_HAVE_UNISTD_H'] }

/** zlib's own test program. */
const zlibExample: Program = {
  ...zlib,
  name: 'zlib',
  sources: () => [...ZLIB, 'test/example.c'],
  // it says how wide its types are, in hexadecimal
  cases: () => [
    { says: "passes zlib's own test", args: ['out/example.gz'], comparable: withoutHexadecimal },
  ],
}

const minigzip: Program = {
  ...zlib,
  name: 'minigzip',
  sources: () => [...ZLIB, 'test/minigzip.c'],
  *cases(): Iterable<Case> {
    let packed: Uint8Array = new Uint8Array(0)
    yield {
      says: 'packs 3 MB from stdin to stdout',
      args: [],
      stdin: DATA,
      check({ stdout }) {
        packed = stdout
      },
    }
    yield {
      says: 'unpacks them',
      args: ['-d'],
      stdin: packed,
      check: ({ stdout }) => assert.equal(Buffer.compare(stdout, DATA), 0),
    }
  },
}

const lz4: Program = {
  name: 'lz4',
  package: 'lz4',
  flags: ['-Ilib', '-DXXH_NAMESPACE=LZ4_'],
  sources: (directory) => cFilesOf(directory, 'lib', 'programs'),
  cases: () => roundTrip(['-9', 'data', 'out/packed'], ['-d', 'packed', 'out/data']),
}

const zstd: Program = {
  name: 'zstd',
  package: 'libzstd',
  flags: [
    ...['-Ilib', '-Ilib/common', '-Iprograms', '-DXXH_NAMESPACE=ZSTD_'],
    ...['-DZSTD_DISABLE_ASM', '-DZSTD_LEGACY_SUPPORT=0', '-DBACKTRACE_ENABLE=0'],
  ],
  sources: (directory) => [
    ...cFilesOf(directory, 'lib/common', 'lib/compress', 'lib/decompress', 'lib/dictBuilder'),
    ...cFilesOf(directory, 'programs'),
  ],
  cases: () =>
    roundTrip(
      ['-q', '-12', '--check', 'data', '-o', 'out/packed'],
      ['-q', '-d', 'packed', '-o', 'out/data'],
    ),
}

const xxhash: Program = {
  name: 'xxhash',
  package: 'xxhash',
  flags: ['-I.', '-Icli'],
  sources: (directory) => ['xxhash.c', ...cFilesOf(directory, 'cli')],
  *cases(): Iterable<Case> {
    for (const algorithm of [0, 1, 2, 3]) {
      yield {
        says: `hashes 3 MB with -H${algorithm}`,
        args: [`-H${algorithm}`, 'data'],
        inputs: [{ path: 'data', bytes: DATA }],
      }
    }
  },
}

const cjson: Program = {
  name: 'cjson',
  package: 'cjson',
  flags: ['-I.', '-DENABLE_LOCALES'],
  sources: () => ['cJSON.c', 'test.c'],
  cases: () => [{ says: "passes cJSON's own test", args: [], comparable: withoutHexadecimal }],
}

export const packers: readonly Program[] = [zlibExample, minigzip, lz4, zstd, xxhash, cjson]
