/** Files and directories under the one import profile, and blocks that break it. */
import * as dagPb from '@ipld/dag-pb'
import {
  type Block,
  type CID,
  type Code,
  cidOf,
  encodeDirectory,
  encodeFile,
  LIMITS,
} from '@planetary-mesh/spec'
import { UnixFS, type UnixFSOptions } from 'ipfs-unixfs'
import { base64, type Json, type VectorFile } from './json.ts'

const MiB = LIMITS.fileChunkBytes
const utf8 = new TextEncoder()

/** What a file vector holds: byte number i is i·31 + i/256 modulo 251, rounded down. */
export function contentOf(size: number): Uint8Array {
  // in place: a callback for each of several million bytes takes seconds
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + Math.floor(i / 256)) % 251
  return bytes
}

const SIZES = [0, 1, 5, MiB - 1, MiB, MiB + 1, 2 * MiB, 3 * MiB + 7]

const DIRECTORIES: [name: string, files: [path: string, size: number][]][] = [
  ['nothing', []],
  ['one file', [['a.txt', 3]]],
  ['an empty file', [['empty', 0]]],
  [
    'folders in folders',
    [
      ['a/b/c', 1],
      ['a/b/d', 2],
      ['a/e', 3],
      ['f', 4],
    ],
  ],
  [
    'names sorted by bytes',
    [
      ['\u{1F5F3}', 1],
      ['\uFFFD', 2],
      ['Z', 3],
      ['a', 4],
      ['a.b', 5],
      ['a b', 6],
    ],
  ],
  [
    'the same content twice',
    [
      ['x', 9],
      ['y', 9],
    ],
  ],
  [
    'a file of two leaves',
    [
      ['big', MiB + 1],
      ['small', 1],
    ],
  ],
]

export function fileVectors(): VectorFile {
  const files = SIZES.map((size): Json => {
    const { cid, blocks } = encodeFile(contentOf(size))
    const root = blocks.at(-1) as Block
    return {
      name: `a file of ${size} bytes`,
      size,
      cid: `${cid}`,
      root: blocks.length === 1 ? null : base64(root.bytes),
    }
  })
  const directories = DIRECTORIES.map(([name, entries]): Json => {
    const made = encodeDirectory(entries.map(([path, size]) => ({ path, bytes: contentOf(size) })))
    return {
      name: `a directory of ${name}`,
      files: entries.map(([path, size]) => ({ path, size })),
      size: made.bytes,
      cid: `${made.cid}`,
      root: base64((made.blocks.at(-1) as Block).bytes),
    }
  })
  return {
    about:
      'Files by size, with content byte i = (i * 31 + floor(i / 256)) mod 251, and directories ' +
      'of such files: root CID and root node (base64; null if the file is one leaf). Refused: ' +
      'DAG-PB nodes of no file of ours, and file names.',
    accepted: [...files, ...directories],
    refused: [...nodes(), ...names()],
  }
}

type Link = { Name: string; Hash: CID; Tsize: number }
const leaf = (text: string): Link => {
  const bytes = utf8.encode(text)
  return { Name: '', Hash: cidOf('raw', bytes), Tsize: bytes.length }
}
const named = (name: string, text = name): Link => ({ ...leaf(text), Name: name })
const node = (options: UnixFSOptions, Links: Link[]) =>
  dagPb.encode({ Data: new UnixFS(options).marshal(), Links })
const file = (sizes: bigint[], links: Link[], more: UnixFSOptions = {}) =>
  node({ type: 'file', blockSizes: sizes, ...more }, links)
const folder = (links: Link[], more: UnixFSOptions = {}) =>
  node({ type: 'directory', ...more }, links)

