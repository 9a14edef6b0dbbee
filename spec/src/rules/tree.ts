/**
 * The Merkle tree of a log: one root that commits to every entry and their order, and short proofs
 * that an entry is in it (inclusion) or that a log only grew (consistency). A log's leaves are the
 * 36 bytes of its entries' CIDs. Source: RFC 6962 section 2.1; verification: RFC 9162 section 2.1.
 *
 * Sizes come from strangers and may be anything up to 2^53 - 1, so no 32-bit operators here.
 */
import { admit } from '../errors.ts'
import { equalBytes } from '../records/block.ts'
import { sha256 } from '../records/cid.ts'

const EMPTY_ROOT = sha256(new Uint8Array())

/** A tree by the roots of its perfect subtrees, largest first: all that appending needs. */
export type Peaks = { readonly size: number; readonly hashes: readonly Uint8Array[] }

export const NO_PEAKS: Peaks = { size: 0, hashes: [] }

/** The peaks after one more leaf. */
export function appendLeaf(peaks: Peaks, leaf: Uint8Array): Peaks {
  const hashes = [...peaks.hashes]
  let hash = leafHash(leaf)
  for (let size = peaks.size; size % 2 === 1; size = half(size)) {
    hash = nodeHash(hashes.pop() as Uint8Array, hash)
  }
  hashes.push(hash)
  return { size: peaks.size + 1, hashes }
}

/** The root of the tree, 32 bytes; SHA-256 of nothing if it is empty. */
export function rootOf(peaks: Peaks): Uint8Array {
  return peaks.hashes.reduceRight<Uint8Array | undefined>(joined, undefined) ?? EMPTY_ROOT.slice()
}

/**
 * Every leaf of a tree, so that it can prove things about any size it ever had: what is kept is the
 * hash of each perfect subtree, `levels[l][i]` for leaves i·2^l … (i + 1)·2^l - 1.
 */
export type Tree = { readonly levels: Uint8Array[][] }

export function plantTree(leaves: Iterable<Uint8Array> = []): Tree {
  const tree: Tree = { levels: [[]] }
  for (const leaf of leaves) growTree(tree, leaf)
  return tree
}

/** Adds a leaf, in place. */
export function growTree(tree: Tree, leaf: Uint8Array): void {
  let hash = leafHash(leaf)
  for (let level = 0; ; level++) {
    const hashes = tree.levels[level] ?? []
    tree.levels[level] = hashes
    hashes.push(hash)
    if (hashes.length % 2 === 1) return
    hash = nodeHash(hashes[hashes.length - 2] as Uint8Array, hash)
  }
}

/**
 * The audit path of leaf `index` in the tree of the first `size` leaves, from the leaf up (RFC 6962
 * section 2.1.1). Refuses with TREE_PROOF_INVALID if there is no such leaf.
 */
export function inclusionProof(tree: Tree, index: number, size: number): Uint8Array[] {
  ensureGrown(tree, size)
  ensureCounts(index, size)
  admit(index < size, 'TREE_PROOF_INVALID', () => `no leaf ${index} in a tree of ${size}`)
  const path = (from: number, to: number): Uint8Array[] => {
    if (to - from === 1) return []
    const middle = from + splitOf(to - from)
    return index < middle
      ? [...path(from, middle), rangeHash(tree, middle, to)]
      : [...path(middle, to), rangeHash(tree, from, middle)]
  }
  return path(0, size)
}

/**
 * The proof that the first `sizeFrom` leaves are the beginning of the first `size` (RFC 6962
 * section 2.1.2); none is needed from 0. Refuses with TREE_PROOF_INVALID if there are fewer.
 */
export function consistencyProof(tree: Tree, sizeFrom: number, size: number): Uint8Array[] {
  ensureGrown(tree, size)
  ensureCounts(sizeFrom, size)
  admit(
    sizeFrom <= size,
    'TREE_PROOF_INVALID',
    () => `a tree of ${size} did not grow from ${sizeFrom}`,
  )
  const path = (from: number, to: number, known: boolean): Uint8Array[] => {
    if (sizeFrom === to) return known ? [] : [rangeHash(tree, from, to)]
    const middle = from + splitOf(to - from)
    return sizeFrom <= middle
      ? [...path(from, middle, known), rangeHash(tree, middle, to)]
      : [...path(middle, to, false), rangeHash(tree, from, middle)]
  }
  return sizeFrom === 0 ? [] : path(0, size, true)
}

export type Inclusion = {
  leaf: Uint8Array
  index: number
  size: number
  root: Uint8Array
  proof: readonly Uint8Array[]
}

/**
 * Refuses with TREE_PROOF_INVALID unless `leaf` is number `index` of the `size` leaves under `root`
 * (RFC 9162 section 2.1.3.2).
 */
