/**
 * The people of a mesh in tests, the charter they live under and the token that alice spends.
 * alice submits; bruno, chiara and gita are nodes; dora, emil and fatou are the federation.
 */
import {
  Charter,
  type MemberRole,
  type SealedOf,
  type Signer,
  seal,
  sha256,
  signerFromSeed,
  Token,
} from '@planetary-mesh/spec'
import { alice, bruno, chiara, dora, emil, fatou } from '../../tools/vectors/people.ts'

export { alice, bruno, chiara, dora, emil, fatou, mallory } from '../../tools/vectors/people.ts'

const person = (name: string): Signer => signerFromSeed(sha256(new TextEncoder().encode(name)))

/** A third node. */
export const gita = person('gita')
/** Issues tokens. */
export const ines = person('ines')
/** A second member who submits. */
export const hans = person('hans')

export type BodyOf<R> = SealedOf<R>['body']

export const SCOPE = 'default'
export const TOKEN_AMOUNT = 10_000
const HOUR_MS = 3_600_000

export type Person = { name: string; signer: Signer; roles: MemberRole[] }

const NODE: MemberRole[] = ['home', 'executor']
const WATCH: MemberRole[] = ['witness', 'verifier']

/** Those who run a process, by name. */
export const MACHINES: readonly Person[] = [
  { name: 'bruno', signer: bruno, roles: NODE },
  { name: 'chiara', signer: chiara, roles: NODE },
  { name: 'gita', signer: gita, roles: NODE },
  { name: 'dora', signer: dora, roles: ['ledger', ...WATCH] },
  { name: 'emil', signer: emil, roles: WATCH },
  { name: 'fatou', signer: fatou, roles: WATCH },
]

export const NODES: readonly string[] = ['bruno', 'chiara', 'gita']
export const FEDERATION: readonly string[] = ['dora', 'emil', 'fatou']

const MEMBERS: readonly Person[] = [
  { name: 'alice', signer: alice, roles: ['admin', 'member'] },
  { name: 'hans', signer: hans, roles: ['member'] },
  ...MACHINES,
]

/** Who a DID belongs to; the DID itself for a stranger. */
export const nameOf = (did: string): string =>
  MEMBERS.find(({ signer }) => signer.did === did)?.name ?? did

/** Two of three verifiers must agree, everybody may use everything; `over` changes that. */
export function foundCharter(over: Partial<BodyOf<typeof Charter>> = {}): Charter {
  return seal(
    Charter,
    {
      name: 'co-op',
      version: 0,
      previous: null,
      members: MEMBERS.map(({ name, signer, roles }) => ({
        did: signer.did,
        name,
        roles: [...roles],
        location: '',
      })),
      issuers: [{ did: ines.did, scopes: [SCOPE, 'lab'] }],
      writer: dora.did,
      standby: null,
      threshold: 2,
      floor: 'none',
      policies: ([SCOPE, 'lab'] as const).flatMap((scope) =>
        (['compute', 'storage', 'bandwidth'] as const).map((resourceType) => ({
          scope,
          resourceType,
          policy: { type: 'allow-all' as const },
        })),
      ),
      retainMs: 24 * HOUR_MS,
      ...over,
    },
    alice,
  )
}

/** Ten thousand units of compute for alice, for an hour; `over` and `signer` change that. */
export function issueToken(
  charter: Charter,
  nowMs: number,
  over: Partial<BodyOf<typeof Token>> = {},
  signer = ines,
): Token {
  return seal(
    Token,
    {
      charter: charter.cid,
      parent: null,
      issuer: null,
      holder: alice.did,
      resourceType: 'compute',
      amount: TOKEN_AMOUNT,
      scope: SCOPE,
      expiresAtMs: nowMs + HOUR_MS,
      ...over,
    },
    signer,
  )
}
