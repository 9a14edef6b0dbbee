/** Files and directories: the CIDs that any IPFS importer gives, and nothing else accepted. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as dagPb from '@ipld/dag-pb'
import {
  type Block,
  type CID,
  cidOf,
  encodeDirectory,
  encodeFile,
  LIMITS,
  parseCid,
  readDirectory,
  readFile,
  readNode,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { type ImporterOptions, importBytes, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { contentOf } from '../../../tools/vectors/files.ts'
import { fromBase64, readVectors } from './vector-files.ts'

const MiB = LIMITS.fileChunkBytes
const PROFILE: ImporterOptions = {
  cidVersion: 1,
  rawLeaves: true,
  reduceSingleLeafToSelf: true,
  chunker: fixedSize({ chunkSize: MiB }),
  layout: balanced({ maxChildrenPerNode: LIMITS.fileLinksMax }),
  shardSplitThresholdBytes: Number.POSITIVE_INFINITY,
}
const nowhere = { put: async (cid: unknown) => cid as never }

const importedFile = async (bytes: Uint8Array) =>
  `${(await importBytes(bytes, nowhere, PROFILE)).cid}`

async function importedDirectory(files: readonly { path: string; bytes: Uint8Array }[]) {
  const source = files.map(({ path, bytes }) => ({ path, content: bytes }))
  let root = ''
  const options = { ...PROFILE, wrapWithDirectory: true }
  for await (const { cid } of importer(source, nowhere, options)) root = `${cid}`
  return root
}

/** A store of blocks that says what was asked of it. */
function storeOf(blocks: readonly Block[]) {
  const byCid = new Map(blocks.map(({ cid, bytes }) => [`${cid}`, bytes]))
  return (cid: CID) => byCid.get(`${cid}`)
}

/** A directory of these blocks, each said to take so many bytes with all below it. */
function folderOf(blocks: readonly Block[], storedBytes: number): Block {
  const bytes = dagPb.encode({
    Data: new UnixFS({ type: 'directory' }).marshal(),
    Links: blocks.map(({ cid }, n) => ({ Name: `${100 + n}`, Hash: cid, Tsize: storedBytes })),
  })
  return { cid: cidOf('dag-pb', bytes), bytes }
}

describe('a file', () => {
  for (const size of [0, 1, MiB - 1, MiB, MiB + 1, 2 * MiB, 5 * MiB + 3]) {
    test(`of ${size} bytes has the CID that the IPFS importer gives, and reads back`, async () => {
      const bytes = contentOf(size)
      const file = encodeFile(bytes)
      assert.equal(`${file.cid}`, await importedFile(bytes))
      assert.equal(file.bytes, size)
      assert.deepEqual(readFile(file, storeOf(file.blocks)), bytes)
    })
  }

  // one byte above 174 leaves: two levels of links, the last branch with a single link
  test('of 174 MiB and one byte has a second level, as the IPFS importer makes it', async () => {
    const bytes = new Uint8Array(174 * MiB + 1).fill(7)
    const file = encodeFile(bytes)
    assert.equal(`${file.cid}`, await importedFile(bytes))
    const store = storeOf(file.blocks)
    assert.equal(Buffer.compare(readFile(file, store), bytes), 0)
    const root = readNode(file.cid, store(file.cid) as Uint8Array)
    assert.ok(root.type === 'branch' && root.links.length === 2)
    assert.deepEqual(
      root.links.map((link) => link.bytes),
      [174 * MiB, 1],
    )
  })

  test('up to 1 MiB is its own bytes, so any sha256sum names it', () => {
    const bytes = contentOf(1000)
    assert.ok(encodeFile(bytes).cid.equals(cidOf('raw', bytes)))
  })

  test('given as a Buffer gives plain bytes, and the same CID', () => {
    const bytes = contentOf(MiB + 1)
    const file = encodeFile(Buffer.from(bytes))
    assert.deepEqual(file, encodeFile(bytes))
    const store = storeOf(
      file.blocks.map((block) => ({ ...block, bytes: Buffer.from(block.bytes) })),
    )
    assert.deepEqual(readFile(file, store), bytes)
    const leaf = encodeFile(bytes.slice(0, 9))
    assert.deepEqual(
      readFile(leaf, () => Buffer.from(bytes.slice(0, 9))),
      bytes.slice(0, 9),
    )
  })

  test('above 1 GiB is refused', () => {
    const large = { length: LIMITS.inputBytesMax + 1 } as Uint8Array
    assert.throws(() => encodeFile(large), { code: 'FILE_TOO_LARGE' })
  })
})

