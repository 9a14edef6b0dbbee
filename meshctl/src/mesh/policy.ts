/** `meshctl policy show`: by which rules the charter in force lets tokens be used. */
import type { Charter, Policy } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { table } from '../cli/table.ts'
import { print, printable, printJson } from '../cli/terminal.ts'
import { type MeshOptions, withMesh } from '../jobs/with-mesh.ts'

export function showPolicies(options: MeshOptions): Promise<Exit> {
  return withMesh(options, async ({ charter, nameOf }) => {
    const { policies, issuers, version } = charter.body
    if (options.json) {
      printJson({ charter: `${charter.cid}`, version, policies, issuers })
    } else print(policiesText(charter, nameOf))
    return EXIT.done
  })
}

const COLUMNS = [
  { title: 'Scope', width: 16 },
  { title: 'Resource', width: 12 },
  { title: 'Policy', width: 12 },
  { title: 'Says', width: 8 },
]

function policiesText({ cid, body }: Charter, nameOf: (did: string) => string): string {
  const rows = body.policies.map(({ scope, resourceType, policy }) => [
    printable(scope),
    resourceType,
    policy.type,
    sentenceOf(policy, nameOf),
  ])
  const issuers = body.issuers.map(
    ({ did, scopes }) =>
      `  ${printable(nameOf(did))} for ${scopes.map((one) => printable(one)).join(', ')}\n`,
  )
  return (
    `Charter ${cid} (version ${body.version})\n\n${table(COLUMNS, rows)}\n` +
    'All policies of a scope and resource must allow; without one, nothing is.\n' +
    `Tokens are issued by\n${issuers.join('')}`
  )
}

function sentenceOf(policy: Policy, nameOf: (did: string) => string): string {
  switch (policy.type) {
    case 'allow-all':
      return 'every member, any amount'
    case 'quota':
      return `at most ${withCommas(policy.amount)} units of each holder`
    case 'rate-limit': {
      const seconds = policy.periodMs / 1000
      return `at most ${withCommas(policy.amount)} units of each holder in any ${seconds} s`
    }
    case 'permit-list':
      return `only ${policy.holders.map((did) => printable(nameOf(did))).join(', ')}`
  }
}
