/** Jobs as a person's tools seal them: a manifest, the hold that pays for it, and their files. */
import {
  type Block,
  type EncodedFile,
  encodeFile,
  Hold,
  Manifest,
  type Signer,
  seal,
  sha256,
  type Token,
} from '@planetary-mesh/spec'
import { alice, type BodyOf } from './people.ts'

/** What a test says of a job; all else is small and plain. */
export type JobPlan = {
  module?: Uint8Array
  inputs?: Readonly<Record<string, Uint8Array>>
  args?: readonly string[]
  stdin?: Uint8Array
  amount?: number
  chooser?: 'submitter' | 'home'
  deadlineMs?: number
  /** What pays; its resource type and scope are the job's. */
  token?: Token
  signer?: Signer
  manifest?: Partial<BodyOf<typeof Manifest>>
  hold?: Partial<BodyOf<typeof Hold>>
}

export type Job = {
  token: Token
  manifest: Manifest
  hold: Hold
  /** Of module and inputs. */
  blocks: readonly Block[]
}

/** The smallest module there is: enough where nothing runs it. */
const NO_MODULE = new TextEncoder().encode('\0asm\u0001\0\0\0')
const FUEL_PER_UNIT = 1_000_000_000
const DEADLINE_MS = 600_000
const PAGES_MAX = 256
let jobs = 0

export function sealJob(
  plan: JobPlan,
  given: { token: Token; profile: string; nowMs: number },
): Job {
  const { signer = alice, amount = 100, deadlineMs = DEADLINE_MS } = plan
  const token = plan.token ?? given.token
  const module = encodeFile(plan.module ?? NO_MODULE)
  const stdin = plan.stdin === undefined ? undefined : encodeFile(plan.stdin)
  const inputs = Object.entries(plan.inputs ?? {}).map(([name, bytes]) => ({
    name,
    file: encodeFile(bytes),
  }))
  jobs += 1
  const manifest = seal(
    Manifest,
    {
      token: token.cid,
      description: 'Analyze cooperative voting patterns',
      module: refOf(module),
      args: [...(plan.args ?? [])],
      env: [],
      stdin: stdin === undefined ? null : refOf(stdin),
      inputs: inputs.map(({ name, file }) => ({ name, file: refOf(file) })),
      fuelMax: amount * FUEL_PER_UNIT,
      memoryPagesMax: PAGES_MAX,
      coresMin: 1,
      outputBytesMax: 1_000_000,
      deadlineMs,
      resourceType: token.body.resourceType,
      amount,
      scope: token.body.scope,
      priority: 'medium',
      priceMax: amount,
      trust: { verification: 'replay', threshold: 2, reputationMin: 0 },
      replicas: 1,
      chooser: plan.chooser ?? 'home',
      rule: null,
      attemptsMax: 3,
      profile: given.profile,
      program: null,
      createdAtMs: given.nowMs,
      nonce: sha256(new TextEncoder().encode(`job ${jobs}`)).slice(0, 16),
      ...plan.manifest,
    },
    signer,
  )
  const { body, cid } = manifest
  const untilMs = body.createdAtMs + body.deadlineMs
  const hold = seal(
    Hold,
    { token: body.token, manifest: cid, amount: body.amount, untilMs, ...plan.hold },
    signer,
  )
  const files = [module, ...(stdin === undefined ? [] : [stdin]), ...inputs.map(({ file }) => file)]
  return { token, manifest, hold, blocks: files.flatMap(({ blocks }) => blocks) }
}

const refOf = ({ cid, bytes }: EncodedFile) => ({ cid, bytes })
