/**
 * Whether a process is the one that a run file means: its pid may be somebody else's by now. And
 * which ones serve a state folder where no run file says so.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { RunFile } from '@planetary-mesh/peer'
import { type ControlClient, openControlClient } from '@planetary-mesh/peer'
import { Refusal } from '@planetary-mesh/spec'
import { configFile } from '../state/places.ts'

const PS_MS = 5000
/** The command lines of a whole machine. */
const PS_BYTES_MAX = 64 * 1024 * 1024

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

/**
 * The pids of daemons that were started on this state folder, as every process of a home is: Node
 * with one of our two programs and the path of its config. A shell, an editor or a log reader that
 * has the same words is none. None are found where there is no `ps`.
 */
export async function pidsOn(folder: string): Promise<number[]> {
  const lines = (await ps('-A', '-ww', '-o', 'pid=,args=')).split('\n')
  return lines.flatMap((line) => {
    const [, pid, args] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
    return args !== undefined && isDaemonOn(folder, args) ? [Number(pid)] : []
  })
}

const NODE = /^(\S*\/)?node(js)? /
const PROGRAM = /\/(mesh-node|federation)(\.js)? /

function isDaemonOn(folder: string, args: string): boolean {
  const [before, after] = args.split(`--config ${configFile(folder)}`)
  if (after === undefined || !(after === '' || after.startsWith(' '))) return false
  const isNode = NODE.test(args) || args.startsWith(`${process.execPath} `)
  return isNode && PROGRAM.test(before as string)
}

const commandOf = (pid: number) => ps('-ww', '-o', 'args=', '-p', String(pid))

async function ps(...words: string[]): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('ps', words, {
      timeout: PS_MS,
      maxBuffer: PS_BYTES_MAX,
    })
    return stdout
  } catch {
    // no such process, or no ps: then it is not known to be ours
    return ''
  }
}
