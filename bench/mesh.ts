/**
 * How many jobs the mesh of six processes in this one carries from submit to settled, each run once
 * and replayed by three verifiers, against nothing but those four runs in the same sandbox.
 */
import { randomBytes } from 'node:crypto'
import { foundFederation } from '@planetary-mesh/meshctl'
import { openSandbox } from '@planetary-mesh/runtime'
import {
  encodeFile,
  Hold,
  LIMITS,
  Manifest,
  type RunInput,
  type Sandbox,
  seal,
} from '@planetary-mesh/spec'
import { manifestBody } from './honest-log.ts'
import { kernelInput, kernelModule } from './kernels.ts'
import { openLocalMesh } from './local-mesh.ts'
import { type Effort, type Row, rowOf, takeTurns } from './measure.ts'
import { openSettleWatch } from './settle-watch.ts'

const HOME = 'mesh-node-1'
const SLOTS = 2
const VERIFIERS = 3
const RUNS_PER_JOB = 1 + VERIFIERS
const JOBS_AT_ONCE = 32
/** A guest that does next to nothing: the tenth Fibonacci number. */
const ARGUMENT = '10'

export async function benchMesh(effort: Effort): Promise<Row[]> {
  await using closing = new AsyncDisposableStack()
  const sandbox = await openSandbox({ slots: SLOTS })
  closing.defer(() => sandbox.close())
  const input = kernelInput(kernelModule('fib'), ARGUMENT)
  const carry = await openCarrier(sandbox, input, closing)
  const rows: Row[] = []
  const burst = Math.max(2, Math.ceil(JOBS_AT_ONCE * effort.share))
  for (const [what, jobs] of [
    ['jobs at once', burst],
    ['a job alone', 1],
  ] as const) {
    const ours = () => carry(jobs)
    const reference = () => runAll(sandbox, input, { jobs, rounds: burst / jobs })
    await ours()
    await reference()
    const pairs = await takeTurns(effort.pairs, ours, reference)
    const facts = { jobs, 'runs per job': RUNS_PER_JOB, slots: SLOTS }
    rows.push(rowOf({ bench: 'mesh', what, against: 'its runs in the sandbox' }, pairs, facts))
  }
  return rows
}

/** Opens the mesh; what it gives carries jobs at once and says how long each took, in ms. */
async function openCarrier(
  sandbox: Sandbox,
  { module, args, limits }: RunInput,
  closing: AsyncDisposableStack,
): Promise<(atOnce: number) => Promise<number>> {
  const file = encodeFile(module)
  const names = { member: 'alice', name: 'bench', nodes: 3, federation: VERIFIERS }
  const federation = foundFederation({ ...names, nowMs: Date.now() })
  const { token } = federation
  const alice = federation.member.signer
  const settles = openSettleWatch(VERIFIERS)
  const replaceRoles = settles.watchAs(HOME)
  const mesh = await openLocalMesh({ federation, sandbox, replaceRoles })
  closing.defer(() => mesh.close())
  await mesh.stores.get(HOME)?.put(file.blocks)
  const home = mesh.processes.get(HOME)
  if (home === undefined) throw new Error(`no process is called ${HOME}`)
  await settles.started()

  const sealJob = () => {
    const body = manifestBody({
      token: token.cid,
      module: { cid: file.cid, bytes: file.bytes },
      args: [...args],
      fuelMax: LIMITS.fuelPerUnit,
      // as in the reference: a slot keeps a compiled module by its memory limit
      memoryPagesMax: limits.memoryPagesMax,
      scope: token.body.scope,
      amount: 1,
      priceMax: 1,
      chooser: 'home',
      profile: sandbox.profile,
      createdAtMs: Date.now(),
      nonce: new Uint8Array(randomBytes(16)),
    })
    const manifest = seal(Manifest, body, alice)
    const { amount, createdAtMs, deadlineMs } = manifest.body
    const untilMs = createdAtMs + deadlineMs
    const held = { token: token.cid, manifest: manifest.cid, amount, untilMs }
    return { manifest, hold: seal(Hold, held, alice) }
  }
  let isTokenLogged = false
  return async (atOnce) => {
    const jobs = Array.from({ length: atOnce }, sealJob)
    const startedAtMs = performance.now()
    const carried = jobs.map(async ({ manifest, hold }) => {
      const settled = settles.settled(manifest.cid)
      const tokens = isTokenLogged ? [] : [token]
      isTokenLogged = true
      const answer = await home.call({ type: 'submit', tokens, manifest, hold })
      if (answer.type !== 'submitted') throw new Error(JSON.stringify(answer))
      await settled
    })
    await Promise.all(carried)
    return (performance.now() - startedAtMs) / atOnce
  }
}

/** The runs of so many jobs at once and nothing else; says how long those of one took, in ms. */
async function runAll(
  sandbox: Sandbox,
  input: RunInput,
  { jobs, rounds }: { jobs: number; rounds: number },
): Promise<number> {
  const startedAtMs = performance.now()
  for (let round = 0; round < rounds; round++) {
    await Promise.all(Array.from({ length: jobs * RUNS_PER_JOB }, () => sandbox.run(input)))
  }
  return (performance.now() - startedAtMs) / (jobs * rounds)
}
