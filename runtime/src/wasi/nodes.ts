/**
 * What stands in the virtual tree: files, directories and symbolic links, as plain data. All
 * changes go through `tree.ts`, which keeps the counts.
 */

export type Times = { accessed: bigint; modified: bigint; changed: bigint }

type Common = {
  readonly inode: bigint
  /** Nanoseconds since 1970 on the guest's clock. */
  times: Times
  /** How many names it has. */
  names: number
}

export type FileNode = Common & {
  readonly type: 'file'
  /** Given by the host: its bytes are shared with the caller and never change. */
  readonly readOnly: boolean
  /** `bytes` may be longer than the file; only the first `size` count. */
  bytes: Uint8Array
  size: number
  /** How many of its names stand under `/out`. */
  outputNames: number
  /** Descriptors open on it: a file without names lives until the last is closed. */
  opens: number
}

export type DirectoryNode = Common & {
  readonly type: 'directory'
  readonly readOnly: boolean
  readonly entries: Entries
  /** Undefined for the root and for a directory that was removed. */
  parent: DirectoryNode | undefined
  /** Stands under `/out`: files in it are output. */
  output: boolean
  /** Part of the layout: cannot be renamed or removed. */
  readonly pinned: boolean
}

export type LinkNode = Common & { readonly type: 'link'; readonly target: string }

export type TreeNode = FileNode | DirectoryNode | LinkNode

export type Entry = {
  readonly cookie: number
  readonly name: string
  readonly node: TreeNode
  removed: boolean
}

/**
 * The names of one directory in the order they came. Each keeps its cookie for ever, so that a
 * listing goes on where it stopped whatever was added or removed in between.
 */
export class Entries {
  readonly #byName = new Map<string, Entry>()
  #ordered: Entry[] = []
  #next = 0

  get size(): number {
    return this.#byName.size
  }

  get(name: string): TreeNode | undefined {
    return this.#byName.get(name)?.node
  }

  add(name: string, node: TreeNode): void {
    const entry = { cookie: this.#next++, name, node, removed: false }
    this.#byName.set(name, entry)
    this.#ordered.push(entry)
  }

  remove(name: string): void {
    const entry = this.#byName.get(name)
    if (entry === undefined) return
    this.#byName.delete(name)
    entry.removed = true
    // swept when most are gone, so that a listing costs what it lists
    if (this.#ordered.length > 16 && this.#byName.size * 2 < this.#ordered.length) {
      this.#ordered = this.#ordered.filter((held) => !held.removed)
    }
  }

  /** The entries with this cookie or a later one. */
  *from(cookie: number): Generator<Entry> {
    let low = 0
    let high = this.#ordered.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ordered[middle] as Entry).cookie < cookie) low = middle + 1
      else high = middle
    }
    for (let index = low; index < this.#ordered.length; index++) {
      const entry = this.#ordered[index] as Entry
      if (!entry.removed) yield entry
    }
  }
}
