/** `meshctl init`: a home with a key, a charter to trust, and something to spend. */
import { randomBytes } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { attempt, Charter, type CID, open, parseCid, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { pairs } from '../cli/table.ts'
import { print, printable, printJson } from '../cli/terminal.ts'
import { readHostFile } from '../files/host-files.ts'
import { createFoundersHome, createMemberHome } from '../state/create-home.ts'
import { foundFederation, SCOPE } from '../state/found-federation.ts'
import { homeFolder } from '../state/places.ts'
import type { Rules } from '../state/policy-file.ts'

const CHARTER_BYTES_MAX = 256 * 1024
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

export type InitOptions = {
  charter?: string
  name: string
  federation: string
  /** A file with the policies of a new federation. */
  policy?: string
  json?: true
}

/** How many processes a home is founded with. */
export type Size = { nodes: number; federation: number }

export async function init(options: InitOptions): Promise<Exit> {
  const home = resolve(homeFolder())
  for (const [option, text] of [
    ['--name', options.name],
    ['--federation', options.federation],
  ]) {
    if (!NAME.test(text ?? '')) {
      throw new UsageError(`${option} '${text}': expected up to 64 of a-z 0-9 . _ -`)
    }
  }
  const { charter, policy } = options
  if (charter !== undefined && policy !== undefined) {
    throw new UsageError(
      '--policy and --charter do not go together',
      'its charter has its policies',
    )
  }
  const made = await (options.charter === undefined
    ? found(home, options, { nodes: 3, federation: 3 })
    : join(home, options.charter))
  if (options.json) printJson(made)
  else print(textOf(made))
  return EXIT.done
}

/** What `--json` prints. */
export type Made = {
  home: string
  did: string
  charter: string
  federation: string | null
  token: { cid: string; amount: number; scope: string; expiresAtMs: number | null } | null
  processes: string[]
}

type Founding = Pick<InitOptions, 'name' | 'federation' | 'policy'>

/** A federation of her own. Refuses HOME_TAKEN, and policies that no charter may have. */
export async function found(
  home: string,
  { name: member, federation: name, policy }: Founding,
  size: Size,
): Promise<Made> {
  const rules = policy === undefined ? undefined : await rulesIn(policy)
  const nowMs = Date.now()
  const founded = foundFederation({ member, name, ...size, nowMs, ...(rules && { rules }) })
  await createFoundersHome(home, founded)
  const { charter, token, machines } = founded
  const { amount, scope, expiresAtMs } = token.body
  return {
    home,
    did: founded.member.signer.did,
    charter: `${charter.cid}`,
    federation: name,
    token: { cid: `${token.cid}`, amount, scope, expiresAtMs },
    processes: machines.map((machine) => machine.name),
  }
}

/** A home without policies of its own is made without a compiler. */
async function rulesIn(policy: string): Promise<Rules> {
  const { readPolicyFile } = await import('../state/policy-file.ts')
  return readPolicyFile(policy, SCOPE)
}

/** A member's home in a federation that is there: somebody has to enter her in its charter. */
async function join(home: string, text: string): Promise<Made> {
  const { genesis, charter } = await charterOf(text)
  const federation = charter?.body.name ?? 'federation'
  const seed = new Uint8Array(randomBytes(32))
  const did = await createMemberHome(home, { seed, federation, genesis, charter, tokens: [] })
  const known = charter?.body.name ?? null
  return { home, did, charter: `${genesis}`, federation: known, token: null, processes: [] }
}

async function charterOf(text: string): Promise<{ genesis: CID; charter: Charter | undefined }> {
  const cid = attempt(() => parseCid(text))
  if (!(cid instanceof Refusal)) return { genesis: cid, charter: undefined }
  const bytes = await readHostFile(text, CHARTER_BYTES_MAX)
  const charter = open(Charter, bytes)
  if (charter.body.previous !== null) {
    throw new UsageError(
      `${basename(text)} is version ${charter.body.version} of a charter, not its genesis`,
      'give the first version: its CID is what a federation tells its members',
    )
  }
  return { genesis: charter.cid, charter }
}

function textOf(made: Made): string {
  const { token } = made
  const rows: [string, string][] = [
    ['Home', made.home],
    ['You', made.did],
    ['Charter', `${made.charter}${made.federation === null ? '' : ` (${made.federation})`}`],
  ]
  if (token !== null) rows.push(['Token', `${tokenText(token)}`])
  if (made.processes.length > 0) rows.push(['Processes', made.processes.join(', ')])
  const next =
    made.processes.length > 0
      ? 'Start them with `npx meshctl up`.\n'
      : 'Give your DID to an admin of the federation, who enters it in the charter.\n'
  return `${pairs(rows.map(([name, value]) => [name, printable(value)]))}${next}`
}

function tokenText({ amount, scope, expiresAtMs }: NonNullable<Made['token']>): string {
  const until = expiresAtMs === null ? '' : `, until ${new Date(expiresAtMs).toISOString()}`
  return `${amount.toLocaleString('en')} compute units in scope ${scope}${until}`
}
