/**
 * alice's own home beside a mesh of real roles in this process, with the control API of a node over
 * real HTTP; meshctl runs here, or in a process of its own as she starts it.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openExec } from '@planetary-mesh/peer'
import { RUNTIME_PROFILE } from '@planetary-mesh/runtime'
import { type Sandbox, sha256 } from '@planetary-mesh/spec'
import { openStand, type Stand, TOKEN } from '../../peer/test/control-stage.ts'
import type { MeshOptions } from '../../test/mesh/harness.ts'
import { createMemberHome } from '../src/state/create-home.ts'
import { lent, runHere, startHere } from './run-here.ts'
import { type Ended, type Started, startMeshctl } from './start-meshctl.ts'

/** What a test looks into; a wrong path in it fails the test. */
export type Json = ReturnType<typeof JSON.parse>

export type JobsStage = Stand & {
  /** alice's home, and a folder for files. */
  home: string
  path(name: string): string
  write(name: string, content: string | Uint8Array): string
  /** Runs meshctl to its end, in this process. */
  run(...args: string[]): Promise<Ended>
  /** Runs it, and gives what it prints as JSON. */
  json(...args: string[]): Promise<Json>
  /** Runs it in this process, and hears what it says meanwhile. */
  watch(...args: string[]): ReturnType<typeof startHere>
  /** Starts it in a process of its own and leaves it running. */
  start(...args: string[]): Started
  /** Says to alice's home where the node `name` is asked. */
  points(name: string, url: string): void
}

/** Without a sandbox of its own, jobs are run by `exec` for the profile of the real one. */
export async function openJobsStage({ sandbox, ...options }: MeshOptions = {}): Promise<JobsStage> {
  const stand = await openStand(
    sandbox === undefined
      ? { ...options, sandbox: { profile: RUNTIME_PROFILE } as Sandbox }
      : { ...options, sandbox, exec: (_name, given) => openExec({ ...given, sandbox }) },
  )
  const scratch = mkdtempSync(join(tmpdir(), 'meshctl-jobs-'))
  const home = join(scratch, 'home')
  const { charter, token } = stand.mesh
  await createMemberHome(home, {
    seed: sha256(new TextEncoder().encode('alice')),
    federation: charter.body.name,
    genesis: charter.cid,
    charter,
    tokens: [token],
    node: 'bruno',
  })
  const children = new Set<ChildProcess>()

  const points = (name: string, url: string) => {
    const folder = join(home, 'nodes', name)
    mkdirSync(folder, { recursive: true })
    const { signer } = stand.mesh.machine(name)
    const run = {
      pid: process.pid,
      name,
      did: signer.did,
      addresses: [],
      control: { url, token: TOKEN },
      startedAtMs: 1,
    }
    writeFileSync(join(folder, 'run.json'), JSON.stringify(run))
  }

  const start = (...args: string[]): Started => {
    const started = startMeshctl(args, { meshHome: home, cwd: scratch })
    children.add(started.child)
    return started
  }

  // what a command replays, it replays where the jobs run
  const openSandbox = sandbox && (async () => lent(sandbox))
  const here = { meshHome: home, cwd: scratch, openSandbox }
  const run = (...args: string[]) => runHere(args, here)
  points('bruno', stand.control.url)
  return {
    ...stand,
    home,
    path: (name) => join(scratch, name),
    write(name, content) {
      writeFileSync(join(scratch, name), content)
      return join(scratch, name)
    },
    points,
    start,
    watch: (...args) => startHere(args, here),
    run,
    async json(...args) {
      const { stdout, stderr } = await run(...args, '--json')
      if (stdout === '') throw new Error(`no JSON from ${args.join(' ')}: ${stderr}`)
      return JSON.parse(stdout)
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL')
      await stand[Symbol.asyncDispose]()
      rmSync(scratch, { recursive: true, force: true })
    },
  }
}
