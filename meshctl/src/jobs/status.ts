/** `meshctl job-status` and `cancel-job`: where a job stands, and ending it. */
import { Cancel, type CID, Refusal, seal } from '@planetary-mesh/spec'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { markLines } from '../proof/verify-text.ts'
import type { JobIdOptions } from './bids.ts'
import { exitOf, tellEnding } from './ended.ts'
import { findJob } from './find-job.ts'
import { followJob, openWords, sayHowToComeBack } from './follow.ts'
import { readMarks } from './marks.ts'
import { type Mesh, withMesh } from './with-mesh.ts'
import { isOver, type JobView, receiptOf, sentenceOf, wordOf } from './words.ts'

export type StatusOptions = JobIdOptions & { follow?: true }

export function jobStatus(options: StatusOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const job = await findJob(mesh.client, options.jobId)
    const first = await readJob(job, mesh)
    if (options.follow) return follow(job, mesh, options.json === true)
    const { log } = await mesh.client.node()
    const ledgerAway = !log.writerConnected && !isOver(first)
    const marks = receiptOf(first) === null ? undefined : await readMarks(job, mesh, false)
    const { anchored = null, verified = null } = marks ?? {}
    if (options.json) {
      printJson({ ...jobJson(first, mesh), ledgerAway, anchored, verified })
      return EXIT.done
    }
    const sentence = sentenceOf(first, { nameOf: (did) => mesh.nameOf(did), ledgerAway })
    const manifest = first.manifest
    print(`Job ID: ${job}\n`)
    if (manifest !== null) print(`Description: ${printable(manifest.body.description)}\n`)
    print(`Status: ${wordOf(first)}\n  ${sentence}\n`)
    const receipt = receiptOf(first)
    if (receipt !== null) print(`Receipt CID: ${receipt}\n`)
    if (marks !== undefined) print(markLines(marks))
    return EXIT.done
  })
}

async function follow(job: CID, mesh: Mesh, json: boolean): Promise<Exit> {
  sayHowToComeBack(mesh, job)
  const words = openWords(json)
  let said = ''
  const last = await followJob(job, mesh, {
    heard(heard) {
      const waits = heard.waitingFor === null ? '' : `waiting for ${printable(heard.waitingFor)}\n`
      if (waits !== said) note(waits)
      said = waits
      return words.heard(heard)
    },
  })
  const ending = await tellEnding(job, last, words.words, mesh, json)
  if (json) printJson(ending)
  return exitOf(ending)
}

/** Refuses with JOB_UNKNOWN a job that the node knows nothing of. */
export async function readJob(job: CID, mesh: Mesh): Promise<JobView> {
  const found = await mesh.client.job(job)
  if (found.status.state === 'unknown') throw new Refusal('JOB_UNKNOWN', `no job ${job} here`)
  return found
}

/** The shape of `--json`, kept stable: see meshctl/README.md. */
export function jobJson(job: JobView, mesh: Mesh) {
  const body = job.manifest?.body
  const { status } = job
  return {
    job: job.job,
    description: body?.description ?? null,
    amount: body?.amount ?? null,
    resourceType: body?.resourceType ?? null,
    createdAtMs: body?.createdAtMs ?? null,
    chooser: body?.chooser ?? null,
    word: wordOf(job),
    status,
    executor: 'executor' in status ? mesh.nameOf(status.executor) : null,
    receipt: receiptOf(job),
    waitingFor: job.waitingFor,
    detail: job.detail,
  }
}

/** The submitter's own word; the log decides whether it came in time. */
export function cancelJob(options: JobIdOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const job = await findJob(mesh.client, options.jobId)
    const found = await readJob(job, mesh)
    if (isOver(found)) throw new Refusal('JOB_ENDED', `${job} is over: ${wordOf(found)}`)
    await mesh.client.cancel(seal(Cancel, { manifest: job }, mesh.home.signer()))
    const isRunning = found.status.state === 'leased'
    if (options.json) printJson({ job: `${job}`, cancelled: true, wasRunning: isRunning })
    else print(`Job cancelled successfully\nJob ID: ${job}\n`)
    if (isRunning && !options.json) {
      note('it was running: what it used so far is charged once its receipt is verified\n')
    }
    return EXIT.done
  })
}
