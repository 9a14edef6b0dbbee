/** `meshctl federation …`: who we are, how we are, what we judged, and who may join us. */

import { type Charter, LIMITS, type MemberRole, Refusal } from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { EXIT, type Exit } from '../cli/exit.ts'
import { pairs, table } from '../cli/table.ts'
import { note, paint, print, printable, printJson } from '../cli/terminal.ts'
import { instantText } from '../cli/times.ts'
import { type MeshOptions, withMesh } from '../jobs/with-mesh.ts'
import { openHome } from '../state/home.ts'
import { knownNodes } from '../state/running.ts'
import { byName } from './mesh.ts'

export async function invite(
  options: MeshOptions & { role: string; expires: number },
): Promise<Exit> {
  const node = options.node ?? (await adminHere())
  const asked = { role: options.role as MemberRole, expiresInMs: options.expires }
  return withMesh({ ...options, node }, async ({ client }) => {
    const { line, expiresAtMs } = await client.invite(asked)
    if (options.json) printJson({ line, role: options.role, expiresAtMs })
    else {
      print(`${line}\n`)
      if (process.stderr.isTTY) {
        note(`It works once, until ${instantText(expiresAtMs)}. On the other machine:\n`)
        note('  npx meshctl node start --join LINE\n')
      }
    }
    return EXIT.done
  })
}

/** A process of this home whose key may seal the next charter. */
async function adminHere(): Promise<string> {
  const home = await openHome()
  const known = await knownNodes(home.folder)
  const admins = home.charter().body.members.filter(({ roles }) => roles.includes('admin'))
  const found = admins.find(({ name }) => known.includes(name))
  if (found !== undefined) return found.name
  throw new Refusal('ROLE_MISSING', 'no process of this home holds the key of an admin')
}

export function status(options: MeshOptions): Promise<Exit> {
  return withMesh(options, async ({ client, charter, home }) => {
    const [node, nodes] = await Promise.all([client.node(), client.nodes()])
    const federation = nodes
      .filter(({ roles }) => roles.some((role) => ['ledger', 'witness', 'verifier'].includes(role)))
      .sort((a, b) => byName(a.name, b.name))
    const { body } = charter
    const told = {
      name: body.name,
      genesis: `${home.genesis}`,
      charter: `${charter.cid}`,
      version: body.version,
      members: body.members.length,
      threshold: body.threshold,
      verifiers: body.members.filter(({ roles }) => roles.includes('verifier')).length,
      floor: body.floor,
      retainMs: body.retainMs,
      log: node.log,
      federation: federation.map(({ name, did, roles, state }) => ({ name, did, roles, state })),
    }
    if (options.json) printJson(told)
    else print(statusText(told, charter))
    return node.log.problem === null && node.log.writerConnected ? EXIT.done : EXIT.refused
  })
}

type Told = {
  name: string
  genesis: string
  charter: string
  version: number
  members: number
  threshold: number
  verifiers: number
  floor: string
  log: {
    size: number
    head: string | null
    writer: string | null
    writerConnected: boolean
    problem: { code: string; detail: string } | null
  }
  federation: { name: string; did: string; roles: string[]; state: string }[]
}

function statusText(told: Told, { body }: Charter): string {
  const { log } = told
  const did = log.writer ?? body.writer
  const writer = printable(body.members.find((member) => member.did === did)?.name ?? did)
  const ledger = log.writerConnected
    ? `written by ${writer}`
    : `waiting for the ledger: ${writer} does not answer`
  const rows: [string, string][] = [
    ['Federation', `${printable(told.name)}, ${told.members} members`],
    ['Genesis', told.genesis],
    ['Charter', `${told.charter} (version ${told.version})`],
    ['Verified by', `${told.threshold} of ${told.verifiers}, at least by ${told.floor}`],
    ['Log', `${log.size} ${log.size === 1 ? 'entry' : 'entries'}, ${ledger}`],
    ['Anchor', log.head ?? 'none yet'],
  ]
  if (log.problem !== null) {
    const { code, detail } = log.problem
    rows.push(['Stopped', paint('red', `${code}: ${printable(detail)}`)])
  }
  const columns = [
    { title: 'Member', width: 16 },
    { title: 'Roles', width: 32 },
    { title: 'State', width: 9 },
  ]
  const members = told.federation.map(({ name, roles, state }) => [
    printable(name),
    roles.join(' '),
    state,
  ])
  return `${pairs(rows)}\n${table(columns, members)}`
}

export function verdicts(options: MeshOptions & { limit: number }): Promise<Exit> {
  return withMesh(options, async ({ client, nameOf }) => {
    const receipts = await client.verdicts({ limit: options.limit })
    const told = receipts.map(({ job, receipt, threshold, verdicts: given }) => ({
      job: `${job}`,
      receipt: `${receipt}`,
      threshold,
      verdicts: given.map(({ author, cid, body }) => ({
        verdict: `${cid}`,
        verifier: author,
        name: nameOf(author),
        method: body.method,
        result: body.result,
        findings: body.findings.map(({ code, detail }) => ({ code, detail })),
      })),
    }))
    if (options.json) printJson({ receipts: told })
    else if (told.length === 0) print('No receipt is in the log yet.\n')
    else print(told.map(receiptText).join('\n'))
    return EXIT.done
  })
}

type Judged = {
  job: string
  receipt: string
  threshold: number
  verdicts: {
    name: string
    method: string
    result: string
    findings: { code: string; detail: string }[]
  }[]
}

function receiptText({ job, receipt, threshold, verdicts: given }: Judged): string {
  const valid = given.filter(({ result }) => result === 'valid').length
  const lines = given.map(({ name, method, result, findings }) => {
    const why = findings.map(({ code, detail }) => `  ${code}: ${printable(detail)}`).join('')
    return `  ${printable(name).padEnd(16)}${result.padEnd(14)}${method}${why}\n`
  })
  return `Job ${job}\nReceipt ${receipt}: ${valid} valid, ${threshold} needed\n${lines.join('')}`
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** For how long an invitation holds: `90s`, `10m`, `1h`, `7d` in ms. Throws UsageError. */
export function parseExpires(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})([smhd])$/.exec(text) ?? []
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN)
  const longest = `${LIMITS.inviteMsMax / (UNITS.d as number)}d`
  const next = `give a time such as 90s, 10m, 1h or 7d, at most ${longest}`
  if (ms > LIMITS.inviteMsMax) {
    throw new UsageError(`--expires ${text}: an invitation holds for ${longest} at most`, next)
  }
  if (ms > 0) return ms
  throw new UsageError(`--expires ${printable(text)} is no time`, next)
}
