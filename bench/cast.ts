/**
 * The people and machines of the measured mesh, with fresh keys: alice, who submits, administers
 * and issues; three mesh nodes of different price, speed and place; three federation members.
 */
import { randomBytes } from 'node:crypto'
import {
  Charter,
  type MemberRole,
  type Signer,
  seal,
  signerFromSeed,
  Token,
} from '@planetary-mesh/spec'

const DAY_MS = 24 * 60 * 60_000
const TOKEN_AMOUNT = 1_000_000
const TOKEN_MS = 30 * DAY_MS
const RETAIN_MS = 30 * DAY_MS
const QUOTA = 10_000
const THRESHOLD = 2

export type Person = { name: string; roles: MemberRole[]; location: string; signer: Signer }

const NODE: MemberRole[] = ['home', 'executor']
const WATCH: MemberRole[] = ['witness', 'verifier']

const CAST: readonly Omit<Person, 'signer'>[] = [
  { name: 'alice', roles: ['admin', 'issuer', 'member'], location: '' },
  { name: 'mesh-node-1', roles: NODE, location: 'eu-north' },
  { name: 'mesh-node-2', roles: NODE, location: 'us-east' },
  { name: 'mesh-node-3', roles: NODE, location: 'eu-west' },
  { name: 'federation-1', roles: ['ledger', ...WATCH], location: 'eu-west' },
  { name: 'federation-2', roles: WATCH, location: 'us-east' },
  { name: 'federation-3', roles: WATCH, location: 'eu-north' },
]

/** Everybody with a new key. */
export function openCast(): Person[] {
  return CAST.map((person) => ({ ...person, signer: signerFromSeed(randomBytes(32)) }))
}

/** The one of that name. */
export function person(cast: readonly Person[], name: string): Person {
  const found = cast.find((one) => one.name === name)
  if (found === undefined) throw new TypeError(`nobody is called ${name}`)
  return found
}

/** The federation that they found: what the reader of a receipt has to trust, and all of it. */
export function foundFederation(cast: readonly Person[], scope: string): Charter {
  const alice = person(cast, 'alice').signer
  return seal(
    Charter,
    {
      name: 'bench',
      version: 0,
      previous: null,
      members: cast.map(({ name, roles, location, signer }) => ({
        did: signer.did,
        name,
        roles: [...roles],
        location,
      })),
      issuers: [{ did: alice.did, scopes: [scope] }],
      writer: person(cast, 'federation-1').signer.did,
      standby: null,
      threshold: THRESHOLD,
      floor: 'replay',
      policies: (['allow-all', 'quota'] as const).map((type) => ({
        scope,
        resourceType: 'compute' as const,
        policy: type === 'quota' ? { type, amount: QUOTA } : { type },
      })),
      retainMs: RETAIN_MS,
    },
    alice,
  )
}

/** Alice's million units for thirty days. */
export function issueToken(
  cast: readonly Person[],
  charter: Charter,
  scope: string,
  nowMs: number,
): Token {
  const alice = person(cast, 'alice').signer
  return seal(
    Token,
    {
      charter: charter.cid,
      parent: null,
      issuer: alice.did,
      holder: alice.did,
      resourceType: 'compute',
      amount: TOKEN_AMOUNT,
      scope,
      expiresAtMs: nowMs + TOKEN_MS,
    },
    alice,
  )
}
