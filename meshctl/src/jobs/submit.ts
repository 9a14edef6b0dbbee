/** `meshctl submit-job`: seal, upload, submit; with --wait, follow each job to its end. */
import { type CID, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print, printJson } from '../cli/terminal.ts'
import { type Draft, draftJobs } from './draft.ts'
import { dryRunText } from './dry-run.ts'
import { type Ending, exitOf, tellEnding } from './ended.ts'
import { cidOption } from './find-job.ts'
import { followJob, openWords, sayHowToComeBack } from './follow.ts'
import { watchLedger } from './ledger-watch.ts'
import { type PlanOptions, readPlans } from './read-plans.ts'
import { upload } from './upload.ts'
import { type Mesh, type MeshOptions, withMesh } from './with-mesh.ts'

export type SubmitOptions = MeshOptions &
  PlanOptions & { token?: string; wait?: true; detach?: true; dryRun?: true }

export async function submitJob(options: SubmitOptions): Promise<Exit> {
  if (options.wait && options.detach) {
    throw new UsageError('--wait and --detach do not go together')
  }
  const named = options.token === undefined ? null : cidOption('--token', options.token)
  const plans = await readPlans(options)
  return withMesh(options, async (mesh) => {
    const { drafts, blocks } = await draftJobs(plans, mesh, named)
    if (options.dryRun) return tellDryRun(drafts, mesh, options.json === true)
    const uploaded = await upload(mesh.client, blocks, mesh.signal)
    mesh.signal.throwIfAborted()
    const jobs: (ReturnType<typeof draftJson> & { keeper: string | null })[] = []
    for (const draft of drafts) {
      jobs.push({ ...draftJson(draft), keeper: await submitOne(draft, mesh, options) })
    }
    if (!options.wait) {
      if (options.json) printJson({ jobs, uploaded })
      return EXIT.done
    }
    const ended: Ending[] = []
    for (const { manifest } of drafts) ended.push(await waitFor(manifest.cid, mesh, options))
    if (options.json) {
      printJson({ jobs: jobs.map((job, index) => ({ ...job, ended: ended[index] })), uploaded })
    }
    return ended.every(({ ok }) => ok) ? EXIT.done : exitOf({ ok: false })
  })
}

/** The DID of the member that keeps the job's files beside the node; null where there is none. */
async function submitOne(draft: Draft, mesh: Mesh, options: SubmitOptions): Promise<string | null> {
  const { tokens, manifest, hold } = draft
  const { cid, body } = manifest
  const ledger = watchLedger(mesh)
  let keeper: string | null = null
  // it may have arrived all the same; asking is free, and submitting it twice is one job
  const sayUnsure = () =>
    note(`meshctl: whether job ${cid} was taken is not known: see job-status\n`)
  mesh.onInterrupt(sayUnsure)
  try {
    await mesh.client.submit(tokens, manifest, hold, {
      onKeeper: (did) => {
        keeper = did
      },
    })
  } catch (thrown) {
    const isUnsure = thrown instanceof Refusal && ['NODE_AWAY', 'LEDGER_AWAY'].includes(thrown.code)
    if (isUnsure) sayUnsure()
    throw thrown
  } finally {
    ledger.end()
  }
  mesh.onInterrupt(() => {})
  if (options.json) return keeper
  print(`Job submitted successfully\nJob ID: ${cid}\n`)
  if (keeper === null) note(notKept(mesh.home.node))
  if (options.wait) return keeper
  note(
    body.chooser === 'submitter'
      ? `next: npx meshctl get-bids --job-id ${cid}\n`
      : `next: npx meshctl job-status --job-id ${cid} --follow\n`,
  )
  return keeper
}

const notKept = (node: string) =>
  `no member but ${node} has said that it keeps the files of this job, which cannot run if ` +
  `${node} is lost: keep it running until the job is over\n`

/** Follows one job; where a person chooses, says so when it is her turn. */
async function waitFor(job: CID, mesh: Mesh, options: SubmitOptions): Promise<Ending> {
  sayHowToComeBack(mesh, job)
  const words = openWords(options.json === true)
  let askedFor = 0
  const last = await followJob(job, mesh, {
    heard(heard) {
      const { status, waitingFor } = heard
      const isHers = status.state === 'bidding' && waitingFor?.startsWith('you') === true
      if (isHers && status.attempt !== askedFor) {
        askedFor = status.attempt
        note(
          `waiting for you: npx meshctl get-bids --job-id ${job}\n` +
            `            then: npx meshctl accept-bid --job-id ${job} --node-id NAME\n`,
        )
      }
      return words.heard(heard)
    },
  })
  return tellEnding(job, last, words.words, mesh, options.json === true)
}

function tellDryRun(drafts: readonly Draft[], mesh: Mesh, json: boolean): Exit {
  if (json) {
    printJson({ dryRun: true, jobs: drafts.map(draftJson) })
    return EXIT.done
  }
  const home = mesh.home.node
  for (const { manifest, purse, free } of drafts) {
    print(dryRunText(manifest, { purse, free, home }))
  }
  return EXIT.done
}

/** The shape of `--json`, kept stable: see meshctl/README.md. A dry run's job id is not kept. */
function draftJson({ manifest, purse, free }: Draft) {
  const { body, cid } = manifest
  return {
    job: `${cid}`,
    description: body.description,
    module: { cid: `${body.module.cid}`, bytes: body.module.bytes },
    inputs: body.inputs.map(({ name, file }) => ({
      name,
      cid: `${file.cid}`,
      bytes: file.bytes,
    })),
    resourceType: body.resourceType,
    amount: body.amount,
    priceMax: body.priceMax,
    scope: body.scope,
    chooser: body.chooser,
    token: `${purse.token.cid}`,
    leftOnToken: free - body.amount,
  }
}
