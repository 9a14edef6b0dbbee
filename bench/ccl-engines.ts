/**
 * The policy engines that compiled CCL is compared with, each with the same policy parsed
 * beforehand and asked through the fastest way that its own page documents.
 */
import { HOURLY, QUOTA, type Workload } from './ccl-requests.ts'

/** Which of the asks are allowed: one call is one decision, encoding included. */
export type Engine = { readonly name: string; readonly allows: (ask: number) => boolean }
type Open = (workload: Workload) => Promise<Engine>

const quoted = (words: readonly string[]) => words.map((word) => JSON.stringify(word)).join(', ')
/** Lists are given as what the engine looks up fastest: few words as a list, many as a map. */
const FEW = 8

/** @cedar-policy/cedar-wasm: a policy set parsed and kept, and `statefulIsAuthorized`. */
export const openCedar: Open = async ({ members, banned, asks }) => {
  const cedar = await import('@cedar-policy/cedar-wasm/nodejs')
  const set = (who: readonly string[]) =>
    `[${who.map((did) => `Member::${JSON.stringify(did)}`).join(', ')}].contains(principal)`
  const preparsedPolicySetId = `pool-${members.length}`
  const forbid = 'forbid(principal, action, resource)'
  const { type } = cedar.preparsePolicySet(preparsedPolicySetId, {
    staticPolicies: `permit(principal, action, resource);
      ${forbid} unless { ${set(members)} };
      ${forbid} when { ${set(banned)} };
      ${forbid} when { context.used + context.amount > ${QUOTA} };
      ${forbid} when { context.recent + context.amount > ${HOURLY} };`,
  })
  if (type !== 'success') throw new Error('cedar-wasm does not parse the policy')
  const calls = asks.map(({ caller, plain: { amount, used, recent } }) => ({
    principal: { type: 'Member', id: caller },
    action: { type: 'Action', id: 'use' },
    resource: { type: 'Pool', id: 'compute' },
    context: { amount, used, recent },
    preparsedPolicySetId,
    entities: [],
  }))
  return {
    name: 'cedar-wasm 4.13.0',
    allows: (ask) => {
      const answer = cedar.statefulIsAuthorized(calls[ask] as (typeof calls)[number])
      return answer.type === 'success' && answer.response.decision === 'allow'
    },
  }
}

const expression = (members: string, banned: string) =>
  `caller in ${members} && !(caller in ${banned}) && ` +
  `used + amount <= ${QUOTA} && recent + amount <= ${HOURLY}`
const inlined = ({ members, banned }: Workload) =>
  expression(`[${quoted(members)}]`, `[${quoted(banned)}]`)
const asMap = (words: readonly string[]) => new Map(words.map((word) => [word, true]))
const asContexts = ({ asks }: Workload) => asks.map(({ caller, exact }) => ({ caller, ...exact }))

/** @marcbachmann/cel-js: a typed environment, the lists as constants, one parse. */
const openMarcbachmann: Open = async (workload) => {
  const { Environment } = await import('@marcbachmann/cel-js')
  const environment = new Environment().registerVariable('caller', 'string')
  for (const name of ['amount', 'used', 'recent']) environment.registerVariable(name, 'int')
  for (const name of ['members', 'banned'] as const) {
    const words = [...workload[name]]
    if (words.length <= FEW) environment.registerConstant(name, 'list<string>', words)
    else environment.registerConstant(name, 'map<string, bool>', asMap(words))
  }
  const decide = environment.parse(expression('members', 'banned'))
  const contexts = asContexts(workload)
  return { name: '@marcbachmann/cel-js 8.0.0', allows: (ask) => decide(contexts[ask]) === true }
}

/** @bufbuild/cel: a plan made once; long lists are variables. */
const openBufbuild: Open = async (workload) => {
  const { celEnv, parse, plan } = await import('@bufbuild/cel')
  const name = '@bufbuild/cel 0.6.1'
  const isShort = workload.members.length <= FEW
  const text = isShort ? inlined(workload) : expression('members', 'banned')
  const decide = plan(celEnv(), parse(text))
  const lists = isShort ? {} : { members: asMap(workload.members), banned: asMap(workload.banned) }
  const contexts = asContexts(workload).map((context) => ({ ...context, ...lists }))
  return { name, allows: (ask) => decide(contexts[ask]) === true }
}

/** cel-js: a tree parsed once, walked by `evaluate`. */
const openCelJs: Open = async (workload) => {
  const { evaluate, parse } = await import('cel-js')
  const parsed = parse(inlined(workload))
  if (!parsed.isSuccess) throw new Error('cel-js does not parse the policy')
  const contexts = workload.asks.map(({ caller, plain }) => ({ caller, ...plain }))
  return { name: 'cel-js 0.8.2', allows: (ask) => evaluate(parsed.cst, contexts[ask]) === true }
}

/** The libraries for CEL; one whose own dependencies are not installed is named and left out. */
export async function openCels(workload: Workload): Promise<Engine[]> {
  const engines: Engine[] = []
  for (const open of [openMarcbachmann, openBufbuild, openCelJs]) {
    try {
      engines.push(await open(workload))
    } catch (thrown) {
      if (Object(thrown).code !== 'ERR_MODULE_NOT_FOUND') throw thrown
      process.stderr.write(`left out: ${(thrown as Error).message}\n`)
    }
  }
  return engines
}
