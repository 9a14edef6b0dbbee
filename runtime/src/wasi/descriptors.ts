/**
 * The guest's open descriptors: small numbers for a stream, a file or a directory, each with the
 * rights it was opened with. The lowest free number is given out, as POSIX has it.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { type ErrnoName, fail, RIGHTS, type Right } from './abi.ts'
import type { ByteSink } from './byte-sink.ts'
import type { DirectoryNode, FileNode } from './nodes.ts'
import type { Tree } from './tree.ts'

type Common = { rights: bigint; inheriting: bigint; flags: number }

export type StdinDescriptor = Common & { type: 'stdin'; bytes: Uint8Array; position: number }
export type OutputDescriptor = Common & { type: 'output'; sink: ByteSink }
export type FileDescriptor = Common & { type: 'file'; node: FileNode; position: number }
export type DirectoryDescriptor = Common & {
  type: 'directory'
  node: DirectoryNode
  /** Where a path's first name is looked up; `node` is the first of them. */
  search: readonly DirectoryNode[]
  /** The name that a preopened directory has for the guest. */
  preopen: string | undefined
}
export type Descriptor = StdinDescriptor | OutputDescriptor | FileDescriptor | DirectoryDescriptor

/** Who may seek may tell. */
const sufficient = (right: Right) =>
  right === 'FD_TELL' ? RIGHTS.FD_TELL | RIGHTS.FD_SEEK : RIGHTS[right]

export class Descriptors {
  readonly #open = new Map<number, Descriptor>()
  readonly #tree: Tree

  constructor(tree: Tree) {
    this.#tree = tree
  }

  /** EMFILE when all numbers are taken: asked before anything is made that is to be opened. */
  ensureFree(): void {
    if (this.#open.size >= LIMITS.descriptorsMax) fail('MFILE')
  }

  /** Opens at the lowest free number. EMFILE when all are taken. */
  add(descriptor: Descriptor): number {
    this.ensureFree()
    let number = 0
    while (this.#open.has(number)) number++
    this.#open.set(number, descriptor)
    if (descriptor.type === 'file') this.#tree.open(descriptor.node)
    return number
  }

  /** EBADF when nothing is open there, ENOTCAPABLE when it lacks the right. */
  get(number: number, right?: Right): Descriptor {
    const descriptor = this.#open.get(number) ?? fail('BADF')
    if (right !== undefined && (descriptor.rights & sufficient(right)) === 0n) fail('NOTCAPABLE')
    return descriptor
  }

  /** As `get`, but EISDIR for a directory and `ofStream` for a stream. */
  file(number: number, right?: Right, ofStream: ErrnoName = 'SPIPE'): FileDescriptor {
    const descriptor = this.get(number)
    if (descriptor.type === 'directory') fail('ISDIR')
    if (descriptor.type !== 'file') fail(ofStream)
    this.get(number, right)
    return descriptor
  }

  /** As `get`, and ENOTDIR unless it is a directory. */
  directory(number: number, right?: Right): DirectoryDescriptor {
    const descriptor = this.get(number)
    if (descriptor.type !== 'directory') fail('NOTDIR')
    this.get(number, right)
    return descriptor
  }

  close(number: number): void {
    const descriptor = this.get(number)
    this.#open.delete(number)
    if (descriptor.type === 'file') this.#tree.close(descriptor.node)
  }

  /** Moves `from` onto `to`, which must be open and is closed. */
  renumber(from: number, to: number): void {
    const descriptor = this.get(from)
    this.get(to)
    if (from === to) return
    this.close(to)
    this.#open.delete(from)
    this.#open.set(to, descriptor)
  }
}
