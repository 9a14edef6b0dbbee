/** The Merkle tree of a log: published roots and proofs, and properties of every tree. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  appendLeaf,
  consistencyProof,
  inclusionProof,
  NO_PEAKS,
  parseCid,
  plantTree,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '@planetary-mesh/spec'
import fc from 'fast-check'
import { fromHex, readPublished, readVectors } from '../records/vector-files.ts'

const invalid = { code: 'TREE_PROOF_INVALID' }
const rootAt = (leaves: readonly Uint8Array[]) => rootOf(leaves.reduce(appendLeaf, NO_PEAKS))

describe('the reference tree of Certificate Transparency', () => {
  const published = readPublished<{
    leaves: string[]
    roots: string[]
    inclusion: { index: number; size: number; proof: string[] }[]
    consistency: { sizeFrom: number; size: number; proof: string[] }[]
  }>('rfc6962')
  const leaves = published.leaves.map(fromHex)
  const roots = published.roots.map(fromHex)
  const tree = plantTree(leaves)

  test('has the published root at each size', () => {
    for (const [size, root] of roots.entries())
      assert.deepEqual(rootAt(leaves.slice(0, size)), root)
  })
  for (const { index, size, proof } of published.inclusion) {
    test(`gives the published path of leaf ${index} of ${size}`, () => {
      assert.deepEqual(inclusionProof(tree, index, size), proof.map(fromHex))
    })
  }
  for (const { sizeFrom, size, proof } of published.consistency) {
    test(`gives the published proof from ${sizeFrom} to ${size}`, () => {
      assert.deepEqual(consistencyProof(tree, sizeFrom, size), proof.map(fromHex))
    })
  }
})

type Vector = {
  name?: string
  leaves?: string[]
  leaf?: string
  index?: number
  sizeFrom?: number
  rootFrom?: string
  size: number
  root: string
  proof: string[]
}

function verify(vector: Vector): void {
  const root = fromHex(vector.root)
  const { size } = vector
  const proof = vector.proof?.map(fromHex)
  if (vector.leaf !== undefined) {
    const leaf = parseCid(vector.leaf).bytes
    verifyInclusion({ leaf, index: vector.index as number, size, root, proof })
  } else if (vector.leaves === undefined) {
    const rootFrom = fromHex(vector.rootFrom as string)
    verifyConsistency({ sizeFrom: vector.sizeFrom as number, rootFrom, size, root, proof })
  } else {
    assert.deepEqual(rootAt(vector.leaves.map((leaf) => parseCid(leaf).bytes)), root)
  }
}

describe('the vectors of trees', () => {
  const { accepted, refused } = readVectors<Vector, Vector>('tree')
  test(`accepts all of ${accepted.length} roots and proofs`, () => {
    assert.ok(accepted.length > 100)
    for (const vector of accepted) verify(vector)
  })
  for (const vector of refused) {
    test(`refuses ${vector.name}`, () => assert.throws(() => verify(vector), invalid))
  }
})

describe('any tree', () => {
  const leafList = fc.array(fc.uint8Array({ maxLength: 36 }), { minLength: 1, maxLength: 70 })

  test('proves each leaf at each size, and no other leaf', () => {
    fc.assert(
      fc.property(leafList, fc.nat(), fc.nat(), (leaves, a, b) => {
        const size = 1 + (a % leaves.length)
        const index = b % size
        const [leaf, root] = [leaves[index] as Uint8Array, rootAt(leaves.slice(0, size))]
        const proof = inclusionProof(plantTree(leaves), index, size)
        verifyInclusion({ leaf, index, size, root, proof })
        const other = Uint8Array.from([...leaf, 1])
        assert.throws(() => verifyInclusion({ leaf: other, index, size, root, proof }), invalid)
      }),
    )
  })

  test('proves that it grew from each smaller size, and not from another tree', () => {
    fc.assert(
      fc.property(leafList, fc.nat(), fc.nat(), (leaves, a, b) => {
        const size = 1 + (a % leaves.length)
        const sizeFrom = 1 + (b % size)
        const rootFrom = rootAt(leaves.slice(0, sizeFrom))
        const root = rootAt(leaves.slice(0, size))
        const proof = consistencyProof(plantTree(leaves), sizeFrom, size)
        verifyConsistency({ sizeFrom, rootFrom, size, root, proof })
        const other = rootFrom.with(0, (rootFrom[0] as number) ^ 1)
        assert.throws(
          () => verifyConsistency({ sizeFrom, rootFrom: other, size, root, proof }),
          invalid,
        )
      }),
    )
  })

  test('refuses a proof with any one bit changed', () => {
    const leaves = Array.from({ length: 13 }, (_, index) => Uint8Array.of(index))
    const [tree, root] = [plantTree(leaves), rootAt(leaves)]
    const included = inclusionProof(tree, 12, 13)
    const grown = consistencyProof(tree, 6, 13)
    const rootFrom = rootAt(leaves.slice(0, 6))
    for (const [proof, check] of [
      [
        included,
        (proof: Uint8Array[]) =>
          verifyInclusion({ leaf: leaves[12] as Uint8Array, index: 12, size: 13, root, proof }),
      ],
      [
        grown,
        (proof: Uint8Array[]) =>
          verifyConsistency({ sizeFrom: 6, rootFrom, size: 13, root, proof }),
      ],
    ] as const) {
      check(proof)
      for (let bit = 0; bit < proof.length * 256; bit++) {
        const changed = proof.map((hash) => hash.slice())
        const hash = changed[bit >> 8] as Uint8Array
        hash[(bit >> 3) & 31] = (hash[(bit >> 3) & 31] as number) ^ (1 << (bit & 7))
        assert.throws(() => check(changed), invalid)
      }
    }
  })

  test('has no proof of what it has not grown to', () => {
    const tree = plantTree([Uint8Array.of(1)])
    assert.throws(() => inclusionProof(tree, 0, 2), invalid)
    assert.throws(() => inclusionProof(tree, 1, 1), invalid)
    assert.throws(() => inclusionProof(tree, -1, 1), invalid)
    assert.throws(() => inclusionProof(tree, 0.5, 1), invalid)
    assert.throws(() => consistencyProof(tree, 2, 1), invalid)
    assert.throws(() => consistencyProof(tree, 0, 2), invalid)
  })

  test('takes a leaf for a leaf and a node for a node', () => {
    // without the prefixes, the hashes of two leaves side by side would be a leaf themselves
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)]
    const pair = Uint8Array.from([...rootAt([a]), ...rootAt([b])])
    assert.notDeepEqual(rootAt([pair]), rootAt([a, b]))
  })

  test('peaks are values: appending leaves the old ones as they were', () => {
    const one = appendLeaf(NO_PEAKS, Uint8Array.of(1))
    const root = rootOf(one)
    appendLeaf(one, Uint8Array.of(2))
    assert.deepEqual(rootOf(one), root)
    assert.equal(NO_PEAKS.size, 0)
  })
})
