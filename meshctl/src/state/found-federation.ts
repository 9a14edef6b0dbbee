/**
 * A federation of one person on one machine: her own key, an issuer's, and a key for each process;
 * the charter under which they belong together, and the token that lets her spend.
 */
import { randomBytes } from 'node:crypto'
import {
  Charter,
  ensureCharter,
  type MemberRole,
  type Policy,
  type ResourceType,
  type Signer,
  seal,
  signerFromSeed,
  Token,
} from '@planetary-mesh/spec'
import { policies } from '../proof/policies.ts'
import type { Rules } from './policy-file.ts'

const DAY_MS = 24 * 60 * 60_000
const TOKEN_AMOUNT = 1_000_000
const TOKEN_MS = 30 * DAY_MS
const RETAIN_MS = 30 * DAY_MS
/** Ten tokens' worth: a new token each month for most of a year. */
const QUOTA = 10_000_000
const THRESHOLD = 2
/** The scope of everything that names none. */
export const SCOPE = 'default'
export const WRITER = 'federation-1'

export type Person = {
  name: string
  roles: MemberRole[]
  location: string
  seed: Uint8Array
  signer: Signer
}

/** What a process asks for its work, and how fast it says it is. */
export type Offer = { pricePpm: number; fuelPerMs: number }

const NODE: MemberRole[] = ['home', 'executor']
const WATCH: MemberRole[] = ['witness', 'verifier']

/** Nodes of different price, speed and place, so that there is something to choose. */
const OFFERS: readonly (Offer & { location: string })[] = [
  { pricePpm: 950_000, fuelPerMs: 700_000, location: 'eu-north' },
  { pricePpm: 800_000, fuelPerMs: 850_000, location: 'us-east' },
  { pricePpm: 900_000, fuelPerMs: 1_000_000, location: 'eu-west' },
]
const PLACES = ['eu-west', 'us-east', 'eu-north']

export type Federation = {
  charter: Charter
  token: Token
  member: Person
  issuer: Person
  /** Those who run a process, the log writer first. */
  machines: (Person & { offer: Offer | null })[]
}

export type FoundOptions = {
  /** What the member is called in the charter. */
  member: string
  /** The federation's name. */
  name: string
  nodes: number
  federation: number
  nowMs: number
  /** Policies in CCL; they stand in the place of those that a new federation has. */
  rules?: Rules
}

/**
 * Founds a federation with new keys. Two must verify, or one where there is only one. Refuses as
 * spec's `ensureCharter` does what the log would not take.
 */
export function foundFederation(options: FoundOptions): Federation {
  const { nodes, federation, nowMs } = options
  const member = newPerson(options.member, ['admin', 'member'], '')
  const issuer = newPerson('issuer', ['issuer'], '')
  const watchers = Array.from({ length: federation }, (_, at) => {
    const name = `federation-${at + 1}`
    // the writer redeems invites: for that it seals charters
    const roles: MemberRole[] = name === WRITER ? ['admin', 'ledger', ...WATCH] : WATCH
    return { ...newPerson(name, roles, placeOf(at)), offer: null }
  })
  const workers = Array.from({ length: nodes }, (_, at) => {
    const { location, ...offer } = OFFERS[at % OFFERS.length] as (typeof OFFERS)[number]
    return { ...newPerson(`mesh-node-${at + 1}`, NODE, location), offer }
  })
  const machines = [...watchers, ...workers]
  const charter = sealCharter(options, [member, issuer, ...machines])
  ensureCharter(charter, policies)
  const token = seal(
    Token,
    {
      charter: charter.cid,
      parent: null,
      issuer: issuer.signer.did,
      holder: member.signer.did,
      resourceType: 'compute',
      amount: TOKEN_AMOUNT,
      scope: scopeOf(options),
      expiresAtMs: nowMs + TOKEN_MS,
    },
    issuer.signer,
  )
  return { charter, token, member, issuer, machines }
}

function sealCharter(options: FoundOptions, everybody: readonly Person[]): Charter {
  const [founder] = everybody as [Person]
  const { rules } = options
  const did = (name: string) => everybody.find((one) => one.name === name)?.signer.did
  const [writer, issuer] = [did(WRITER), did('issuer')]
  if (writer === undefined || issuer === undefined) throw new TypeError('a writer and an issuer')
  return seal(
    Charter,
    {
      name: options.name,
      version: 0,
      previous: null,
      members: everybody.map(({ name, roles, location, signer }) => ({
        did: signer.did,
        name,
        roles: [...roles],
        location,
      })),
      issuers: [{ did: issuer, scopes: scopesOf(options) }],
      writer,
      standby: null,
      threshold: Math.min(THRESHOLD, options.federation),
      floor: 'replay',
      policies: policiesOf(options),
      retainMs: RETAIN_MS,
      ...(rules === undefined || rules.circles.length === 0 ? {} : { circles: rules.circles }),
    },
    founder.signer,
  )
}

/** Where her first token counts: the scope of the first rule for compute. */
function scopeOf({ rules }: FoundOptions): string {
  return rules?.policies.find(({ resourceType }) => resourceType === 'compute')?.scope ?? SCOPE
}

const scopesOf = (options: FoundOptions): string[] => [
  ...new Set([scopeOf(options), SCOPE, ...(options.rules?.policies ?? []).map((one) => one.scope)]),
]

const USUAL: Record<ResourceType, Policy> = {
  compute: { type: 'quota', amount: QUOTA },
  storage: { type: 'allow-all' },
  bandwidth: { type: 'allow-all' },
}

/** What was written, and the usual for what it says nothing about. */
function policiesOf(options: FoundOptions): Charter['body']['policies'] {
  const written = options.rules?.policies ?? []
  const usual = (Object.keys(USUAL) as ResourceType[]).map((resourceType) => {
    return { scope: scopeOf(options), resourceType, policy: USUAL[resourceType] }
  })
  return [
    ...usual.filter((one) =>
      written.every((of) => of.scope !== one.scope || of.resourceType !== one.resourceType),
    ),
    ...written,
  ]
}

function newPerson(name: string, roles: MemberRole[], location: string): Person {
  const seed = new Uint8Array(randomBytes(32))
  return { name, roles: [...roles], location, seed, signer: signerFromSeed(seed) }
}

const placeOf = (at: number) => PLACES[at % PLACES.length] as string
