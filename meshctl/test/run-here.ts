/** The command line in this process: the same code behind the same arguments, its words caught. */
import { mock } from 'node:test'
import { runMeshctl } from '@planetary-mesh/meshctl'
import type { Ended } from './start-meshctl.ts'

let last: Promise<unknown> = Promise.resolve()

/** One at a time, and in the order they were asked for: there is one stdout. */
export function runHere(
  args: readonly string[],
  given: { meshHome?: string; cwd?: string } = {},
): Promise<Ended> {
  const run = last.then(() => runNow(args, given))
  last = run.catch(() => {})
  return run
}

async function runNow(
  args: readonly string[],
  { meshHome, cwd = process.cwd() }: { meshHome?: string; cwd?: string },
): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  const captures = (['stdout', 'stderr'] as const).map((name) => {
    const { write } = process[name]
    // the test runner speaks in bytes on the same stream: only the command writes text
    return mock.method(process[name], 'write', (chunk: unknown, ...rest: unknown[]) => {
      if (typeof chunk !== 'string')
        return write.call(process[name], chunk as never, ...(rest as []))
      said[name] += chunk
      return true
    })
  })
  const before = { home: process.env.PLANETARY_MESH_HOME, cwd: process.cwd() }
  if (meshHome !== undefined) process.env.PLANETARY_MESH_HOME = meshHome
  process.chdir(cwd)
  try {
    return { status: await runMeshctl(args), ...said }
  } finally {
    process.chdir(before.cwd)
    if (before.home === undefined) delete process.env.PLANETARY_MESH_HOME
    else process.env.PLANETARY_MESH_HOME = before.home
    for (const capture of captures) capture.mock.restore()
  }
}
