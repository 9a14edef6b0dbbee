/** What `meshctl verify` says of a CAR file: its command line, in this process or in another. */
import { spawnSync } from 'node:child_process'
import { mock } from 'node:test'
import { runMeshctl } from '@planetary-mesh/meshctl'
import type { CID } from '@planetary-mesh/spec'
import { MESHCTL } from '../../meshctl/test/start-meshctl.ts'

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

/** In this process: the same code behind the same arguments. */
export async function judge(
  path: string,
  charter: CID,
  more: readonly string[] = [],
): Promise<Judged> {
  const said: string[] = []
  const { write } = process.stdout
  // the test runner speaks in bytes on the same stream: only the command writes text
  const capture = mock.method(process.stdout, 'write', (chunk: unknown, ...rest: unknown[]) => {
    if (typeof chunk !== 'string')
      return write.call(process.stdout, chunk as never, ...(rest as []))
    said.push(chunk)
    return true
  })
  try {
    const exit = await runMeshctl(argsFor(path, charter, more))
    return read(exit, said.join(''))
  } finally {
    capture.mock.restore()
  }
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
