/**
 * From a path to its place in the tree. A path never leaves the directory it starts in: `..` above
 * it, an absolute path and a symbolic link that does either end in ENOTCAPABLE.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { fail } from './abi.ts'
import type { DirectoryNode, TreeNode } from './nodes.ts'

/** Fuel for each character of a path or of a link's target. */
const CHARACTER_FUEL = 8

export type Place = {
  /** The directory that has, or would have, the name. */
  parent: DirectoryNode
  /** `.` or `..` when the path ends in one: such a place is there but cannot be made or removed. */
  name: string
  node: TreeNode | undefined
  /** The path ended in `/`. */
  slash: boolean
}

/**
 * A link at the end of a path is followed, kept (followed only when a `/` comes after it), or
 * taken for what it is, as by whoever makes, moves or removes a name: POSIX, as Linux reads it.
 */
export type LinkAtEnd = 'follow' | 'keep' | 'name'

/**
 * Finds the place of `path` under the directories of `search`: the first name is looked up in each
 * of them in turn, and made, if it is to be made, in the first that can be written. Symbolic links
 * on the way are always replaced by what they point to; `end` says what becomes of one at the end.
 */
export function findPlace(
  search: readonly DirectoryNode[],
  path: string,
  end: LinkAtEnd,
  charge: (units: number) => void,
): Place {
  if (path === '') fail('NOENT')
  if (path.includes('\0')) fail('INVAL')
  charge(path.length * CHARACTER_FUEL)
  if (path.startsWith('/')) fail('NOTCAPABLE')
  const base = search[0] as DirectoryNode
  const pending = namesOf(path).reverse()
  let slash = path.endsWith('/')
  const above: DirectoryNode[] = []
  let here = base
  let links = 0
  for (;;) {
    const name = pending.pop() as string
    const last = pending.length === 0
    if (name === '.' || name === '..') {
      if (name === '..') here = above.pop() ?? fail('NOTCAPABLE')
      if (last) return { parent: here, name, node: here, slash }
      continue
    }
    if (Buffer.byteLength(name) > LIMITS.nameBytesMax) fail('NAMETOOLONG')
    const atBase = above.length === 0
    const parent = atBase ? holderOf(search, name) : here
    const node = parent.entries.get(name)
    if (node?.type === 'link' && (!last || end === 'follow' || (slash && end === 'keep'))) {
      if (++links > LIMITS.linksFollowedMax) fail('LOOP')
      charge(node.target.length * CHARACTER_FUEL)
      if (node.target.startsWith('/')) fail('NOTCAPABLE')
      if (last) slash ||= node.target.endsWith('/')
      pending.push(...namesOf(node.target).reverse())
      continue
    }
    if (last) {
      const isFile = node !== undefined && node.type !== 'directory'
      if (slash && isFile && end !== 'name') fail('NOTDIR')
      return { parent, name, node, slash }
    }
    if (node === undefined) fail('NOENT')
    if (node.type !== 'directory') fail('NOTDIR')
    above.push(here)
    here = node
  }
}

const namesOf = (path: string) => path.split('/').filter((name) => name !== '')

function holderOf(search: readonly DirectoryNode[], name: string): DirectoryNode {
  return (
    search.find((directory) => directory.entries.get(name) !== undefined) ??
    search.find((directory) => !directory.readOnly) ??
    (search[0] as DirectoryNode)
  )
}

/** ENAMETOOLONG for a path that is longer than any path here may be. */
export function ensurePathLength(bytes: number): void {
  if (bytes > LIMITS.pathBytesMax) fail('NAMETOOLONG')
}
