/** `meshctl token list|show`: what the log says of a person's tokens. */
import { type CID, Refusal, type Token } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { findByBeginning, shortened, wholeCid } from '../cli/ids.ts'
import { pairs, table } from '../cli/table.ts'
import { note, print, printJson } from '../cli/terminal.ts'
import { instantText } from '../cli/times.ts'
import { type Mesh, type MeshOptions, withMesh } from './with-mesh.ts'

type Account = {
  token: Token
  free: number
  held: number
  spent: number
  returned: number
  /** Whether the log has it: one that was never used is only in her own folder. */
  isLogged: boolean
}

const COLUMNS = [
  { title: 'Token', width: 19 },
  { title: 'Type', width: 11 },
  { title: 'Scope', width: 11 },
  { title: 'Amount', width: 12 },
  { title: 'Left', width: 12 },
  { title: 'Held', width: 8 },
  { title: 'Spent', width: 8 },
  { title: 'Expires', width: 12 },
]

export function listTokens(options: MeshOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const accounts = await accountsOf(mesh)
    if (options.json) {
      printJson({ tokens: accounts.map(accountJson) })
      return EXIT.done
    }
    const rows = accounts.map(({ token, free, held, spent }) => [
      shortened(token.cid),
      token.body.resourceType,
      token.body.scope,
      ...[token.body.amount, free, held, spent].map(withCommas),
      expiryOf(token),
    ])
    print(table(COLUMNS, rows))
    if (rows.length === 0) note('you hold no token: ask an issuer of the federation for one\n')
    return EXIT.done
  })
}

export function showToken(text: string, options: MeshOptions): Promise<Exit> {
  return withMesh(options, async (mesh) => {
    const accounts = await accountsOf(mesh)
    const cid = tokenNamed(text, accounts)
    const account = accounts.find(({ token }) => token.cid.equals(cid))
    if (account === undefined) throw new Refusal('TOKEN_UNKNOWN', `you hold no token ${cid}`)
    if (options.json) printJson(accountJson(account))
    else print(tokenText(account, mesh))
    return EXIT.done
  })
}

function tokenNamed(text: string, accounts: readonly Account[]): CID {
  const known = accounts.map(({ token }) => token.cid)
  const found = wholeCid(text) ?? findByBeginning(text, known, 'token')
  if (found !== undefined) return found
  throw new Refusal('TOKEN_UNKNOWN', `no token of yours begins with '${text}'`)
}

async function accountsOf(mesh: Mesh): Promise<Account[]> {
  const logged = await mesh.client.tokens(mesh.home.signer().did)
  const accounts = logged.map((account) => ({ ...account, isLogged: true }))
  const isKnown = (token: Token) => accounts.some((one) => one.token.cid.equals(token.cid))
  const own = mesh.home.tokens().filter((token) => !isKnown(token))
  const unused = { held: 0, spent: 0, returned: 0, isLogged: false }
  return [...accounts, ...own.map((token) => ({ token, free: token.body.amount, ...unused }))]
}

function tokenText({ token, free, held, spent, returned, isLogged }: Account, mesh: Mesh): string {
  const { body, cid, author } = token
  return pairs([
    ['Token', `${cid}`],
    ['Issuer', `${mesh.nameOf(author)} ${author}`],
    ['Holder', `${mesh.nameOf(body.holder)} ${body.holder}`],
    ['Type', body.resourceType],
    ['Scope', body.scope],
    ['Expires', expiryOf(token)],
    ...(body.parent === null ? [] : [['Narrows', `${body.parent}`] as const]),
    ['Amount', withCommas(body.amount)],
    ['Left', withCommas(free)],
    ['Held', withCommas(held)],
    ['Spent', withCommas(spent)],
    ['Returned', withCommas(returned)],
    ['In the log', isLogged ? 'yes' : 'not yet: it comes with the first job it pays for'],
  ])
}

const expiryOf = ({ body }: Token) =>
  body.expiresAtMs === null ? 'never' : instantText(body.expiresAtMs).replace(/\.\d+Z$/, 'Z')

/** The shape of `--json`, kept stable: see meshctl/README.md. */
function accountJson({ token, free, held, spent, returned, isLogged }: Account) {
  const { body, cid, author } = token
  return {
    token: `${cid}`,
    issuer: author,
    holder: body.holder,
    resourceType: body.resourceType,
    scope: body.scope,
    expiresAtMs: body.expiresAtMs,
    parent: body.parent === null ? null : `${body.parent}`,
    amount: body.amount,
    free,
    held,
    spent,
    returned,
    logged: isLogged,
  }
}
