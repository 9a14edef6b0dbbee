/**
 * The virtual file tree: the only files a guest can see or change. It lives in memory, holds no
 * path of the host, and every change is counted against the budget before it happens.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { fail } from './abi.ts'
import type { Budget } from './budget.ts'
import {
  type DirectoryNode,
  Entries,
  type FileNode,
  type LinkNode,
  type TreeNode,
} from './nodes.ts'

/** Fuel for each node that a walk over a subtree looks at. */
const WALK_FUEL = 50
const NO_BYTES = new Uint8Array(0)

export class Tree {
  readonly root: DirectoryNode
  readonly #budget: Budget
  readonly #now: () => bigint
  readonly #charge: (units: number) => void
  #inodes = 0n

  constructor(budget: Budget, now: () => bigint, charge: (units: number) => void) {
    this.#budget = budget
    this.#now = now
    this.#charge = charge
    this.root = this.#newDirectory({ readOnly: false, output: false, pinned: true })
    this.root.names = 1 // nobody's entry, and never gone
  }

  makeDirectory(
    parent: DirectoryNode,
    name: string,
    made: { readOnly?: boolean; output?: boolean; pinned?: boolean } = {},
  ): DirectoryNode {
    if (depthOf(parent) + 1 > LIMITS.pathDepthMax) fail('NAMETOOLONG')
    this.#budget.count({ names: 1 })
    const node = this.#newDirectory({
      readOnly: false,
      output: parent.output,
      pinned: false,
      ...made,
    })
    this.#put(parent, name, node)
    return node
  }

  /** A file of the host's: read-only, its bytes shared and not counted. */
  giveFile(parent: DirectoryNode, name: string, bytes: Uint8Array): FileNode {
    return this.#addFile(parent, name, { readOnly: true, bytes, size: bytes.length })
  }

  makeFile(parent: DirectoryNode, name: string): FileNode {
    return this.#addFile(parent, name, { readOnly: false, bytes: NO_BYTES, size: 0 })
  }

  makeLink(parent: DirectoryNode, name: string, target: string): void {
    this.#budget.count({ names: 1, fileBytes: Buffer.byteLength(target) })
    const node: LinkNode = { type: 'link', target, ...this.#common() }
    this.#put(parent, name, node)
  }

  /** A second name for a file or a symbolic link. */
  link(node: FileNode | LinkNode, parent: DirectoryNode, name: string): void {
    if (parent.output) this.#ensureEntering([node], undefined)
    this.#budget.count({ names: 1 })
    if (parent.output) this.#enterOutput([node])
    this.#put(parent, name, node)
    node.times.changed = this.#now()
  }

  unlink(parent: DirectoryNode, name: string, node: FileNode | LinkNode): void {
    this.#take(parent, name, node)
    if (parent.output) this.#leaveOutput([node])
    node.times.changed = this.#now()
    if (node.names > 0) this.#budget.count({ names: -1 })
    else this.#dropIfGone(node)
  }

  removeDirectory(parent: DirectoryNode, name: string, node: DirectoryNode): void {
    if (node.pinned) fail('BUSY')
    if (node.entries.size > 0) fail('NOTEMPTY')
    this.#take(parent, name, node)
    node.parent = undefined
    this.#budget.count({ names: -1 })
  }

  /** POSIX rename: replaces a file by a file, an empty directory by a directory. */
  rename(
    from: { parent: DirectoryNode; name: string; node: TreeNode },
    to: { parent: DirectoryNode; name: string; node: TreeNode | undefined },
  ): void {
    const { node } = from
    if (node === to.node) return
    if (node.type === 'directory') this.#ensureMovable(node, to.parent)
    if (to.node !== undefined) this.#ensureReplaceable(node, to.node)
    const entering = to.parent.output && !from.parent.output ? this.#below(node) : []
    const leaving = from.parent.output && !to.parent.output ? this.#below(node) : []
    if (entering.length > 0) this.#ensureEntering(entering, to.node)
    if (to.node?.type === 'directory') this.removeDirectory(to.parent, to.name, to.node)
    else if (to.node !== undefined) this.unlink(to.parent, to.name, to.node)
    this.#take(from.parent, from.name, node)
    this.#leaveOutput(leaving)
    this.#enterOutput(entering)
    this.#put(to.parent, to.name, node)
    node.times.changed = this.#now()
  }

  /** Cuts or extends a file with zeros. ROFS, FBIG, NOSPC, or `OutputLimit`. */
  resize(file: FileNode, size: number): void {
    if (file.readOnly) fail('ROFS')
    if (!Number.isSafeInteger(size)) fail('FBIG')
    const growth = size - file.size
    this.#budget.count({ outputBytes: growth * file.outputNames, fileBytes: growth })
    this.#charge(Math.abs(growth))
    if (size > file.bytes.length) {
      moveTo(file, Math.max(size, Math.min(file.bytes.length * 2, LIMITS.guestFileBytesMax)))
    } else if (size * 4 < file.bytes.length)
      moveTo(file, size) // what was cut off is given back
    else if (growth < 0) file.bytes.fill(0, size, file.size)
    file.size = size
    this.#touch(file)
  }

  /** Writes bytes at an offset, filling a gap before it with zeros. Fails as `resize` does. */
  write(file: FileNode, offset: number, bytes: Uint8Array): void {
    if (file.readOnly) fail('ROFS')
    if (bytes.length === 0) return
    if (offset + bytes.length > file.size) this.resize(file, offset + bytes.length)
    file.bytes.set(bytes, offset)
    this.#touch(file)
  }

  /** A directory that was removed while it was open: nothing can be made in it any more. */
  isGone(directory: DirectoryNode): boolean {
    return directory.names === 0
  }

  open(file: FileNode): void {
    file.opens++
  }

  close(file: FileNode): void {
    file.opens--
    this.#dropIfGone(file)
  }

  #touch(node: TreeNode): void {
    const now = this.#now()
    node.times.modified = now
    node.times.changed = now
  }

  #common() {
    const now = this.#now()
    const inode = ++this.#inodes
    return { inode, times: { accessed: now, modified: now, changed: now }, names: 0 }
  }

  #newDirectory(made: { readOnly: boolean; output: boolean; pinned: boolean }): DirectoryNode {
    const entries = new Entries()
    return { type: 'directory', entries, parent: undefined, ...made, ...this.#common() }
  }

  #addFile(
    parent: DirectoryNode,
    name: string,
    content: { readOnly: boolean; bytes: Uint8Array; size: number },
  ): FileNode {
    if (parent.output) this.#budget.ensure({ outputFiles: 1, outputBytes: content.size })
    this.#budget.count({ names: 1 })
    const node: FileNode = {
      type: 'file',
      outputNames: 0,
      opens: 0,
      ...content,
      ...this.#common(),
    }
    if (parent.output) this.#enterOutput([node])
    this.#put(parent, name, node)
    return node
  }

  #put(parent: DirectoryNode, name: string, node: TreeNode): void {
    parent.entries.add(name, node)
    node.names++
    if (node.type === 'directory') node.parent = parent
    this.#touch(parent)
  }

  #take(parent: DirectoryNode, name: string, node: TreeNode): void {
    parent.entries.remove(name)
    node.names--
    this.#touch(parent)
  }

  #dropIfGone(node: FileNode | LinkNode): void {
    if (node.names > 0 || (node.type === 'file' && node.opens > 0)) return
    if (node.type === 'link') {
      this.#budget.count({ names: -1, fileBytes: -Buffer.byteLength(node.target) })
    } else if (node.readOnly) this.#budget.count({ names: -1 })
    else {
      this.#budget.count({ names: -1, fileBytes: -node.size })
      node.bytes = NO_BYTES
    }
  }

  #ensureMovable(node: DirectoryNode, into: DirectoryNode): void {
    if (node.pinned) fail('BUSY')
    for (let above: DirectoryNode | undefined = into; above !== undefined; above = above.parent) {
      if (above === node) fail('INVAL') // a directory cannot move into itself
    }
    let height = 0
    this.#walk(node, (_, depth) => {
      height = Math.max(height, depth)
    })
    if (depthOf(into) + 1 + height > LIMITS.pathDepthMax) fail('NAMETOOLONG')
  }

  #ensureReplaceable(node: TreeNode, replaced: TreeNode): void {
    if (node.type !== 'directory') {
      if (replaced.type === 'directory') fail('ISDIR')
    } else if (replaced.type !== 'directory') fail('NOTDIR')
    else if (replaced.pinned) fail('BUSY')
    else if (replaced.entries.size > 0) fail('NOTEMPTY')
  }

  /** Everything at and below a node. */
  #below(node: TreeNode): TreeNode[] {
    const found: TreeNode[] = []
    this.#walk(node, (below) => found.push(below))
    return found
  }

  /** Counts nodes as output that come under `/out`. */
  #enterOutput(nodes: readonly TreeNode[]): void {
    for (const node of nodes) {
      if (node.type === 'directory') node.output = true
      if (node.type !== 'file') continue
      this.#budget.count({ outputFiles: 1, outputBytes: node.size })
      node.outputNames++
    }
  }

  #leaveOutput(nodes: readonly TreeNode[]): void {
    for (const node of nodes) {
      if (node.type === 'directory') node.output = false
      if (node.type !== 'file') continue
      this.#budget.count({ outputFiles: -1, outputBytes: -node.size })
      node.outputNames--
    }
  }

  /** Fails unless `entering` may come under `/out` in the place of `replaced`. */
  #ensureEntering(entering: readonly TreeNode[], replaced: TreeNode | undefined): void {
    const files = entering.filter((node) => node.type === 'file')
    const freed = replaced?.type === 'file' ? replaced : undefined
    const bytes = files.reduce((sum, file) => sum + file.size, 0)
    this.#budget.ensure({
      outputFiles: files.length - (freed ? 1 : 0),
      outputBytes: bytes - (freed?.size ?? 0),
    })
  }

  /** Visits `node` at depth 0 and all below it; directories stand at most `pathDepthMax` deep. */
  #walk(node: TreeNode, visit: (node: TreeNode, depth: number) => void, depth = 0): void {
    this.#charge(WALK_FUEL)
    visit(node, node.type === 'directory' ? depth : depth - 1)
    if (node.type !== 'directory') return
    for (const entry of node.entries.from(0)) this.#walk(entry.node, visit, depth + 1)
  }
}

/** Gives a file room for `capacity` bytes, zeros after those that it has and that fit. */
function moveTo(file: FileNode, capacity: number): void {
  const bytes = new Uint8Array(capacity)
  bytes.set(file.bytes.subarray(0, Math.min(file.size, capacity)))
  file.bytes = bytes
}

/** The root is at 0, `/out` at 1. */
function depthOf(node: DirectoryNode): number {
  let depth = 0
  for (let above = node.parent; above !== undefined; above = above.parent) depth++
  return depth
}

/** The regular files below a directory: relative path and bytes, sorted by code unit. */
export function filesBelow(directory: DirectoryNode): { path: string; bytes: Uint8Array }[] {
  const found: { path: string; bytes: Uint8Array }[] = []
  const visit = (node: DirectoryNode, prefix: string) => {
    for (const { name, node: child } of node.entries.from(0)) {
      if (child.type === 'directory') visit(child, `${prefix}${name}/`)
      else if (child.type === 'file') {
        found.push({ path: prefix + name, bytes: child.bytes.slice(0, child.size) })
      }
    }
  }
  visit(directory, '')
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}
