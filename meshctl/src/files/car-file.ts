/** CAR files of this machine: what a person names must be there, and may be damaged. */
import { type Car, readCar } from '@planetary-mesh/peer'
import { type CID, ensureHash, type GetBlock } from '@planetary-mesh/spec'
import { readError } from './host-errors.ts'

export type { Car } from '@planetary-mesh/peer'

/** Reads a CAR file, its blocks as they are. Refuses as `readCar` does. */
export async function readCarFile(path: string): Promise<Car> {
  try {
    return await readCar(path)
  } catch (thrown) {
    throw readError(path, thrown)
  }
}

/** Refuses with BLOCK_CID_MISMATCH a file with an altered block. */
export function ensureWhole({ blocks }: Car): void {
  for (const { cid, bytes } of blocks.values()) ensureHash(cid, bytes)
}

export const getFrom =
  ({ blocks }: Car): GetBlock =>
  (cid: CID) =>
    blocks.get(`${cid}`)?.bytes
