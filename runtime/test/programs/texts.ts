/** Programs that turn one text into another: CommonMark, JSON, banners. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Program } from './program.ts'

const cFilesBelow = (directory: string, folder: string) =>
  readdirSync(join(directory, folder))
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(folder, name))

/** What CMake would find out about any compiler of the last twenty years. */
const CMARK_HEADERS = {
  'config.h': `#include <stdbool.h>
#define HAVE___BUILTIN_EXPECT
#define CMARK_ATTRIBUTE(list) __attribute__(list)
#define CMARK_INLINE inline
`,
  'cmark_version.h': '#define CMARK_VERSION 0\n#define CMARK_VERSION_STRING "0"\n',
  'cmark_export.h': '#define CMARK_EXPORT\n#define CMARK_NO_EXPORT\n',
}

/** The reference converter, on the text of its own specification. */
const cmark: Program = {
  name: 'cmark',
  package: 'cmark',
  flags: ['-Isrc'],
  prepare(directory) {
    for (const [name, text] of Object.entries(CMARK_HEADERS)) {
      writeFileSync(join(directory, 'src', name), text)
    }
  },
  sources: (directory) => cFilesBelow(directory, 'src'),
  *cases(directory): Iterable<Case> {
    const bytes = readFileSync(join(directory, 'test/spec.txt'))
    for (const format of ['html', 'xml', 'man', 'latex', 'commonmark']) {
      yield {
        says: `turns its specification into ${format}`,
        args: ['--smart', '-t', format, 'spec.txt'],
        inputs: [{ path: 'spec.txt', bytes }],
      }
    }
  },
}

const YAJL_VERSION: Readonly<Record<string, string>> = { MAJOR: '2', MINOR: '1', MICRO: '0' }

/** Its reformatter, on nested JSON with every kind of value. */
const yajl: Program = {
  name: 'yajl',
  package: 'yajl',
  flags: ['-Iinclude', '-Isrc'],
  prepare(directory) {
    const headers = join(directory, 'include/yajl')
    mkdirSync(headers, { recursive: true })
    const given = join(directory, 'src/api')
    for (const name of readdirSync(given).filter((found) => found.endsWith('.h'))) {
      copyFileSync(join(given, name), join(headers, name))
    }
    const template = readFileSync(join(given, 'yajl_version.h.cmake'), 'utf8')
    const version = template.replace(/\$\{YAJL_(\w+)\}/g, (_, part) => YAJL_VERSION[part] ?? '')
    writeFileSync(join(headers, 'yajl_version.h'), version)
  },
  sources: (directory) => [...cFilesBelow(directory, 'src'), 'reformatter/json_reformat.c'],
  *cases(): Iterable<Case> {
    const stdin = Buffer.from(JSON.stringify(nested(9)))
    for (const flags of [[], ['-m'], ['-e'], ['-u']]) {
      yield { says: `formats 200 KB with ${flags.join(' ') || 'no flag'}`, args: flags, stdin }
    }
    yield { says: 'finds where a text is cut', args: [], stdin: stdin.subarray(0, 1000) }
  },
}

const LEAVES = [0, -2.5, 1e300, 'é\n"', true, null, 'x'.repeat(40)]
function nested(depth: number): unknown {
  if (depth === 0) return LEAVES
  const [left, right] = [nested(depth - 1), nested(depth - 1)]
  return depth % 2 === 0 ? [left, right] : { left, right }
}

/** Large letters from the fonts that come with it. */
const figlet: Program = {
  name: 'figlet',
  package: 'figlet',
  flags: ['-DDEFAULTFONTDIR="."', '-DDEFAULTFONTFILE="standard.flf"'],
  sources: () => ['figlet.c', 'zipio.c', 'crc.c', 'inflate.c', 'utf8.c'],
  *cases(directory): Iterable<Case> {
    for (const font of ['standard', 'slant', 'banner']) {
      const name = `${font}.flf`
      const bytes = readFileSync(join(directory, 'fonts', name))
      yield {
        says: `writes in ${font}`,
        args: ['-c', '-w', '60', '-f', name, 'Planetary', 'Mesh'],
        inputs: [{ path: name, bytes }],
      }
    }
  },
}

export const texts: readonly Program[] = [cmark, yajl, figlet]
