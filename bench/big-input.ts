/**
 * How long 50 MB take from a file to the sandbox of another node that fetches them by CID, over
 * loopback: chunked, hashed and uploaded to one node, fetched by the other, until its run begins.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import { encodeFile, LIMITS, open, parseCid, Receipt } from '@planetary-mesh/spec'
import { kernelModule } from './kernels.ts'
import { type Effort, type Row, rowOf, takeTurns } from './measure.ts'
import { memoryOf } from './process-times.ts'
import { newNonce, openRunningMesh, type RunningMesh } from './running-mesh.ts'

const INPUT_BYTES = 50_000_000
/** Enough for the prices of two nodes to differ. */
const UNITS = 100
const MIB = 1024 * 1024
const HOME = 'mesh-node-1'
/** The cheaper of the two, so the rule takes it. */
const EXECUTOR = 'mesh-node-2'
const NAMES = ['federation-1', 'federation-2', HOME, EXECUTOR]

export async function benchBigInput(effort: Effort): Promise<Row[]> {
  await using mesh = await openRunningMesh()
  const [writer, ...others] = NAMES
  await mesh.start(writer as string)
  await Promise.all(others.map((name) => mesh.start(name)))
  await mesh.together(NAMES)
  const folder = mkdtempSync(join(tmpdir(), 'big-input-'))
  const file = join(folder, 'input')
  try {
    const bytes = Math.ceil(INPUT_BYTES * effort.share)
    let round = 0
    const refresh = () => {
      round += 1
      writeFileSync(file, inputOf(bytes, round))
    }
    const ours = async () => {
      refresh()
      return carry(mesh, file)
    }
    const reference = async () => {
      refresh()
      const startedAtMs = performance.now()
      encodeFile(new Uint8Array(await readFile(file)))
      return performance.now() - startedAtMs
    }
    const pairs = await takeTurns(Math.min(effort.pairs, 5), ours, reference)
    const peaks = NAMES.map((name) => memoryOf(mesh.run(name).pid, 'VmHWM'))
    const facts = {
      bytes,
      'longest ms': Math.round(Math.max(...pairs.ours)),
      'peak RSS MiB': Math.round(Math.max(...peaks) / MIB),
    }
    const what = 'to a sandbox by CID'
    return [rowOf({ bench: 'big-input', what, against: 'chunking it here' }, pairs, facts)]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** From before the file is read until the run of the other node begins, in ms. */
async function carry(mesh: RunningMesh, file: string): Promise<number> {
  const startedAtMs = Date.now()
  const client = mesh.client(HOME)
  const module = encodeFile(kernelModule('fib'))
  const input = encodeFile(new Uint8Array(await readFile(file)))
  await client.putBlocks([...module.blocks, ...input.blocks])
  const { manifest, hold } = mesh.seal({
    token: mesh.token.cid,
    module: { cid: module.cid, bytes: module.bytes },
    inputs: [{ name: 'input', file: { cid: input.cid, bytes: input.bytes } }],
    args: ['10'],
    scope: mesh.token.body.scope,
    chooser: 'home',
    fuelMax: UNITS * LIMITS.fuelPerUnit,
    amount: UNITS,
    priceMax: UNITS,
    profile: RUNTIME_PROFILE,
    createdAtMs: startedAtMs,
    nonce: newNonce(),
  })
  const job = await client.submit([mesh.token], manifest, hold)
  for await (const event of client.events(job)) {
    if (event.type !== 'status' || event.job.status.state !== 'verified') continue
    const cid = parseCid(event.job.status.receipt)
    const receipt = open(Receipt, await client.block(cid), { cid })
    if (receipt.author !== mesh.run(EXECUTOR).did) throw new Error('the home ran it itself')
    return receipt.body.measured.startedAtMs - startedAtMs
  }
  throw new Error(`job ${job} was not verified`)
}

/** Other bytes in every round: what a node has already it would not fetch. */
function inputOf(bytes: number, round: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(bytes / 4))
  for (let at = 0, word = round; at < words.length; at++) {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0
    words[at] = word
  }
  return new Uint8Array(words.buffer).subarray(0, bytes)
}