describe('reading a file', () => {
  const bytes = contentOf(3 * MiB + 7)
  const file = encodeFile(bytes)
  const leaf = encodeFile(contentOf(9))
  const get = storeOf([...file.blocks, ...leaf.blocks])
  const refused: [name: string, code: string, read: () => unknown][] = [
    [
      'that is larger than declared',
      'FILE_TOO_LARGE',
      () => readFile({ ...file, bytes: 3 * MiB }, get),
    ],
    [
      'that is smaller than declared',
      'FILE_MALFORMED',
      () => readFile({ ...file, bytes: 4 * MiB }, get),
    ],
    [
      'of one leaf, larger than declared',
      'FILE_TOO_LARGE',
      () => readFile({ ...leaf, bytes: 8 }, get),
    ],
    [
      'of one leaf, smaller than declared',
      'FILE_MALFORMED',
      () => readFile({ ...leaf, bytes: 10 }, get),
    ],
    [
      'declared above the limit',
      'FILE_TOO_LARGE',
      () => readFile({ ...file, bytes: 2 ** 53 - 1 }, get),
    ],
    ['with a block missing', 'BLOCK_MISSING', () => readFile(file, storeOf(file.blocks.slice(1)))],
    [
      'from a store that gives other bytes',
      'BLOCK_CID_MISMATCH',
      () => readFile(file, () => bytes.slice(0, 9)),
    ],
    [
      'by the CID of a record',
      'CID_REFUSED',
      () => readFile({ cid: cidOf('dag-cbor', bytes), bytes: 1 }, () => bytes),
    ],
    [
      'that is a directory',
      'FILE_MALFORMED',
      () => {
        const folder = encodeDirectory([])
        readFile(folder, storeOf(folder.blocks))
      },
    ],
  ]
  for (const [name, code, read] of refused) {
    test(`${name} is refused`, () => assert.throws(read, { code }))
  }

  test('stops at the declared size: not one leaf more is asked for', () => {
    const asked: string[] = []
    const watched = (cid: CID) => {
      asked.push(`${cid}`)
      return get(cid)
    }
    assert.throws(() => readFile({ ...file, bytes: 2 * MiB }, watched), { code: 'FILE_TOO_LARGE' })
    assert.deepEqual(asked, [`${file.cid}`])
  })

  /** A node with the same shape as ours but for what `parts` says. */
  const branch = (parts: { cid: CID; bytes: number; storedBytes: number }[]) => {
    const data = new UnixFS({ type: 'file', blockSizes: parts.map((part) => BigInt(part.bytes)) })
    const node = dagPb.encode({
      Data: data.marshal(),
      Links: parts.map((part) => ({ Name: '', Hash: part.cid, Tsize: part.storedBytes })),
    })
    return { cid: cidOf('dag-pb', node), bytes: node }
  }
  const one = cidOf('raw', contentOf(MiB))
  const small = cidOf('raw', contentOf(5))
  const blocks = [
    { cid: one, bytes: contentOf(MiB) },
    { cid: small, bytes: contentOf(5) },
  ]
  const full = { cid: one, bytes: MiB, storedBytes: MiB }
  const rest = { cid: small, bytes: 5, storedBytes: 5 }
  const inner = branch([full, rest])
  const shapes: [name: string, parts: Parameters<typeof branch>[0]][] = [
    ['a short leaf in front', [rest, full]],
    ['one leaf under a branch', [rest]],
    [
      'a branch where a leaf belongs',
      [full, { cid: inner.cid, bytes: MiB + 5, storedBytes: inner.bytes.length + MiB + 5 }],
    ],
    ['a size that is not the leaf’s', [full, { ...rest, bytes: 6 }]],
    ['a stored size that is not the leaf’s', [full, { ...rest, storedBytes: 6 }]],
  ]
  for (const [name, parts] of shapes) {
    test(`with ${name} is refused, though every block is itself good`, () => {
      const root = branch(parts)
      const size = parts.reduce((sum, part) => sum + part.bytes, 0)
      const store = storeOf([...blocks, inner, root])
      assert.throws(() => readFile({ cid: root.cid, bytes: size }, store), /FILE_/)
    })
  }
})

