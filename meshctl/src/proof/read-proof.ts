/**
 * From the words of the command line to what is checked: which file, which receipt, which charter
 * is trusted. The charter comes from outside the file if it can.
 */

import { readFile } from 'node:fs/promises'
import { isMissing } from '@planetary-mesh/peer'
import { Anchor, attempt, type CID, parseCid, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { readCarFile } from '../files/car-file.ts'
import { homeFolder, pinFile } from '../state/places.ts'
import { findCid } from './find-cid.ts'
import { type Proof, proofOf } from './proof.ts'

export async function readProof(path: string): Promise<Proof> {
  const { roots, blocks } = await readCarFile(path)
  return proofOf(roots, blocks)
}

/**
 * The receipt that is meant: by its CID or by its job's (or the beginning of either), else the
 * file's first root. Refuses with RECEIPT_UNKNOWN a job without a receipt in the file.
 */
export function pickReceipt({ roots, records }: Proof, wanted?: string): CID {
  const receipts = records.filter((record) => record.kind === 'receipt')
  if (wanted === undefined) {
    const [first] = roots
    if (first === undefined) throw new UsageError('the file has no first root', 'name the receipt')
    return first
  }
  const jobs = receipts.map(({ body }) => body.manifest)
  const named = findCid(wanted, [...receipts.map(({ cid }) => cid), ...jobs], 'receipt or job')
  const ofJob = receipts.filter(({ body }) => body.manifest.equals(named))
  const isManifest = records.some(({ kind, cid }) => kind === 'manifest' && cid.equals(named))
  const [only] = ofJob
  if (only === undefined && isManifest) {
    throw new Refusal('RECEIPT_UNKNOWN', `the file holds no receipt of the job ${named}`)
  }
  if (ofJob.length > 1) {
    const names = ofJob.map(({ cid }) => `${cid}`).join('\n    ')
    throw new UsageError('the job has several receipts', `name one of\n    ${names}`)
  }
  return only?.cid ?? named
}

export type Genesis = { cid: CID; from: 'option' | 'home' | 'file' }

/** The trust root: `--charter`, else what the home pins, else the third root of the file itself. */
export async function pickGenesis({ roots }: Proof, option?: string): Promise<Genesis> {
  if (option !== undefined) return { cid: parseCharter(option), from: 'option' }
  const pinned = await readPin()
  if (pinned !== undefined) return { cid: pinned, from: 'home' }
  const third = roots[2]
  if (third === undefined) {
    throw new UsageError(
      'no charter is pinned, and the file names none',
      'give --charter CID: without a charter there is nothing to verify against',
    )
  }
  return { cid: third, from: 'file' }
}

async function readPin(): Promise<CID | undefined> {
  const file = pinFile(homeFolder())
  try {
    return parseCid((await readFile(file, 'utf8')).trim())
  } catch (thrown) {
    if (thrown instanceof Refusal) throw new UsageError(`${file}: ${thrown.detail}`)
    if (isMissing(thrown)) return undefined
    throw new UsageError(`cannot read ${file}: ${Object(thrown).code}`)
  }
}

/** `--charter`: a whole CID, or a usage error. */
export function parseCharter(text: string): CID {
  const cid = attempt(() => parseCid(text))
  if (cid instanceof Refusal) throw new UsageError(`--charter: ${cid.detail}`)
  return cid
}

/** How many anchors of a file are tried as its newest. */
const HEADS_MAX = 16

/** The file's second root if that is an anchor, else its anchors, the longest log first. */
export function headsOf({ roots, cids, get }: Proof): CID[] {
  const sizeOf = (cid: CID) => {
    const anchor = attempt(() => Anchor.decode(get(cid) ?? new Uint8Array(), cid))
    return anchor instanceof Refusal ? undefined : anchor.size
  }
  const second = roots[1]
  if (second !== undefined && sizeOf(second) !== undefined) return [second]
  return cids
    .map((cid) => ({ cid, size: sizeOf(cid) ?? -1 }))
    .filter(({ size }) => size >= 0)
    .sort((a, b) => b.size - a.size)
    .slice(0, HEADS_MAX)
    .map(({ cid }) => cid)
}
