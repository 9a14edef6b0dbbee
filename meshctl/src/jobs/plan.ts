/**
 * What a person wants run, from the words of the command line or from what a CCL program asked:
 * everything of a manifest but the token that pays and the files' contents.
 */
import {
  attempt,
  type ChoiceRule,
  type CID,
  FileName,
  type JobRequest,
  LIMITS,
  type Priority,
  parseCid,
  Refusal,
  type ResourceType,
} from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { environmentOf, splitInput } from '../run/inputs.ts'

/** A file of this machine, or one that the mesh is to have. */
export type Source = { path: string } | { cid: CID }

/** Of a job that does not say how many cores a node must have free (requirements S1-7). */
const CORES_MIN = 2

export type JobPlan = {
  description: string
  module: Source
  args: readonly string[]
  env: readonly [name: string, value: string][]
  stdin: Source | null
  inputs: readonly { name: string; source: Source }[]
  resourceType: ResourceType
  amount: number
  /** Null: that of the token. */
  scope: string | null
  priority: Priority
  memoryPagesMax: number
  coresMin: number
  deadlineMs: number
  /** Null: the whole amount. */
  priceMax: number | null
  reputationMin: number
  /** Valid verdicts asked for, and the share of verifiers in ppm; the larger number counts. */
  validators: number
  quorumPpm: number
  chooser: 'submitter' | 'home'
  rule: ChoiceRule | null
}

/** The options of `submit-job`, as commander gives them. */
export type JobOptions = {
  description?: string
  resourceAmount?: number
  input?: string[]
  arg?: string[]
  env?: string[]
  stdin?: string
  priority?: Priority
  scope?: string
  resourceType?: ResourceType
  minMemory?: number
  minCpu?: number
  deadline?: number
  maxBid?: number
  auto?: true
}

const PAGES_PER_MB = 16

/** A job of one module. Wrong words are a usage error. */
export function planOfModule(module: string, options: JobOptions): JobPlan {
  const { description, resourceAmount = LIMITS.resourceAmountDefault } = options
  if (description === undefined) {
    throw new UsageError('a job needs a description', 'give --description TEXT')
  }
  return {
    description,
    module: sourceOf(module),
    args: options.arg ?? [],
    env: environmentOf(options.env ?? []),
    stdin: options.stdin === undefined ? null : sourceOf(options.stdin),
    inputs: inputsOf(options.input ?? []),
    resourceType: options.resourceType ?? 'compute',
    amount: resourceAmount,
    scope: options.scope ?? null,
    priority: options.priority ?? 'medium',
    memoryPagesMax: pagesOf(options.minMemory),
    coresMin: options.minCpu ?? CORES_MIN,
    deadlineMs: options.deadline === undefined ? LIMITS.deadlineMs : options.deadline * 1000,
    priceMax: options.maxBid ?? null,
    reputationMin: 0,
    validators: 0,
    quorumPpm: 0,
    chooser: options.auto === true ? 'home' : 'submitter',
    rule: null,
  }
}

/**
 * A job that a program asked for. `given` are files by input name, beside those that the program
 * names; a module file stands in for the CID, which it must have. A selection makes home choose.
 */
export function planOfRequest(
  request: JobRequest,
  given: {
    inputs: readonly { name: string; source: Source }[]
    auto: boolean
    /** The program's `selection` with a score of its own. */
    rule?: ChoiceRule | null
  },
): JobPlan {
  const named = Object.entries(request.inputs ?? {}).map(([name, cid]) => ({
    name,
    source: { cid: parseCid(cid) },
  }))
  const rule = given.rule ?? request.selection ?? null
  const added = given.inputs.filter(({ name }) => named.every((input) => input.name !== name))
  return {
    description: request.description,
    module: { cid: parseCid(request.wasm_cid) },
    args: request.args ?? [],
    env: [],
    stdin: null,
    inputs: [...named, ...added],
    resourceType: request.resource_type,
    amount: request.resource_amount,
    scope: request.scope ?? null,
    priority: request.priority,
    memoryPagesMax: pagesOf(request.min_memory),
    coresMin: request.min_cpu ?? 0,
    deadlineMs: request.deadline_ms ?? LIMITS.deadlineMs,
    priceMax: request.max_bid ?? null,
    reputationMin: request.reputation_min ?? 0,
    validators: request.required_validators ?? 0,
    quorumPpm: request.federation_quorum ?? 0,
    chooser: given.auto || rule !== null ? 'home' : 'submitter',
    rule,
  }
}

/** `[NAME=]FILE|CID`; a name taken twice is a usage error. Refuses FILE_NAME_REFUSED. */
export function inputsOf(texts: readonly string[]): { name: string; source: Source }[] {
  const { inputsMax } = LIMITS
  if (texts.length > inputsMax) {
    throw new UsageError(
      `${texts.length} inputs, at most ${inputsMax}`,
      'put several into one file',
    )
  }
  const names = new Set<string>()
  return texts.map((text) => {
    const { name, path } = splitInput(text)
    if (path === '' || name === '') {
      throw new UsageError(`--input ${text}: expected [NAME=]FILE or NAME=CID`)
    }
    if (names.has(name)) {
      throw new UsageError(`two inputs are to stand at /in/${name}`, 'name one with NAME=FILE')
    }
    names.add(name)
    const isName = FileName.safeParse(name).success
    if (!isName) throw new Refusal('FILE_NAME_REFUSED', `--input ${text}: '${name}' is no name`)
    return { name, source: sourceOf(path) }
  })
}

/** A text that is a CID names what the mesh has; `./` in front makes it a file. */
export function sourceOf(text: string): Source {
  const cid = attempt(() => parseCid(text))
  return cid instanceof Refusal ? { path: text } : { cid }
}

const pagesOf = (megabytes: number | undefined) =>
  megabytes === undefined ? LIMITS.memoryPagesDefault : megabytes * PAGES_PER_MB
