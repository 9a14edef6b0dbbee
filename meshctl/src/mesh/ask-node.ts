/** Whether a process is the one that a run file means: its pid may be somebody else's by now. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { RunFile } from '@planetary-mesh/peer'
import { type ControlClient, openControlClient } from '@planetary-mesh/peer'
import { Refusal } from '@planetary-mesh/spec'

const PS_MS = 5000

type NodeAnswer = Awaited<ReturnType<ControlClient['node']>>

/** What the process says of itself; undefined when it does not answer. */
export async function askNode({ control, pid }: RunFile): Promise<NodeAnswer | undefined> {
  const client = openControlClient(control)
  try {
    const answer = await client.node()
    return answer.pid === pid ? answer : undefined
  } catch (thrown) {
    if (thrown instanceof Refusal) return undefined
    throw thrown
  } finally {
    await client.close()
  }
}

/** True when it answers as itself or, where it hangs, was started with this state folder. */
export async function isOurs(folder: string, run: RunFile): Promise<boolean> {
  return (await askNode(run)) !== undefined || (await commandOf(run.pid)).includes(folder)
}

async function commandOf(pid: number): Promise<string> {
  try {
    const words = ['-ww', '-o', 'args=', '-p', String(pid)]
    const { stdout } = await promisify(execFile)('ps', words, { timeout: PS_MS })
    return stdout
  } catch {
    // no such process, or no ps: then it is not known to be ours
    return ''
  }
}
