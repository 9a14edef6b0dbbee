/**
 * The files of a job before it is submitted: those of this machine are cut into blocks here, of
 * those that are only named by CID the mesh is asked for the first block, which says the size.
 */
import {
  type Block,
  type CID,
  type EncodedFile,
  encodeFile,
  type FileRef,
  LIMITS,
  Refusal,
  readNode,
} from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { readHostFile } from '../files/host-files.ts'
import type { JobPlan, Source } from './plan.ts'
import type { JobFiles } from './seal-job.ts'

/** The bytes of one block from the mesh. Refuses with BLOCK_MISSING. */
export type AskBlock = (cid: CID) => Promise<Uint8Array>

export type Prepared = {
  files: JobFiles
  /** The blocks of the files of this machine, each once. */
  blocks: readonly Block[]
  /** The bytes of the module, where it is a file of this machine; else its first ones. */
  module: { bytes: Uint8Array; isWhole: boolean }
}

/** Files by CID that stand in for what a plan only names. */
export type Beside = ReadonlyMap<string, { file: EncodedFile; bytes: Uint8Array }>

/**
 * Refuses with FILE_TOO_LARGE (a module above 16 MiB, an input above 1 GiB), FILE_MALFORMED (a
 * folder), BLOCK_MISSING (nobody in the mesh has it). A path that cannot be read is usage.
 */
export async function prepareFiles(
  plan: JobPlan,
  ask: AskBlock,
  beside: Beside = new Map(),
): Promise<Prepared> {
  const fromStdin = [plan.module, plan.stdin, ...plan.inputs.map(({ source }) => source)]
  if (fromStdin.filter((one) => one !== null && 'path' in one && one.path === '-').length > 1) {
    throw new UsageError('only one file can come from our stdin')
  }
  const blocks = new Map<string, Block>()
  const take = async (what: string, source: Source, bytesMax: number) => {
    const found = await find(what, source, bytesMax, { ask, beside })
    for (const block of found.blocks) blocks.set(`${block.cid}`, block)
    return found
  }
  const module = await take('module', plan.module, LIMITS.moduleBytesMax)
  const stdin = plan.stdin === null ? null : await take('stdin', plan.stdin, LIMITS.inputBytesMax)
  const inputs: { name: string; file: FileRef }[] = []
  for (const { name, source } of plan.inputs) {
    const { ref } = await take(`input ${name}`, source, LIMITS.inputBytesMax)
    inputs.push({ name, file: ref })
  }
  inputs.sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    files: { module: module.ref, stdin: stdin?.ref ?? null, inputs },
    blocks: [...blocks.values()],
    module: module.bytes
      ? { bytes: module.bytes, isWhole: true }
      : { bytes: await firstInMesh(module.ref.cid, ask), isWhole: false },
  }
}

/** A file of this machine, read and cut. */
export async function readBeside(path: string, bytesMax: number): Promise<Beside> {
  const bytes = await readHostFile(path, bytesMax)
  const file = encodeFile(bytes)
  return new Map([[`${file.cid}`, { file, bytes }]])
}

type Found = { ref: FileRef; blocks: readonly Block[]; bytes?: Uint8Array }

async function find(
  what: string,
  source: Source,
  bytesMax: number,
  { ask, beside }: { ask: AskBlock; beside: Beside },
): Promise<Found> {
  if ('cid' in source) {
    const here = beside.get(`${source.cid}`)
    if (here !== undefined) return foundHere(here.file, here.bytes)
    const ref = { cid: source.cid, bytes: await sizeInMesh(what, source.cid, ask) }
    if (ref.bytes > bytesMax) {
      throw new Refusal('FILE_TOO_LARGE', `the ${what}: ${ref.bytes} bytes, at most ${bytesMax}`)
    }
    return { ref, blocks: [] }
  }
  const bytes = await readHostFile(source.path, bytesMax)
  return foundHere(encodeFile(bytes), bytes)
}

const foundHere = (file: EncodedFile, bytes: Uint8Array): Found => ({
  ref: { cid: file.cid, bytes: file.bytes },
  blocks: file.blocks,
  bytes,
})

/** A file's own first block says how large it is; whoever fetches it all stops there. */
async function sizeInMesh(what: string, cid: CID, ask: AskBlock): Promise<number> {
  const node = readNode(cid, await asked(what, cid, ask))
  if (node.type === 'directory') {
    throw new Refusal('FILE_MALFORMED', `the ${what} ${cid} is a folder, not a file`)
  }
  return node.type === 'leaf' ? node.bytes.length : node.bytes
}

/** The bytes at the beginning of a module, which is one leaf or a root with leaves. */
async function firstInMesh(cid: CID, ask: AskBlock): Promise<Uint8Array> {
  const root = readNode(cid, await asked('module', cid, ask))
  if (root.type === 'leaf') return root.bytes
  const [first] = root.type === 'branch' ? root.links : []
  const node = first && readNode(first.cid, await asked('first part of module', first.cid, ask))
  if (node?.type === 'leaf') return node.bytes
  throw new Refusal('FILE_MALFORMED', `the module ${cid} does not begin with a leaf`)
}

async function asked(what: string, cid: CID, ask: AskBlock): Promise<Uint8Array> {
  try {
    return await ask(cid)
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || thrown.code !== 'BLOCK_MISSING') throw thrown
    throw new Refusal('BLOCK_MISSING', `${what} ${cid} not found in the mesh`, { cause: thrown })
  }
}
