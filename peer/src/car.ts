/**
 * CAR files: blocks in a row with named roots, the form in which a job leaves the mesh. Nothing
 * read from one is believed: whoever uses a block hashes it. Source: IPLD CARv1.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { bytesReader, readBlockHead, readHeader } from '@ipld/car/decoder'
import {
  admit,
  type Block,
  CID,
  encodeBlock,
  ensureCid,
  equalBytes,
  LIMITS,
  Refusal,
  textOf,
} from '@planetary-mesh/spec'
import { varint } from 'multiformats'

export type Car = {
  roots: readonly CID[]
  /** By CID; the bytes are as the file has them, not checked. */
  blocks: ReadonlyMap<string, Block>
}

/** A header of 1,700 roots; the length and the CID in front of a block. */
const HEADER_BYTES_MAX = 64 * 1024
const HEAD_BYTES_MAX = 128

/**
 * Writes a CAR file whole or not at all: under another name until it is on the disk. Each block is
 * written once. Gives the number of blocks and of their bytes. Refuses with BLOCK_TOO_LARGE what
 * `readCar` would not take: a block of more than 2 MiB, a header of more than 1,700 roots. Throws
 * Node's errors of the disk.
 */
export async function writeCar(
  path: string,
  roots: readonly CID[],
  blocks: AsyncIterable<Block> | Iterable<Block>,
): Promise<{ blocks: number; bytes: number }> {
  const temporary = `${path}.${randomUUID()}.part`
  const written = { blocks: 0, bytes: 0 }
  async function* sections() {
    yield section([encodeBlock({ version: 1, roots: [...roots] }, HEADER_BYTES_MAX - 3).bytes])
    const seen = new Set<string>()
    for await (const { cid, bytes } of blocks) {
      const key = textOf(cid)
      if (seen.has(key)) continue
      seen.add(key)
      const max = LIMITS.blockBytesMax
      admit(bytes.length <= max, 'BLOCK_TOO_LARGE', `${bytes.length} bytes, at most ${max}`)
      written.blocks += 1
      written.bytes += bytes.length
      yield section([cid.bytes, bytes])
    }
  }
  // opened before anything can fail: a stream that opens late would make the file after its removal
  const file = await open(temporary, 'wx')
  try {
    await pipeline(sections(), file.createWriteStream({ flush: true }))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  return written
}

/**
 * Reads a CAR file into memory. Refuses with FILE_MALFORMED what is cut short, of another version,
 * or holds a block larger than 2 MiB or of a CID that no record links to; with BLOCK_CID_MISMATCH
 * one that gives a CID two contents; with FILE_TOO_LARGE a file above 4 GiB. Throws Node's errors
 * of the disk.
 */
export async function readCar(path: string): Promise<Car> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const max = LIMITS.carBytesMax
    admit(size <= max, 'FILE_TOO_LARGE', `${size} bytes, at most ${max}`)
    return await readSections(new FileWindow(file))
  } finally {
    await file.close()
  }
}

/** Bytes with their number in front, as an unsigned varint. */
function section(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const bytes = new Uint8Array(varint.encodingLength(length) + length)
  varint.encodeTo(length, bytes)
  let at = bytes.length - length
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

async function readSections(window: FileWindow): Promise<Car> {
  const front = bytesReader(await window.at(0, HEADER_BYTES_MAX))
  const { roots } = await parsed(() => readHeader(front, 1))
  const blocks = new Map<string, Block>()
  for (let at = front.pos; ; ) {
    const head = await window.at(at, HEAD_BYTES_MAX)
    if (head.length === 0) break
    const { cid, length, blockLength } = await parsed(() => readBlockHead(bytesReader(head)))
    admit(
      blockLength >= 0 && blockLength <= LIMITS.blockBytesMax,
      'FILE_MALFORMED',
      `a block of ${blockLength} bytes at byte ${at}`,
    )
    const bytes = (await window.at(at + length - blockLength, blockLength)).slice()
    admit(bytes.length === blockLength, 'FILE_MALFORMED', `cut short at byte ${at}`)
    const ours = await parsed(() => accepted(cid))
    const before = blocks.get(textOf(ours))
    // one of them at least is not what its CID says, and a reader of the other would not see it
    admit(
      before === undefined || equalBytes(before.bytes, bytes),
      'BLOCK_CID_MISMATCH',
      () => `the file has two blocks of ${ours}, and they differ`,
    )
    if (before === undefined) blocks.set(textOf(ours), { cid: ours, bytes })
    at += length
  }
  return { roots: await parsed(() => roots.map(accepted)), blocks }
}

/** The package's CID class may be another copy of ours. */
function accepted(cid: unknown): CID {
  const ours = CID.asCID(cid)
  admit(ours !== null, 'CID_REFUSED', 'a link that is no CID')
  ensureCid(ours)
  return ours
}

/** The package parses a bounded view of the file; whatever it says of it is a refusal. */
async function parsed<T>(parse: () => T | Promise<T>): Promise<T> {
  try {
    return await parse()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Refusal('FILE_MALFORMED', `not a CAR file: ${message.slice(0, 200)}`, { cause })
  }
}

const WINDOW_BYTES = 1024 * 1024

/** A view of a file that moves forward with its reader. */
class FileWindow {
  readonly #file: FileHandle
  #start = 0
  #bytes = new Uint8Array()

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** The bytes from `offset` on, fewer than `length` only at the end; valid until the next call. */
  async at(offset: number, length: number): Promise<Uint8Array> {
    const from = offset - this.#start
    if (from < 0 || from + length > this.#bytes.length) {
      await this.#load(offset, Math.max(length, WINDOW_BYTES))
      return this.#bytes.subarray(0, length)
    }
    return this.#bytes.subarray(from, from + length)
  }

  async #load(offset: number, length: number): Promise<void> {
    const buffer = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#file.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    this.#start = offset
    this.#bytes = buffer.subarray(0, filled)
  }
}