function nodes(): Json[] {
  const [one, two] = [leaf('one'), leaf('three')]
  const cbor = { ...one, Hash: cidOf('dag-cbor', new Uint8Array()) }
  const good = file([3n, 5n], [one, two])
  const cases: [name: string, code: Code, bytes: Uint8Array][] = [
    ['no UnixFS', 'FILE_MALFORMED', dagPb.encode({ Data: utf8.encode('hello'), Links: [] })],
    ['no data', 'FILE_MALFORMED', dagPb.encode({ Links: [one, two] })],
    ['a file with its bytes inside', 'FILE_MALFORMED', file([], [], { data: utf8.encode('hi') })],
    ['a file of nothing', 'FILE_MALFORMED', file([], [])],
    ['more links than sizes', 'FILE_MALFORMED', file([3n], [one, two])],
    ['fewer links than sizes', 'FILE_MALFORMED', file([3n, 5n, 1n], [one, two])],
    ['an empty part', 'FILE_MALFORMED', file([0n, 5n], [leaf(''), two])],
    ['a file with a mode', 'FILE_MALFORMED', file([3n, 5n], [one, two], { mode: 0o755 })],
    ['a file with a time', 'FILE_MALFORMED', file([3n, 5n], [one, two], { mtime: { secs: 1n } })],
    ['a raw UnixFS node', 'FILE_MALFORMED', node({ type: 'raw', data: utf8.encode('x') }, [])],
    ['a symbolic link', 'FILE_MALFORMED', node({ type: 'symlink', data: utf8.encode('/etc') }, [])],
    [
      'a sharded directory',
      'FILE_MALFORMED',
      node({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 34n }, []),
    ],
    ['175 links', 'FILE_MALFORMED', file(Array(175).fill(3n), Array(175).fill(one))],
    ['a size of 2^40', 'FILE_TOO_LARGE', file([3n, 2n ** 40n], [one, two])],
    ['a size of 2^64 - 1', 'FILE_TOO_LARGE', file([3n, 2n ** 64n - 1n], [one, two])],
    ['a part with a name', 'FILE_MALFORMED', file([3n, 5n], [one, { ...two, Name: 'x' }])],
    ['a part that is DAG-CBOR', 'CID_REFUSED', file([3n, 5n], [one, cbor])],
    [
      'a part that is a CIDv0',
      'CID_REFUSED',
      file([3n, 5n], [one, { ...two, Hash: cidOf('dag-pb', good).toV0() }]),
    ],
    ['a byte after the end', 'FILE_MALFORMED', Uint8Array.from([...good, 0])],
    ['the last byte missing', 'FILE_MALFORMED', good.slice(0, -1)],
    ['data before links', 'FILE_MALFORMED', reordered(good)],
    ['nothing', 'FILE_MALFORMED', new Uint8Array()],
    ['a directory with a time', 'FILE_MALFORMED', folder([named('a')], { mtime: { secs: 1n } })],
    ['a directory with a name twice', 'FILE_MALFORMED', folder([named('a', 'x'), named('a', 'y')])],
    ['a directory with a slash in a name', 'FILE_NAME_REFUSED', folder([named('a/b')])],
    ['a directory with ..', 'FILE_NAME_REFUSED', folder([named('..')])],
    ['a directory with an empty name', 'FILE_NAME_REFUSED', folder([named('', 'x')])],
    ['a directory with a zero byte in a name', 'FILE_NAME_REFUSED', folder([named('a\0b')])],
    ['a directory with a record', 'CID_REFUSED', folder([{ ...cbor, Name: 'a' }])],
  ]
  return cases.map(([name, code, bytes]) => ({
    name,
    code,
    cid: `${cidOf('dag-pb', bytes)}`,
    node: base64(bytes),
  }))
}

/** The data field in front of the links: what DAG-PB decoders take and encoders never write. */
function reordered(bytes: Uint8Array): Uint8Array {
  const data = bytes.lastIndexOf(0x0a)
  return Uint8Array.from([...bytes.slice(data), ...bytes.slice(0, data)])
}

function names(): Json[] {
  const cases: [name: string, paths: string[]][] = [
    ['an absolute path', ['/a']],
    ['an empty path', ['']],
    ['two slashes', ['a//b']],
    ['a slash at the end', ['a/']],
    ['a dot', ['./a']],
    ['two dots', ['a/../b']],
    ['a zero byte', ['a\0b']],
    ['a name of 256 bytes', ['ü'.repeat(128)]],
    ['33 segments', [Array(33).fill('a').join('/')]],
    ['a name taken twice', ['a', 'a']],
    ['a file that is a folder too', ['a', 'a/b']],
    ['a folder that is a file too', ['a/b', 'a']],
    ['a byte order mark', ['\uFEFFa']],
  ]
  return cases.map(([name, paths]) => ({ name, code: 'FILE_NAME_REFUSED', paths }))
}
