/** What `meshctl verify` says of a CAR file: its command line, in this process or in another. */
import { spawnSync } from 'node:child_process'
import type { CID } from '@planetary-mesh/spec'
import { runHere } from '../../meshctl/test/run-here.ts'
import { MESHCTL } from '../../meshctl/test/start-meshctl.ts'
import { oneSandbox } from './one-sandbox.ts'

export type Judged = {
  exit: number | null
  anchored: { mark: string; code: string | null }
  verified: { mark: string; code: string | null }
  /** The codes of every finding. */
  codes: string[]
  replayed: boolean
}

const argsFor = (path: string, charter: CID, more: readonly string[]) => [
  ...['verify', '--from', path, '--charter', `${charter}`, '--json'],
  ...more,
]

/** In this process: the same code behind the same arguments, its run in the slot of this file. */
export async function judge(
  path: string,
  charter: CID,
  more: readonly string[] = [],
): Promise<Judged> {
  const { status, stdout } = await runHere(argsFor(path, charter, more), {
    openSandbox: oneSandbox,
  })
  return read(status, stdout)
}

/** In a process of its own, as a person would. */
export function judgeApart(path: string, charter: CID): Judged {
  const { status, stdout, error } = spawnSync(
    process.execPath,
    [...MESHCTL, ...argsFor(path, charter, [])],
    { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: '/nonexistent' }, timeout: 60_000 },
  )
  if (error !== undefined) throw error
  return read(status, stdout)
}

function read(exit: number | null, stdout: string): Judged {
  const { error, anchored, verified, verbs, replayed } = JSON.parse(stdout)
  if (error !== undefined) {
    const none = { mark: '', code: error.code }
    return { exit, anchored: none, verified: none, codes: [error.code], replayed: false }
  }
  const codes = Object.values(verbs as Record<string, { code: string }[]>).flatMap((found) =>
    found.map(({ code }) => code),
  )
  return { exit, anchored, verified, codes, replayed: replayed.done }
}
