/** `meshctl logs` and `result`: what a job said and what it left, once its receipt is there. */
import {
  type CID,
  type FileRef,
  isCode,
  open,
  parseCid,
  Receipt,
  Refusal,
  readDirectory,
  readFile,
} from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print, printable, printBytes, printJson } from '../cli/terminal.ts'
import { writeOutputs } from '../files/write-outputs.ts'
import { checkMeshProof, openMeshReader, readDag } from '../proof/mesh-proof.ts'
import { markLines } from '../proof/verify-text.ts'
import { textFields } from '../run/run-output.ts'
import type { JobIdOptions } from './bids.ts'
import { findJob } from './find-job.ts'
import { followJob, sayHowToComeBack, type Told } from './follow.ts'
import { openLiveLogs } from './logs-live.ts'
import { readJob } from './status.ts'
import { type Mesh, withMesh } from './with-mesh.ts'
import { type JobView, receiptOf } from './words.ts'

export type LogsOptions = JobIdOptions & { follow?: true; raw?: true }
export type ResultOptions = JobIdOptions & { output?: string; force?: true }

/** Refuses with RECEIPT_UNKNOWN a job that has not ended; its output comes with its receipt. */
export function printLogs(options: LogsOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const job = await findJob(mesh.client, options.jobId)
    const live =
      options.follow && !options.json ? openLiveLogs(job, mesh, options.raw === true) : undefined
    const follow = options.follow ? (live ?? { heard: hasReceipt }) : undefined
    const { body } = await readReceipt(job, mesh, follow).finally(() => live?.end())
    const [stdout, stderr] = await Promise.all([
      fileIn(mesh, body.result.stdout),
      fileIn(mesh, body.result.stderr),
    ])
    if (options.json) {
      const texts = { ...textFields('stdout', stdout), ...textFields('stderr', stderr) }
      printJson({ job: `${job}`, ...texts })
    } else if (live !== undefined) {
      live.finish({ stdout, stderr })
    } else if (options.raw) {
      printBytes(process.stdout, stdout)
      printBytes(process.stderr, stderr)
    } else {
      print(shown(stdout))
      note(shown(stderr))
    }
    return EXIT.done
  })
}

const hasReceipt = (job: JobView) => receiptOf(job) !== null

/** A stranger's bytes as lines of text: no control byte is left in them. */
export function shown(bytes: Uint8Array): string {
  return printable(new TextDecoder().decode(bytes).replaceAll('\r\n', '\n'), '\n\t')
}

/**
 * Lists or writes what the job left in /out. Refuses with the code of the mark a receipt that does
 * not verify, with RECEIPT_UNKNOWN a job without one.
 */
export function writeResult(options: ResultOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const job = await findJob(mesh.client, options.jobId)
    await readJob(job, mesh)
    const { genesis } = mesh.home
    const proof = await openMeshReader(mesh.client, genesis).proof(job)
    if (proof === undefined) throw new Refusal('RECEIPT_UNKNOWN', `the job ${job} has no receipt`)
    const checked = await checkMeshProof(proof, genesis)
    const { anchored, verified } = checked
    const [bad] = [anchored, verified].filter(({ mark }) => mark === '✗')
    if (bad !== undefined) throw new Refusal(codeOf(bad.code), bad.detail)
    const { output } = proof.receipt.body.result
    const files = readDirectory(output, proof.get)
    const force = options.force === true
    if (options.output !== undefined) await writeOutputs(options.output, files, force)
    const listed = files.map(({ path, bytes }) => ({ path, bytes: bytes.length }))
    if (options.json) {
      const output = options.output ?? null
      const receipt = `${proof.receipt.cid}`
      const result = `${proof.receipt.body.result.output.cid}`
      printJson({ job: `${job}`, receipt, result, files: listed, output, anchored, verified })
      return EXIT.done
    }
    note(markLines(checked))
    for (const { path, bytes } of listed) {
      print(`${printable(path)}  ${withCommas(bytes)} bytes\n`)
    }
    if (listed.length === 0) note('the job left no files in /out; see meshctl logs\n')
    else if (options.output === undefined) note('to write them: add -o DIR\n')
    return EXIT.done
  })
}

const codeOf = (code: string | null) =>
  code !== null && isCode(code) ? code : ('THRESHOLD_MISSING' as const)

/** The verdicts on it are not waited for. */
async function readReceipt(job: CID, mesh: Mesh, follow: Told | undefined): Promise<Receipt> {
  if (follow !== undefined) sayHowToComeBack(mesh, job)
  let found = await readJob(job, mesh)
  if (follow !== undefined && receiptOf(found) === null) found = await followJob(job, mesh, follow)
  const text = receiptOf(found)
  if (text === null) {
    throw new Refusal('RECEIPT_UNKNOWN', `the job ${job} has no receipt: ${found.status.state}`)
  }
  const cid = parseCid(text)
  const receipt = open(Receipt, await mesh.client.block(cid), { cid })
  const isOfJob = receipt.body.manifest.equals(job)
  if (!isOfJob) throw new Refusal('LINK_MISMATCH', `receipt ${cid} is of another job`)
  return receipt
}

async function fileIn(mesh: Mesh, ref: FileRef): Promise<Uint8Array> {
  const blocks = new Map(
    (await readDag(mesh.client, ref.cid)).map(({ cid, bytes }) => [`${cid}`, bytes]),
  )
  return readFile(ref, (cid) => blocks.get(`${cid}`))
}
