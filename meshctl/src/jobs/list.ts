/** `meshctl list-jobs`: the newest jobs that the node's copy of the log has. */
import { EXIT, type Exit } from '../cli/exit.ts'
import { shortened } from '../cli/ids.ts'
import { table } from '../cli/table.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { instantText } from '../cli/times.ts'
import { jobJson } from './status.ts'
import { type MeshOptions, withMesh } from './with-mesh.ts'
import { wordOf } from './words.ts'

const COLUMNS = [
  { title: 'Job ID', width: 19 },
  { title: 'Status', width: 11 },
  { title: 'Amount', width: 8 },
  { title: 'Submitted', width: 22 },
  { title: 'Description', width: 13 },
]
/** A description in a table; all of it is in `--json`. */
const DESCRIPTION_MAX = 60

export function listJobs(options: MeshOptions & { limit: number; mine?: true }): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const { jobs: all, more } = await mesh.client.jobs({ limit: options.limit })
    const { did } = mesh.home.signer()
    const jobs = options.mine ? all.filter((job) => job.manifest?.author === did) : all
    if (options.json) {
      printJson({ jobs: jobs.map((job) => jobJson(job, mesh)), more })
      return EXIT.done
    }
    print(
      table(
        COLUMNS,
        jobs.map((job) => {
          const body = job.manifest?.body
          return [
            shortened(job.job),
            wordOf(job),
            body === undefined ? '' : String(body.amount),
            body === undefined ? '' : instantText(body.createdAtMs).replace(/\.\d+Z$/, 'Z'),
            cut(printable(body?.description ?? '')),
          ]
        }),
      ),
    )
    if (more) note(`there are more: --limit N shows more than the newest ${options.limit}\n`)
    return EXIT.done
  })
}

function cut(text: string): string {
  const points = [...text]
  return points.length <= DESCRIPTION_MAX
    ? text
    : `${points.slice(0, DESCRIPTION_MAX - 1).join('')}…`
}