export function verifyInclusion({ leaf, index, size, root, proof }: Inclusion): void {
  ensureCounts(index, size)
  admit(index < size, 'TREE_PROOF_INVALID', () => `no leaf ${index} in a tree of ${size}`)
  let at = index
  let last = size - 1
  let hash = leafHash(leaf)
  for (const sibling of ensureHashes(proof)) {
    admit(last > 0, 'TREE_PROOF_INVALID', 'the proof is too long')
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      while (at % 2 === 0 && at > 0) [at, last] = [half(at), half(last)]
    } else {
      hash = nodeHash(hash, sibling)
    }
    at = half(at)
    last = half(last)
  }
  admit(last === 0, 'TREE_PROOF_INVALID', 'the proof is too short')
  admit(equalBytes(hash, root), 'TREE_PROOF_INVALID', 'the proof leads to another root')
}

export type Consistency = {
  sizeFrom: number
  rootFrom: Uint8Array
  size: number
  root: Uint8Array
  proof: readonly Uint8Array[]
}

/**
 * Refuses with TREE_PROOF_INVALID unless the tree under `root` begins with that under `rootFrom`
 * (RFC 9162 section 2.1.4.2). The empty tree is the beginning of every tree.
 */
export function verifyConsistency({ sizeFrom, rootFrom, size, root, proof }: Consistency): void {
  ensureCounts(sizeFrom, size)
  admit(
    sizeFrom <= size,
    'TREE_PROOF_INVALID',
    () => `a tree of ${size} did not grow from ${sizeFrom}`,
  )
  const hashes = ensureHashes(proof)
  if (sizeFrom === 0 || sizeFrom === size) {
    const good =
      (sizeFrom > 0 || equalBytes(rootFrom, EMPTY_ROOT)) &&
      (sizeFrom < size || equalBytes(rootFrom, root))
    admit(good, 'TREE_PROOF_INVALID', () => `two roots for size ${sizeFrom}`)
    admit(hashes.length === 0, 'TREE_PROOF_INVALID', 'the proof is too long')
    return
  }
  // a perfect old tree is a node of the new one, so the proof leaves it out
  const [first, ...rest] = isPerfect(sizeFrom) ? [rootFrom, ...hashes] : hashes
  admit(first !== undefined && proof.length > 0, 'TREE_PROOF_INVALID', 'the proof is too short')
  let at = sizeFrom - 1
  let last = size - 1
  while (at % 2 === 1) [at, last] = [half(at), half(last)]
  let [before, after] = [first, first]
  for (const hash of rest) {
    admit(last > 0, 'TREE_PROOF_INVALID', 'the proof is too long')
    if (at % 2 === 1 || at === last) {
      before = nodeHash(hash, before)
      after = nodeHash(hash, after)
      while (at % 2 === 0 && at > 0) [at, last] = [half(at), half(last)]
    } else {
      after = nodeHash(after, hash)
    }
    at = half(at)
    last = half(last)
  }
  admit(last === 0, 'TREE_PROOF_INVALID', 'the proof is too short')
  admit(equalBytes(before, rootFrom), 'TREE_PROOF_INVALID', 'the proof leads to another old root')
  admit(equalBytes(after, root), 'TREE_PROOF_INVALID', 'the proof leads to another root')
}

/** The largest power of two below `count`, where RFC 6962 splits a tree. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

function isPerfect(count: number): boolean {
  return count === 1 || splitOf(count) * 2 === count
}

/** The root over leaves `from` … `to` - 1, a range that the splits of RFC 6962 lead to. */
function rangeHash(tree: Tree, from: number, to: number): Uint8Array {
  const count = to - from
  if (isPerfect(count)) return tree.levels[Math.log2(count)]?.[from / count] as Uint8Array
  const middle = from + splitOf(count)
  return nodeHash(rangeHash(tree, from, middle), rangeHash(tree, middle, to))
}

function leafHash(leaf: Uint8Array): Uint8Array {
  return hashParts(0, leaf)
}

function joined(right: Uint8Array | undefined, left: Uint8Array): Uint8Array {
  return right === undefined ? left : nodeHash(left, right)
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashParts(1, left, right)
}

function hashParts(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(Buffer.concat([Uint8Array.of(prefix), ...parts]))
}

const half = (count: number) => Math.floor(count / 2)

function ensureGrown(tree: Tree, size: number): void {
  const grown = tree.levels[0]?.length ?? 0
  admit(size <= grown, 'TREE_PROOF_INVALID', () => `no tree of ${size} yet, it has ${grown} leaves`)
}

function ensureCounts(...counts: readonly number[]): void {
  const good = counts.every((count) => Number.isSafeInteger(count) && count >= 0)
  admit(good, 'TREE_PROOF_INVALID', () => `${counts.join(' of ')} is no place in a tree`)
}

/** A tree of 2^53 leaves has paths of 53 hashes; a consistency proof takes at most one more. */
function ensureHashes(proof: readonly Uint8Array[]): readonly Uint8Array[] {
  const good = proof.length <= 54 && proof.every((hash) => hash.length === 32)
  admit(good, 'TREE_PROOF_INVALID', 'a proof is at most 54 hashes of 32 bytes')
  return proof
}
