/** Who lives in the simulated federation, and the first records they need. */
import {
  Charter,
  type Did,
  type Member,
  type MemberRole,
  type Signer,
  seal,
  Token,
} from '@planetary-mesh/spec'
import type { Keys } from './keys.ts'

export const SCOPE = 'coop:farm'
export const PROFILE = 'sim/0'

export type NodePlan = { name: string; signer: Signer; roles: MemberRole[]; lies: boolean }

export type Federation = {
  charter: Charter
  nodes: NodePlan[]
  submitters: { signer: Signer; token: Token }[]
  stranger: Signer
  /** A verifier that calls every receipt valid, twice. */
  liar: Signer
}

/** Twenty nodes: a writer, two verifiers, thirteen homes, six executors of which two lie. */
export function foundFederation(keys: Keys, createdAtMs: number): Federation {
  const nodes: NodePlan[] = []
  const add = (name: string, roles: MemberRole[], lies = false) =>
    nodes.push({ name, signer: keys.signer(name), roles, lies })
  add('federation-1', ['ledger', 'witness', 'verifier', 'admin'])
  add('federation-2', ['witness', 'verifier'])
  add('federation-3', ['witness', 'verifier'])
  add('home-1', ['home', 'executor'])
  add('home-2', ['home', 'executor'])
  for (let index = 1; index <= 4; index++) add(`node-${index}`, ['executor'], index <= 2)
  for (let index = 1; index <= 11; index++) add(`home-${index + 2}`, ['home'])
  const liar = keys.signer('liar')
  const people = ['alice', 'anna', 'aldo'].map((name) => keys.signer(name))
  const writer = (nodes[0] as NodePlan).signer
  const members: Member[] = [
    ...nodes.map(({ name, signer, roles }) => member(name, signer.did, roles)),
    ...people.map(({ did }, index) => member(`member-${index}`, did, ['member'])),
    member('liar', liar.did, ['verifier']),
  ]
  const charter = seal(
    Charter,
    {
      name: 'sim',
      version: 0,
      previous: null,
      members,
      issuers: [{ did: writer.did, scopes: [SCOPE] }],
      writer: writer.did,
      standby: null,
      threshold: 2,
      floor: 'replay',
      policies: [
        { scope: SCOPE, resourceType: 'compute', policy: { type: 'quota', amount: 1_000_000 } },
      ],
      retainMs: 0,
    },
    writer,
  )
  const submitters = people.map((signer) => ({
    signer,
    token: seal(
      Token,
      {
        charter: charter.cid,
        parent: null,
        issuer: writer.did,
        holder: signer.did,
        resourceType: 'compute',
        amount: 2500,
        scope: SCOPE,
        expiresAtMs: createdAtMs + 3_600_000,
      },
      writer,
    ),
  }))
  return { charter, nodes, submitters, stranger: keys.signer('mallory'), liar }
}

function member(name: string, did: Did, roles: MemberRole[]): Member {
  return { did, name, roles, location: 'sim' }
}
