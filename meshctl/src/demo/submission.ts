/**
 * From what a CCL program asks to what its submitter seals: the manifest of the job, and the hold
 * on her token that pays for it.
 */
import {
  admit,
  type CID,
  type EncodedFile,
  Hold,
  type JobRequest,
  LIMITS,
  Manifest,
  parseCid,
  type Signer,
  seal,
  type Token,
} from '@planetary-mesh/spec'

const PAGES_PER_MB = 16
const PPM = 1_000_000
const SCOPE_DEFAULT = 'default'

export const scopeOf = (request: JobRequest) => request.scope ?? SCOPE_DEFAULT

/** The CIDs of the module and the inputs that a request names. */
export function cidsOf(request: JobRequest): CID[] {
  return [request.wasm_cid, ...Object.values(request.inputs ?? {})].map(parseCid)
}

export type Submission = {
  token: Token
  /** The files by CID; refuses with BLOCK_MISSING when one of the request's is not there. */
  files: ReadonlyMap<string, EncodedFile>
  program: CID
  profile: string
  verifiers: number
  createdAtMs: number
  nonce: Uint8Array
}

export function sealManifest(request: JobRequest, given: Submission, submitter: Signer): Manifest {
  const file = (text: string) => {
    const found = given.files.get(`${parseCid(text)}`)
    admit(found !== undefined, 'BLOCK_MISSING', `the program names ${text}, which nobody here has`)
    return { cid: found.cid, bytes: found.bytes }
  }
  const amount = request.resource_amount
  // storage and bandwidth jobs run on the default amount of fuel (decisions 22)
  const units = request.resource_type === 'compute' ? amount : LIMITS.resourceAmountDefault
  const quorum = Math.ceil(((request.federation_quorum ?? 0) * given.verifiers) / PPM)
  return seal(
    Manifest,
    {
      token: given.token.cid,
      description: request.description,
      module: file(request.wasm_cid),
      args: request.args ?? [],
      env: [],
      stdin: null,
      inputs: Object.entries(request.inputs ?? {})
        .map(([name, cid]) => ({ name, file: file(cid) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      fuelMax: units * LIMITS.fuelPerUnit,
      memoryPagesMax:
        request.min_memory === undefined
          ? LIMITS.memoryPagesDefault
          : request.min_memory * PAGES_PER_MB,
      coresMin: request.min_cpu ?? 0,
      outputBytesMax: LIMITS.outputBytesMax,
      deadlineMs: request.deadline_ms ?? LIMITS.deadlineMs,
      resourceType: request.resource_type,
      amount,
      scope: scopeOf(request),
      priority: request.priority,
      priceMax: Math.min(request.max_bid ?? amount, amount),
      trust: {
        verification: 'replay',
        threshold: Math.max(request.required_validators ?? 0, quorum),
        reputationMin: request.reputation_min ?? 0,
      },
      replicas: 1,
      chooser: 'home',
      rule: request.selection ?? null,
      attemptsMax: LIMITS.attemptsDefault,
      profile: given.profile,
      program: given.program,
      createdAtMs: given.createdAtMs,
      nonce: given.nonce,
    },
    submitter,
  )
}

/** Reserves the whole amount until the job's deadline. */
export function sealHold({ cid, body }: Manifest, submitter: Signer): Hold {
  return seal(
    Hold,
    {
      token: body.token,
      manifest: cid,
      amount: body.amount,
      untilMs: body.createdAtMs + body.deadlineMs,
    },
    submitter,
  )
}
