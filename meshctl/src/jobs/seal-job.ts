/** From a plan to what its submitter seals: the manifest of the job, and the hold that pays. */
import {
  admit,
  type CID,
  type FileRef,
  Hold,
  LIMITS,
  Manifest,
  type Signer,
  seal,
  type Token,
} from '@planetary-mesh/spec'
import type { JobPlan } from './plan.ts'

const PPM = 1_000_000

/** The files of a plan, by what they are to the guest. */
export type JobFiles = {
  module: FileRef
  stdin: FileRef | null
  inputs: readonly { name: string; file: FileRef }[]
}

export type Given = {
  token: Token
  files: JobFiles
  /** The compiled CCL program that asked for it. */
  program: CID | null
  profile: string
  /** How many verifiers the charter in force has. */
  verifiers: number
  createdAtMs: number
  /** 16 bytes that make this job another than one of the same words. */
  nonce: Uint8Array
}

/**
 * Manifest and hold; the hold reserves the whole amount until the job's deadline. Refuses with
 * LIMIT_EXCEEDED more than 17,592 units of compute, RECORD_MALFORMED what no manifest may say.
 */
export function sealJob(plan: JobPlan, given: Given, signer: Signer) {
  const manifest = seal(Manifest, bodyOf(plan, given), signer)
  const { amount, createdAtMs, deadlineMs, token } = manifest.body
  const untilMs = createdAtMs + deadlineMs
  const hold = seal(Hold, { token, manifest: manifest.cid, amount, untilMs }, signer)
  return { manifest, hold }
}

function bodyOf(plan: JobPlan, given: Given): Manifest['body'] {
  const { amount, resourceType } = plan
  // storage and bandwidth jobs run on the default amount of fuel (decisions 22)
  const units = resourceType === 'compute' ? amount : LIMITS.resourceAmountDefault
  const unitsMax = Math.floor(LIMITS.fuelMax / LIMITS.fuelPerUnit)
  admit(units <= unitsMax, 'LIMIT_EXCEEDED', `${units} units of compute, at most ${unitsMax} a job`)
  return {
    token: given.token.cid,
    description: plan.description,
    module: given.files.module,
    args: [...plan.args],
    env: plan.env.map(([name, value]): [string, string] => [name, value]),
    stdin: given.files.stdin,
    inputs: [...given.files.inputs],
    fuelMax: units * LIMITS.fuelPerUnit,
    memoryPagesMax: plan.memoryPagesMax,
    coresMin: plan.coresMin,
    outputBytesMax: LIMITS.outputBytesMax,
    deadlineMs: plan.deadlineMs,
    resourceType,
    amount,
    scope: plan.scope ?? given.token.body.scope,
    priority: plan.priority,
    priceMax: Math.min(plan.priceMax ?? amount, amount),
    trust: {
      verification: 'replay',
      threshold: Math.max(plan.validators, Math.ceil((plan.quorumPpm * given.verifiers) / PPM)),
      reputationMin: plan.reputationMin,
    },
    replicas: 1,
    chooser: plan.chooser,
    rule: plan.rule,
    attemptsMax: LIMITS.attemptsDefault,
    profile: given.profile,
    program: given.program,
    createdAtMs: given.createdAtMs,
    nonce: given.nonce,
  }
}
