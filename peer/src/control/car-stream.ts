/**
 * CAR files as they come and go over a connection: block after block, never whole. What is read is
 * hashed before it is given. Source: IPLD CARv1.
 */
import { bytesReader, readHeader } from '@ipld/car/decoder'
import {
  admit,
  type Block,
  CID,
  encodeBlock,
  ensureCid,
  ensureHash,
  LIMITS,
  Refusal,
} from '@planetary-mesh/spec'
import { varint } from 'multiformats'

/** A header of 1,700 roots. */
const HEADER_BYTES_MAX = 64 * 1024
const CID_BYTES = 36
/** A varint of four bytes is more than any section may have. */
const VARINT_BYTES_MAX = 4
/** Small blocks are handed on together. */
const PIECE_BYTES = 64 * 1024

/** The pieces of a CAR file, each of at most a block and 64 KiB. */
export async function* carPieces(
  roots: readonly CID[],
  blocks: AsyncIterable<Block> | Iterable<Block>,
): AsyncGenerator<Uint8Array> {
  const header = encodeBlock({ version: 1, roots: [...roots] }, HEADER_BYTES_MAX).bytes
  let pile: Uint8Array[] = [lengthOf(header.length), header]
  let bytes = header.length
  for await (const { cid, bytes: content } of blocks) {
    pile.push(lengthOf(cid.bytes.length + content.length), cid.bytes, content)
    bytes += content.length
    if (bytes < PIECE_BYTES) continue
    yield Buffer.concat(pile)
    pile = []
    bytes = 0
  }
  if (pile.length > 0) yield Buffer.concat(pile)
}

/**
 * The roots of a CAR file, and its blocks as they come, each hashed. Refuses with FILE_MALFORMED
 * what is cut short, of another version, or has a block above 2 MiB; with CID_REFUSED and
 * BLOCK_CID_MISMATCH a block of a wrong name.
 */
export async function readCarStream(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ roots: readonly CID[]; blocks: AsyncGenerator<Block> }> {
  const bytes = openBytes(chunks)
  const roots = await readRoots(bytes).catch(async (error) => {
    await bytes.close()
    throw error
  })
  async function* blocks() {
    try {
      for (;;) {
        const length = await bytes.varint()
        if (length === undefined) return
        const fits = length >= CID_BYTES && length <= CID_BYTES + LIMITS.blockBytesMax
        admit(fits, 'FILE_MALFORMED', `a section of ${length} bytes in a CAR file`)
        const section = await bytes.take(length)
        const cid = cidIn(section.slice(0, CID_BYTES))
        const content = section.subarray(CID_BYTES)
        ensureHash(cid, content)
        yield { cid, bytes: content }
      }
    } finally {
      await bytes.close()
    }
  }
  return { roots, blocks: blocks() }
}

const lengthOf = (length: number) =>
  varint.encodeTo(length, new Uint8Array(varint.encodingLength(length)))

async function readRoots(bytes: ReturnType<typeof openBytes>): Promise<CID[]> {
  const length = await bytes.varint()
  admit(length !== undefined, 'FILE_MALFORMED', 'an empty CAR file')
  admit(length <= HEADER_BYTES_MAX, 'FILE_MALFORMED', `a CAR header of ${length} bytes`)
  return rootsIn(Buffer.concat([lengthOf(length), await bytes.take(length)]))
}

/** Whatever the package says of a header is a refusal. */
async function rootsIn(header: Uint8Array): Promise<CID[]> {
  try {
    const { roots } = await readHeader(bytesReader(header), 1)
    return roots.map((root) => cidIn(new Uint8Array(root.bytes)))
  } catch (cause) {
    if (cause instanceof Refusal) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new Refusal('FILE_MALFORMED', `not a CAR file: ${message.slice(0, 200)}`, { cause })
  }
}

function cidIn(bytes: Uint8Array): CID {
  let cid: CID
  try {
    cid = CID.decode(bytes)
  } catch (cause) {
    throw new Refusal('CID_REFUSED', 'a section does not begin with a CID of 36 bytes', { cause })
  }
  ensureCid(cid)
  return cid
}

/** Bytes in exact numbers from chunks of any size; at most a chunk more than was asked is held. */
function openBytes(chunks: AsyncIterable<Uint8Array>) {
  const source = chunks[Symbol.asyncIterator]()
  let held: Uint8Array[] = []
  let count = 0

  /** Until this many are held, or nothing more comes. */
  const gather = async (wanted: number): Promise<boolean> => {
    while (count < wanted) {
      const { done, value } = await source.next()
      if (done === true) return false
      held.push(value)
      count += value.length
    }
    return true
  }

  const take = async (wanted: number): Promise<Uint8Array> => {
    admit(await gather(wanted), 'FILE_MALFORMED', 'a CAR file that is cut short')
    const taken = new Uint8Array(wanted)
    let at = 0
    let used = 0
    for (const chunk of held) {
      const part = chunk.subarray(0, wanted - at)
      taken.set(part, at)
      at += part.length
      if (part.length < chunk.length) break
      used += 1
    }
    const rest = held[used]
    const restFrom = wanted - held.slice(0, used).reduce((sum, { length }) => sum + length, 0)
    held = rest === undefined ? [] : [rest.subarray(restFrom), ...held.slice(used + 1)]
    count -= wanted
    return taken
  }

  return {
    take,
    /** The next length, or undefined at the end. */
    async varint(): Promise<number | undefined> {
      if (!(await gather(1))) return undefined
      const bytes = new Uint8Array(VARINT_BYTES_MAX)
      for (let at = 0; at < VARINT_BYTES_MAX; at++) {
        bytes.set(await take(1), at)
        const last = bytes[at] as number
        if (last >= 0x80) continue
        // the shortest form alone, else one file had many spellings
        admit(at === 0 || last > 0, 'FILE_MALFORMED', 'a CAR file with a length that is padded')
        return varint.decode(bytes.subarray(0, at + 1))[0]
      }
      throw new Refusal('FILE_MALFORMED', 'a CAR file with a section of 256 MiB or more')
    },
    /** The source may stop; that it fails to is its own affair. */
    close: async () => void (await source.return?.().catch(() => {})),
  }
}
