/**
 * `meshctl put`: files and folders into the mesh or a CAR file, as blocks that any IPFS node could
 * serve.
 */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { writeCar } from '@planetary-mesh/peer'
import {
  type CID,
  type EncodedFile,
  encodeDirectory,
  encodeFile,
  LIMITS,
} from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { upload } from '../jobs/upload.ts'
import { withMesh } from '../jobs/with-mesh.ts'
import { ensureWhole, readCarFile } from './car-file.ts'
import { writeError } from './host-errors.ts'
import { readHostFile, readHostFolder, roomForInputs } from './host-files.ts'

export type PutOptions = { to?: string; from?: string; out?: string; node?: string; json?: true }

export async function put(
  paths: readonly string[],
  { to, from, out, node, json }: PutOptions,
): Promise<Exit> {
  const cars = [to, from, out].filter((path) => path !== undefined)
  const [car] = cars
  if (cars.length > 1) throw new UsageError('name one file with --to CAR')
  if (car === undefined) return putInMesh(paths, { node, json })
  const before = existsSync(car) ? await readCarFile(car) : { roots: [], blocks: new Map() }
  ensureWhole(before)
  const files = await encodeAll(paths)
  const added = files.map(({ file }) => file)
  const roots = distinct([...before.roots, ...added.map(({ cid }) => cid)])
  await write(car, roots, [...before.blocks.values(), ...added.flatMap(({ blocks }) => blocks)])
  return tell(files, { car }, json === true)
}

/** They are durable at the node when it is printed; other members get them by asking for them. */
function putInMesh(
  paths: readonly string[],
  { node, json }: { node: string | undefined; json: true | undefined },
): Promise<Exit> {
  return withMesh(node === undefined ? {} : { node }, async (mesh) => {
    const files = await encodeAll(paths)
    const blocks = new Map(
      files.flatMap(({ file }) => file.blocks.map((one) => [`${one.cid}`, one])),
    )
    await upload(mesh.client, [...blocks.values()], mesh.signal)
    return tell(files, { node: mesh.home.node }, json === true)
  })
}

type Put = { path: string; file: EncodedFile }

async function encodeAll(paths: readonly string[]): Promise<Put[]> {
  const files: Put[] = []
  for (const path of paths) files.push({ path, file: await encode(path) })
  return files
}

function tell(
  files: readonly Put[],
  where: { car: string } | { node: string },
  json: boolean,
): Exit {
  if (json) {
    printJson({
      ...where,
      files: files.map(({ path, file }) => ({ path, cid: `${file.cid}`, bytes: file.bytes })),
    })
    return EXIT.done
  }
  for (const { path, file } of files) {
    print(`${file.cid}  ${withCommas(file.bytes)} bytes  ${printable(path)}\n`)
  }
  return EXIT.done
}

async function encode(path: string): Promise<EncodedFile> {
  const isFolder = path !== '-' && (await stat(path).catch(() => undefined))?.isDirectory()
  if (isFolder !== true) return encodeFile(await readHostFile(path, LIMITS.inputBytesMax))
  const { files, skipped } = await readHostFolder(path, roomForInputs())
  for (const left of skipped) note(`meshctl: left out of ${path}: ${printable(left)}\n`)
  return encodeDirectory(files)
}

async function write(car: string, ...[roots, blocks]: Written): Promise<void> {
  try {
    await writeCar(car, roots, blocks)
  } catch (thrown) {
    throw writeError(car, thrown)
  }
}

type Written = [roots: readonly CID[], blocks: Parameters<typeof writeCar>[2]]

const distinct = (cids: readonly CID[]) => [...new Map(cids.map((cid) => [`${cid}`, cid])).values()]
