/** What a policy can ask for: actions with their arguments, all of which must be given. */
import type { Type } from '../ir/ir.ts'

const text: Type = { is: 'text' }
const did: Type = { is: 'did' }
const cid: Type = { is: 'cid' }
const credits: Type = { is: 'credits' }
const cu: Type = { is: 'cu' }

type Arguments = ReadonlyMap<string, Type>
const named = (args: Record<string, Type>): Arguments => new Map(Object.entries(args))

/** By name; another spelling is an entry of its own. */
export const ASKED: ReadonlyMap<string, Arguments> = new Map([
  ['log', named({ message: text })],
  ['emit', named({ event: text, subject: did })],
  ['anchor_data', named({ data: cid })],
  ['transfer', named({ from: did, to: did, amount: credits })],
  ['mint_tokens', named({ to: did, amount: cu })],
  ['mint_token', named({ to: did, amount: cu })],
  ['grant', named({ to: did, role: text })],
  ['record_resource_usage', named({ who: did, amount: cu })],
  ['adopt_policy', named({ cid })],
])
