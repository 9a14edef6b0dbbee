/** The people of the vectors and tests: their seeds are the hashes of their names. */
import { type Signer, sha256, signerFromSeed } from '@planetary-mesh/spec'

const person = (name: string): Signer => signerFromSeed(sha256(new TextEncoder().encode(name)))

/** Submits. */
export const alice = person('alice')
/** Bid. */
export const bruno = person('bruno')
export const chiara = person('chiara')
/** Lies. */
export const mallory = person('mallory')
/** Are the federation. */
export const dora = person('dora')
export const emil = person('emil')
export const fatou = person('fatou')
