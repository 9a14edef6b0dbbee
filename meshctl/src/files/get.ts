/**
 * `meshctl get`: one thing out of a CAR file or the mesh by its CID, every block checked against
 * its hash: a file's bytes, a folder's files, a record as JSON.
 */
import {
  attempt,
  type CID,
  CODEC,
  decodeBlock,
  type GetBlock,
  openAny,
  Refusal,
  readDirectory,
  readFile,
  readNode,
  type VirtualFile,
} from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { wholeCid } from '../cli/ids.ts'
import { jsonText, print, printable, printBytes, printJson } from '../cli/terminal.ts'
import { withMesh } from '../jobs/with-mesh.ts'
import { findCid } from '../proof/find-cid.ts'
import { getFrom, readCarFile } from './car-file.ts'
import { toDagJson } from './dag-json.ts'
import { readFromMesh } from './mesh-files.ts'
import { writeNew, writeOutputs } from './write-outputs.ts'

export type GetOptions = {
  from?: string
  node?: string
  output?: string
  force?: boolean
  json?: boolean
}

export async function get(text: string, options: GetOptions): Promise<Exit> {
  const { from, node } = options
  if (from === undefined) {
    const cid = wholeCid(text)
    if (cid === undefined)
      throw new UsageError(`'${text}' is not a whole CID`, 'or give --from CAR')
    const read = await withMesh(node === undefined ? {} : { node }, ({ client }) =>
      readFromMesh(client, cid),
    )
    return give(cid, read, options)
  }
  const car = await readCarFile(from)
  const cids = [...car.blocks.values()].map((block) => block.cid)
  return give(findCid(text, cids, 'block'), getFrom(car), options)
}

async function give(cid: CID, read: GetBlock, options: GetOptions): Promise<Exit> {
  if (cid.code === CODEC['dag-cbor']) return getRecord(cid, read, options)
  const bytes = read(cid)
  if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid} is not in the file`)
  const node = readNode(cid, bytes)
  const ref = { cid, bytes: bytesOf(cid, read) }
  return node.type === 'directory'
    ? getFolder(cid, readDirectory(ref, read), options)
    : getFile(cid, readFile(ref, read), options)
}

async function getFile(cid: CID, bytes: Uint8Array, options: GetOptions): Promise<Exit> {
  const { output, json, force = false } = options
  if (output !== undefined) await writeNew(output, bytes, force)
  else if (json !== true) printBytes(process.stdout, bytes)
  if (json) printJson({ cid: `${cid}`, type: 'file', bytes: bytes.length, output: output ?? null })
  return EXIT.done
}

async function getFolder(
  cid: CID,
  files: readonly VirtualFile[],
  { output, json, force = false }: GetOptions,
): Promise<Exit> {
  if (output !== undefined) await writeOutputs(output, files, force)
  const listed = files.map(({ path, bytes }) => ({ path, bytes: bytes.length }))
  if (json) {
    printJson({ cid: `${cid}`, type: 'folder', files: listed, output: output ?? null })
    return EXIT.done
  }
  for (const { path, bytes } of listed) {
    print(`${printable(path)}  ${withCommas(bytes)} bytes\n`)
  }
  return EXIT.done
}

async function getRecord(cid: CID, read: GetBlock, { output, force }: GetOptions): Promise<Exit> {
  const bytes = read(cid)
  if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid} is not in the file`)
  const record = attempt(() => openAny(bytes, { cid }))
  // log entries, anchors and cosignatures are blocks that nobody signs
  const isUnsigned = record instanceof Refusal && !('kind' in Object(decodeBlock(bytes, { cid })))
  if (record instanceof Refusal && !isUnsigned) throw record
  const value =
    record instanceof Refusal
      ? { cid: `${cid}`, type: 'block', value: toDagJson(decodeBlock(bytes, { cid })) }
      : {
          cid: `${cid}`,
          type: 'record',
          kind: record.kind,
          author: record.author,
          body: toDagJson(record.body),
        }
  if (output === undefined) printJson(value)
  else {
    await writeNew(output, new TextEncoder().encode(jsonText(value)), force === true)
  }
  return EXIT.done
}

/** How many bytes the files below a CID have together, as its own blocks say. */
function bytesOf(cid: CID, read: GetBlock): number {
  const bytes = read(cid)
  if (bytes === undefined) throw new Refusal('BLOCK_MISSING', `${cid}`)
  const node = readNode(cid, bytes)
  if (node.type === 'leaf') return node.bytes.length
  if (node.type === 'branch') return node.bytes
  return node.entries.reduce((sum, entry) => sum + bytesOf(entry.cid, read), 0)
}