describe('a directory', () => {
  const utf8 = new TextEncoder()
  const of = (...paths: string[]) => paths.map((path) => ({ path, bytes: utf8.encode(path) }))

  for (const files of [
    of('a'),
    of('b', 'a', 'B', 'ä', '\u{1F5F3}', '\uFFFD', 'a.b', 'a b', '10', '9'),
    of('a/b/c/d', 'a/b/e', 'a/f', 'g'),
    [...of('small'), { path: 'deep/large', bytes: contentOf(MiB + 1) }],
    Array.from({ length: 500 }, (_, n) => ({ path: `file-${n}`, bytes: utf8.encode(`${n}`) })),
  ]) {
    test(`of ${files.length} files is what the importer makes: ${files[0]?.path}`, async () => {
      const folder = encodeDirectory(files)
      assert.equal(`${folder.cid}`, await importedDirectory(files))
      const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
      assert.deepEqual(readDirectory(folder, storeOf(folder.blocks)), sorted)
    })
  }

  test('of nothing is the empty directory that everybody knows', () => {
    const folder = encodeDirectory([])
    // the CIDv1 of `ipfs object new unixfs-dir`
    assert.equal(`${folder.cid}`, 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')
    assert.deepEqual(readDirectory(folder, storeOf(folder.blocks)), [])
  })

  test('is the same whatever the order of its files, and reads back', () => {
    const name = fc.stringMatching(/^[a-z]{1,3}$/)
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 12 }), fc.nat(), (paths, seed) => {
        const clash = paths.some((a) => paths.some((b) => b.startsWith(`${a}/`)))
        fc.pre(!clash)
        const files = of(...paths)
        const folder = encodeDirectory(files)
        const turn = files.length === 0 ? 0 : seed % files.length
        const other = encodeDirectory([...files.slice(turn), ...files.slice(0, turn)])
        assert.ok(folder.cid.equals(other.cid))
        const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
        assert.deepEqual(readDirectory(folder, storeOf(folder.blocks)), sorted)
      }),
      { numRuns: 100 },
    )
  })

  test('of more than 4096 files and folders is refused', () => {
    const files = (count: number) => of(...Array.from({ length: count }, (_, n) => `d/${n}`))
    assert.equal(encodeDirectory(files(4095)).blocks.length, 4097)
    assert.throws(() => encodeDirectory(files(4096)), { code: 'FILE_TOO_LARGE' })
  })

  const folder = encodeDirectory(of('a', 'b/c'))
  const get = storeOf(folder.blocks)
  test('is refused if its files are more or fewer bytes than declared', () => {
    assert.throws(() => readDirectory({ ...folder, bytes: 3 }, get), { code: 'FILE_TOO_LARGE' })
    assert.throws(() => readDirectory({ ...folder, bytes: 5 }, get), { code: 'FILE_MALFORMED' })
  })

  test('is refused if it is a file, lacks a block, or holds an empty folder', () => {
    const file = encodeFile(contentOf(4))
    assert.throws(() => readDirectory(file, storeOf(file.blocks)), { code: 'FILE_MALFORMED' })
    const cut = storeOf(folder.blocks.slice(1))
    assert.throws(() => readDirectory(folder, cut), { code: 'BLOCK_MISSING' })
    const empty = encodeDirectory([]).blocks[0] as Block
    const outer = folderOf([empty], empty.bytes.length)
    const store = storeOf([empty, outer])
    assert.throws(() => readDirectory({ cid: outer.cid, bytes: 0 }, store), {
      code: 'FILE_MALFORMED',
    })
  })

  test('that repeats one folder a billion times over ends at 4096 entries', () => {
    const file = encodeFile(new Uint8Array())
    let [block, stored] = [file.blocks[0] as Block, 0]
    const blocks = [block]
    for (let level = 0; level < 5; level++) {
      block = folderOf(Array(100).fill(block), stored)
      stored = block.bytes.length + 100 * stored
      blocks.push(block)
    }
    const ref = { cid: block.cid, bytes: 0 }
    assert.throws(() => readDirectory(ref, storeOf(blocks)), { code: 'FILE_TOO_LARGE' })
  })
})

describe('the vectors of files', () => {
  type Accepted = {
    name: string
    cid: string
    size: number
    root: string | null
    files?: { path: string; size: number }[]
  }
  type Refused = { name: string; code: string; cid?: string; node?: string; paths?: string[] }
  const { accepted, refused } = readVectors<Accepted, Refused>('file')
  for (const { name, cid, size, root, files } of accepted) {
    test(`${name} has its CID and root`, () => {
      const made =
        files === undefined
          ? encodeFile(contentOf(size))
          : encodeDirectory(files.map((file) => ({ ...file, bytes: contentOf(file.size) })))
      assert.equal(`${made.cid}`, cid)
      assert.equal(made.bytes, size)
      if (root !== null) assert.deepEqual(made.blocks.at(-1)?.bytes, fromBase64(root))
    })
  }
  for (const { name, code, cid = '', node = '', paths } of refused) {
    test(`refuses ${name} with ${code}`, () => {
      const act =
        paths === undefined
          ? () => readNode(parseCid(cid), fromBase64(node))
          : () => encodeDirectory(paths.map((path) => ({ path, bytes: new Uint8Array() })))
      assert.throws(act, { code })
    })
  }
})
