/** The `--json` shapes of `verify` and `receipt show`, kept stable: see meshctl/README.md. */
import type { Finding } from '@planetary-mesh/spec'
import { type CheckedProof, nameOf } from './check-proof.ts'
import { byVerb, VERBS } from './verbs.ts'
import { notEstablished } from './verify-text.ts'

const findingJson = ({ code, cid, detail }: Finding) => ({
  code,
  cid: cid === null ? null : `${cid}`,
  detail,
})

export function verifyJson(checked: CheckedProof) {
  const { anchored, verified, genesis, charter, facts, chain, witnessed, findings } = checked
  const verbs = byVerb(findings)
  const member = (did: string) => ({ name: nameOf(charter, did), did })
  const verifiers = charter?.body.members.filter(({ roles }) => roles.includes('verifier')) ?? []
  return {
    ok: isVerified(checked),
    receipt: `${checked.receipt}`,
    job: chain === undefined ? null : `${chain.manifest.cid}`,
    trusted: {
      charter: `${genesis.cid}`,
      charterFrom: genesis.from,
      federation: charter?.body.name ?? null,
      version: charter?.body.version ?? null,
      writer: charter === undefined ? null : member(charter.body.writer),
      verifiers: verifiers.map(({ did }) => member(did)),
      threshold: facts?.threshold ?? charter?.body.threshold ?? null,
      profile: chain?.receipt.body.result.profile ?? null,
    },
    verbs: Object.fromEntries(VERBS.map((verb) => [verb, verbs[verb].map(findingJson)])),
    anchored,
    verified,
    replayed: checked.replayed,
    anchor: facts?.anchor === undefined ? null : `${facts.anchor}`,
    logSize: facts?.logSize ?? null,
    valid: facts?.valid.map(member) ?? [],
    invalid: facts?.invalid.map(member) ?? [],
    cosigned: witnessed.map(({ witness, size, atMs, anchor }) => ({
      ...member(witness),
      size,
      atMs,
      anchor: `${anchor}`,
    })),
    notEstablished: notEstablished(checked),
  }
}

/** Both check marks are ✓. */
export const isVerified = ({ anchored, verified }: CheckedProof) =>
  anchored.mark === '✓' && verified.mark === '✓'
