/** Trees over CIDs: roots of every size, proofs, and proofs that prove nothing. */
import {
  appendLeaf,
  cidOf,
  consistencyProof,
  inclusionProof,
  NO_PEAKS,
  plantTree,
  rootOf,
} from '@planetary-mesh/spec'
import { hex, type Json, type VectorFile } from './json.ts'

const COUNT = 11
const utf8 = new TextEncoder()
const leaves = Array.from({ length: COUNT }, (_, n) => cidOf('dag-cbor', utf8.encode(`${n}`)))
const tree = plantTree(leaves.map((leaf) => leaf.bytes))
const roots = leaves.reduce(
  (found, leaf) => {
    const peaks = appendLeaf(found.peaks, leaf.bytes)
    return { peaks, roots: [...found.roots, hex(rootOf(peaks))] }
  },
  { peaks: NO_PEAKS, roots: [hex(rootOf(NO_PEAKS))] },
).roots
const rootAt = (size: number) => roots[size] as string

type Proof = { [key: string]: Json; proof: string[] }

function inclusion(index: number, size: number): Proof {
  const proof = inclusionProof(tree, index, size).map(hex)
  return { leaf: `${leaves[index]}`, index, size, root: rootAt(size), proof }
}

function consistency(sizeFrom: number, size: number): Proof {
  const proof = consistencyProof(tree, sizeFrom, size).map(hex)
  return { sizeFrom, rootFrom: rootAt(sizeFrom), size, root: rootAt(size), proof }
}

export function treeVectors(): VectorFile {
  const sizes = Array.from({ length: COUNT + 1 }, (_, size) => size)
  const included = sizes.flatMap((size) =>
    sizes.slice(0, size).map((index) => inclusion(index, size)),
  )
  const grown = sizes.flatMap((size) =>
    sizes.slice(0, size + 1).map((from) => consistency(from, size)),
  )
  const one = inclusion(4, 11)
  const two = consistency(6, 11)
  const cut = (proof: Proof) => ({ ...proof, proof: proof.proof.slice(0, -1) })
  const longer = (proof: Proof) => ({ ...proof, proof: [...proof.proof, rootAt(1)] })
  const swapped = (proof: Proof) => ({ ...proof, proof: proof.proof.toReversed() })
  const cases: [name: string, proof: Proof][] = [
    ['another leaf', { ...one, leaf: `${leaves[5]}` }],
    ['another index', { ...one, index: 5 }],
    ['another size', { ...one, size: 5 }],
    ['an index beyond the size', { ...one, index: 11 }],
    ['a negative index', { ...one, index: -1 }],
    ['the root of another size', { ...one, root: rootAt(10) }],
    ['an inclusion proof cut short', cut(one)],
    ['an inclusion proof with one hash more', longer(one)],
    ['an inclusion proof in another order', swapped(one)],
    ['no inclusion proof', { ...one, proof: [] }],
    ['a hash of 31 bytes', { ...one, proof: one.proof.map((hash) => hash.slice(2)) }],
    ['an inclusion proof of 55 hashes', { ...one, proof: Array(55).fill(rootAt(1)) }],
    ['a size of 2^53 - 1', { ...one, size: Number.MAX_SAFE_INTEGER }],
    ['another old size', { ...two, sizeFrom: 7 }],
    ['another old root', { ...two, rootFrom: rootAt(7) }],
    ['another new root', { ...two, root: rootAt(10) }],
    ['a tree that shrank', { ...two, sizeFrom: 11, size: 6 }],
    ['two roots of one size', { ...consistency(6, 6), rootFrom: rootAt(5) }],
    ['a root of an empty tree that is not empty', { ...consistency(0, 6), rootFrom: rootAt(1) }],
    ['a tree of 0 with a root', { ...consistency(0, 0), root: rootAt(1) }],
    ['a proof from 0 with a hash', longer(consistency(0, 6))],
    ['a proof to itself with a hash', longer(consistency(6, 6))],
    ['a consistency proof cut short', cut(two)],
    ['a consistency proof with one hash more', longer(two)],
    ['a consistency proof in another order', swapped(two)],
    ['no consistency proof', { ...two, proof: [] }],
    ['no consistency proof from a perfect tree', { ...consistency(8, 11), proof: [] }],
    ['an old size of 2^53 - 1', { ...two, sizeFrom: Number.MAX_SAFE_INTEGER }],
  ]
  return {
    about:
      'RFC 6962 over the 36 bytes of CIDs. Roots and proofs in hex; a case with `index` is an ' +
      'inclusion proof, one with `sizeFrom` a consistency proof, one with `leaves` a root.',
    accepted: [
      ...sizes.map((size) => ({
        leaves: leaves.slice(0, size).map((leaf) => `${leaf}`),
        root: rootAt(size),
      })),
      ...included,
      ...grown,
    ],
    refused: cases.map(([name, proof]) => ({ name, code: 'TREE_PROOF_INVALID', ...proof })),
  }
}
