/** CAR files of this machine: what a person names must be there, and may be damaged. */
import { type Car, isMissing, readCar } from '@planetary-mesh/peer'
import { type CID, ensureHash, type GetBlock } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'

export type { Car } from '@planetary-mesh/peer'

/** Reads a CAR file, its blocks as they are. Refuses with FILE_MALFORMED, FILE_TOO_LARGE. */
export async function readCarFile(path: string): Promise<Car> {
  try {
    return await readCar(path)
  } catch (thrown) {
    if (isMissing(thrown)) throw new UsageError(`cannot read '${path}': there is no such file`)
    if (Object(thrown).code === 'EACCES')
      throw new UsageError(`cannot read '${path}': it may not be read`)
    throw thrown
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
