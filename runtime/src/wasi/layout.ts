/**
 * What stands in a guest's file tree before it starts, and where it is preopened.
 *
 * `/in` holds the inputs and cannot be changed; `/out` is what leaves the sandbox; everything else
 * is scratch. Most toolchains cannot tell `x` from `/x` when they ask the host, so the two preopens
 * `/` and `.` each fall back on the other's directory: `.` looks in `/in` and then in `/`.
 */
import { admit, LIMITS, Refusal, type VirtualFile } from '@planetary-mesh/spec/bare'
import { DIRECTORY_RIGHTS, Errno, FILE_RIGHTS } from './abi.ts'
import type { Descriptors } from './descriptors.ts'
import type { DirectoryNode } from './nodes.ts'
import type { Tree } from './tree.ts'

export type Layout = { readonly in: DirectoryNode; readonly out: DirectoryNode }

/** Refuses with FILE_NAME_REFUSED or LIMIT_EXCEEDED files that cannot stand where they should. */
export function layOut(tree: Tree, files: readonly VirtualFile[]): Layout {
  const pinned = { pinned: true }
  const layout = {
    in: tree.makeDirectory(tree.root, 'in', { ...pinned, readOnly: true }),
    out: tree.makeDirectory(tree.root, 'out', { ...pinned, output: true }),
  }
  tree.makeDirectory(tree.root, 'tmp', pinned)
  for (const file of files) {
    try {
      placeFile(tree, file)
    } catch (thrown) {
      if (!(thrown instanceof Errno)) throw thrown
      throw new Refusal('LIMIT_EXCEEDED', `'${file.path}': too many files, or too deep`)
    }
  }
  return layout
}

function placeFile(tree: Tree, { path, bytes }: VirtualFile): void {
  const names = path.split('/')
  const last = names.pop() ?? ''
  const refuse = (why: string) => new Refusal('FILE_NAME_REFUSED', `'${path}': ${why}`)
  if (names.shift() !== '') throw refuse('expected an absolute path')
  if (names[0] === 'out') throw refuse('/out is empty when a job starts')
  let directory = tree.root
  for (const name of names) {
    ensureName(name, refuse)
    const found = directory.entries.get(name)
    if (found !== undefined && found.type !== 'directory') throw refuse(`'${name}' is a file`)
    directory = found ?? tree.makeDirectory(directory, name, { readOnly: directory.readOnly })
  }
  ensureName(last, refuse)
  if (directory.entries.get(last) !== undefined) throw refuse('the name is taken twice')
  tree.giveFile(directory, last, bytes)
}

function ensureName(name: string, refuse: (why: string) => Refusal): void {
  if (name === '' || name === '.' || name === '..') throw refuse(`'${name}' is no name`)
  if (name.includes('\0') || !name.isWellFormed()) throw refuse('a NUL or a lone surrogate')
  admit(
    Buffer.byteLength(name) <= LIMITS.nameBytesMax,
    'FILE_NAME_REFUSED',
    `a name longer than ${LIMITS.nameBytesMax} bytes`,
  )
}

/**
 * Descriptors 3 and up. The order matters: wasi-libc takes the last of several preopens that match
 * equally well, and `/` and `.` are both the empty prefix to it.
 */
export function preopen(tree: Tree, layout: Layout, descriptors: Descriptors): void {
  const { root } = tree
  const open = (name: string, search: readonly [DirectoryNode, ...DirectoryNode[]]) =>
    descriptors.add({
      type: 'directory',
      node: search[0],
      search,
      preopen: name,
      rights: DIRECTORY_RIGHTS,
      inheriting: DIRECTORY_RIGHTS | FILE_RIGHTS,
      flags: 0,
    })
  open('/', [root, layout.in])
  open('.', [layout.in, root])
  for (const name of ['in', 'out', 'tmp']) {
    open(`/${name}`, [root.entries.get(name) as DirectoryNode])
  }
}
