/** `meshctl policy show`: by which rules the charter in force lets tokens be used. */
import { compile, formatDiagnostics } from '@planetary-mesh/ccl-compiler'
import { importsBeside } from '@planetary-mesh/ccl-compiler/cli'
import {
  type Charter,
  cidOf,
  equalBytes,
  type Policy,
  readPolicyHeader,
} from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { table } from '../cli/table.ts'
import { note, print, printable, printJson } from '../cli/terminal.ts'
import { type MeshOptions, withMesh } from '../jobs/with-mesh.ts'

export function showPolicies(options: MeshOptions): Promise<Exit> {
  return withMesh(options, async ({ charter, nameOf }) => {
    const { policies, issuers, version } = charter.body
    if (options.json) {
      const shown = policies.map((one) => ({ ...one, policy: policyJson(one.policy) }))
      const { circles = [] } = charter.body
      printJson({ charter: `${charter.cid}`, version, policies: shown, circles, issuers })
      return EXIT.done
    }
    const { texts, missing } = await asWritten(charter)
    print(`${policiesText(charter, nameOf)}${texts}`)
    note(missing)
    return missing === '' ? EXIT.done : EXIT.usage
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
    `Tokens are issued by\n${issuers.join('')}${circlesText(body.circles ?? [], nameOf)}`
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
    case 'ccl': {
      const { name, rules } = readPolicyHeader(policy.module)
      return `${printable(name)}: ${rules.map(ruleText).join(', ')}`
    }
  }
}

type Rule = ReturnType<typeof readPolicyHeader>['rules'][number]

const ruleText = ({ name, effect }: Rule) =>
  printable(`${name} ${effect === 'allow' ? 'allows' : 'denies'}`)

/** As it stands in the charter, with what its module says of itself; the module by its CID. */
function policyJson(policy: Policy) {
  if (policy.type !== 'ccl') return policy
  const { module, source, type } = policy
  const { name, rules, costMax } = readPolicyHeader(module)
  return { type, name, rules, costMax, module: `${cidOf('raw', module)}`, source }
}

function circlesText(
  circles: NonNullable<Charter['body']['circles']>,
  nameOf: (did: string) => string,
): string {
  if (circles.length === 0) return ''
  const lines = circles.map(({ name, members }) => {
    const names = members.map((did) => printable(nameOf(did)))
    return `  ${name}: ${names.join(', ') || 'nobody'}\n`
  })
  return `Circles\n${lines.join('')}`
}

type AsWritten = { texts: string; missing: string }

/**
 * The texts that members agreed on, each once, and whether they are what decides. What they use is
 * looked for in the folder that this runs in; `missing` is what the compiler says without it.
 */
async function asWritten({ body }: Charter): Promise<AsWritten> {
  const modules = new Map<string, Uint8Array[]>()
  for (const { policy } of body.policies) {
    if (policy.type !== 'ccl') continue
    modules.set(policy.source, [...(modules.get(policy.source) ?? []), policy.module])
  }
  const found: AsWritten = { texts: '', missing: '' }
  for (const [source, made] of modules) {
    const built = compile(source, { file: 'charter', ...(await importsBeside('-', source)) })
    const isAway = built.diagnostics.some(({ code }) => code === 'CCL0542')
    if (isAway) found.missing += formatDiagnostics(built.diagnostics, source)
    const same = (module: Uint8Array) =>
      built.ok && built.units.some(({ wasm }) => equalBytes(wasm, module))
    const says = isAway ? NOT_COMPARED : made.every(same) ? SAME : OTHER
    const text = source.split('\n').map((line) => printable(line).trimEnd())
    found.texts += `\nAs written (${says}):\n\n${text.join('\n').trimEnd()}\n`
  }
  return found
}

const SAME = 'what decides is what this text compiles to'
const OTHER = 'this text does not compile to what decides'
const NOT_COMPARED = 'not compared with what decides: what it uses is not in this folder'
