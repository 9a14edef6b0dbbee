/**
 * What may stand in a document: the kinds of blocks, their properties and the types of these. The
 * grammar knows none of these words; a new kind is a new entry here. A property marked `listed` is
 * read and checked, but nothing acts on it: `compile` lists it as descriptive.
 */
import { LIMITS, PRIORITIES } from '@planetary-mesh/spec/bare'
import type { Type } from './types.ts'

export type Property = { readonly type: Type; readonly listed: boolean }

export type Kind = {
  readonly properties: ReadonlyMap<string, Property>
  readonly blocks: ReadonlyMap<string, Kind>
  /** May have a name of its own: `job nightly { … }`. */
  readonly named: boolean
  /** Anything may stand inside, and all of it is listed. */
  readonly free: boolean
  /** Holds calls of actions. */
  readonly calls: boolean
}

type Shape = {
  acted?: Record<string, Type>
  listed?: Record<string, Type>
  blocks?: Record<string, Kind>
  named?: boolean
  free?: boolean
  calls?: boolean
}

function kind(shape: Shape): Kind {
  const properties = new Map<string, Property>()
  for (const [name, type] of Object.entries(shape.acted ?? {})) {
    properties.set(name, { type, listed: false })
  }
  for (const [name, type] of Object.entries(shape.listed ?? {})) {
    properties.set(name, { type, listed: true })
  }
  const { named = false, free = false, calls = false } = shape
  return { properties, blocks: new Map(Object.entries(shape.blocks ?? {})), named, free, calls }
}

const text: Type = { is: 'text', bytesMax: LIMITS.textBytesMax }
const person: Type = { is: 'person' }
const texts: Type = { is: 'list', of: text, countMax: LIMITS.argsMax }
const amount: Type = { is: 'whole', min: 0, max: LIMITS.amountMax }
const share: Type = { is: 'share' }
const seconds: Type = { is: 'seconds' }

export const RESOURCE_TYPES = ['compute', 'storage', 'bandwidth'] as const

export const ARGUMENTS = {
  wasm_cid: { is: 'file' },
  description: text,
  resource_type: { is: 'choice', of: RESOURCE_TYPES },
  resource_amount: { is: 'whole', min: 1, max: LIMITS.amountMax },
  priority: { is: 'choice', of: PRIORITIES },
  inputs: { is: 'files', countMax: LIMITS.inputsMax },
  args: {
    is: 'list',
    of: { is: 'text', bytesMax: LIMITS.argBytesMax },
    countMax: LIMITS.argsMax,
  },
} as const satisfies Record<string, Type>

const policy: Type = {
  is: 'choice',
  of: ['allow-all', 'quota', 'rate-limit', 'permit-list'],
}
const byResource = (type: Type) =>
  Object.fromEntries(RESOURCE_TYPES.map((resource) => [resource, type]))

const free = kind({ free: true, named: true })

const RESOURCES = kind({
  acted: { ...byResource(amount), scope: { is: 'scope' } },
  listed: { cpu_quota: amount, memory_quota: amount, io_quota: amount, token_quota: amount },
  blocks: { policies: kind({ listed: byResource(policy) }) },
})

const JOB = kind({
  named: true,
  acted: {
    wasm_cid: ARGUMENTS.wasm_cid,
    description: ARGUMENTS.description,
    resource_type: ARGUMENTS.resource_type,
    resource_amount: ARGUMENTS.resource_amount,
    priority: ARGUMENTS.priority,
    deadline: { is: 'duration' },
    scope: { is: 'scope' },
  },
  listed: { input_data: { is: 'file' }, output_location: text },
  blocks: {
    requirements: kind({
      acted: {
        min_memory: { is: 'whole', min: 1, max: 2048, unit: 'MB' },
        min_cpu: { is: 'whole', min: 0, max: 1024, unit: 'cores' },
        min_cpu_cores: { is: 'whole', min: 0, max: 1024, unit: 'cores' },
      },
      listed: { min_storage: amount, max_execution_time: seconds, features: texts },
    }),
    node_preferences: kind({
      acted: {
        reputation_min: { is: 'whole', min: 0, max: 100 },
        max_bid: amount,
      },
      listed: { location: text },
    }),
  },
})

const RESULTS = kind({
  blocks: {
    verification: kind({
      acted: {
        federation_quorum: share,
        required_validators: { is: 'whole', min: 0, max: LIMITS.verdictsMax },
      },
      listed: { verification_timeout: seconds },
    }),
    storage: free,
    distribution: free,
  },
})

const SELECTION = kind({
  named: true,
  acted: { score: { is: 'later' }, order: { is: 'later' }, tie_break: { is: 'later' } },
  blocks: {
    weights: kind({
      acted: { price: share, resources: share, reputation: share, timeliness: share },
    }),
  },
})

/** The top of a document: metadata and blocks. */
export const DOCUMENT: Kind = kind({
  listed: {
    title: text,
    name: text,
    description: text,
    author: person,
    authors: { is: 'list', of: person, countMax: LIMITS.argsMax },
    organization: text,
    created: text,
    updated: text,
    version: text,
    license: text,
    language: text,
    tags: texts,
  },
  blocks: {
    resources: RESOURCES,
    job: JOB,
    execution: kind({ calls: true }),
    results: RESULTS,
    selection: SELECTION,
    accountability: free,
    budget: free,
    reporting: free,
  },
})
