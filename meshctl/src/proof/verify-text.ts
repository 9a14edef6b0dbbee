/**
 * What `meshctl verify` says to people: first what it trusted, then each verb, the two check marks
 * with their reasons, who cosigned, and last what it did not establish.
 */
import { withCommas } from '../cli/amounts.ts'
import { pairs } from '../cli/table.ts'
import { paint, paintMark, printable } from '../cli/terminal.ts'
import { type CheckedProof, nameOf } from './check-proof.ts'
import { byVerb, VERBS } from './verbs.ts'

export const NOT_ESTABLISHED = [
  'who in the real world holds a key',
  'wall-clock times: they are what their signers say',
  'that the inputs were true',
]

const ANCHORED = 'Receipt anchored to DAG'
const VERIFIED = 'Receipt verified by federation'

/** The two lines as S1 prints them; the reason follows where the mark is not ✓. */
export function markLines(marks: Pick<CheckedProof, 'anchored' | 'verified'>): string {
  const { anchored, verified } = marks
  const line = (what: string, { mark, code, detail }: CheckedProof['anchored']) => {
    const reason = code === null ? detail : `${code}: ${detail}`
    return `${what} ${paintMark(mark)}${mark === '✓' ? '' : `  ${printable(reason)}`}\n`
  }
  return line(ANCHORED, anchored) + line(VERIFIED, verified)
}

export function verifyText(checked: CheckedProof): string {
  return [
    `${paint('bold', 'Trusted')}\n${trusted(checked)}`,
    `${paint('bold', 'Checked')}\n${verbLines(checked)}`,
    `${markLines(checked)}${reasons(checked)}`,
    `${paint('bold', 'Cosigned')}\n${cosigned(checked)}`,
    `${paint('bold', 'Not established')}\n${notEstablished(checked)
      .map((sentence) => `  ${sentence}\n`)
      .join('')}`,
  ].join('\n')
}

export function notEstablished({ replayed }: CheckedProof): string[] {
  if (replayed.done) return NOT_ESTABLISHED
  return [
    ...NOT_ESTABLISHED,
    `that the module gives this result: not run here, ${reasonOf(replayed)}`,
  ]
}

/** It may quote the module. */
const reasonOf = ({ reason }: CheckedProof['replayed']) => printable(reason ?? '')

const SOURCES = {
  option: 'given with --charter',
  home: 'pinned in your home',
  file: 'named by the file itself',
} as const

function trusted({ genesis, charter, facts, chain }: CheckedProof): string {
  const rows: [string, string][] = [['  charter', `${genesis.cid} (${SOURCES[genesis.from]})`]]
  if (charter !== undefined) {
    const { body } = charter
    const verifiers = body.members.filter(({ roles }) => roles.includes('verifier'))
    rows.push(
      ['  federation', `${body.name}, version ${body.version}`],
      ['  writer', `${nameOf(charter, body.writer)} ${body.writer}`],
      ...verifiers.map(({ name, did }): [string, string] => ['  verifier', `${name} ${did}`]),
      ['  threshold', `${facts?.threshold ?? body.threshold} valid verdicts`],
    )
  }
  if (chain !== undefined) rows.push(['  profile', printable(chain.receipt.body.result.profile)])
  const warning =
    genesis.from === 'file'
      ? '  Whoever made the file chose this charter. To trust your own: --charter CID, or write\n' +
        '  its CID into genesis.cid in $PLANETARY_MESH_HOME.\n'
      : ''
  return pairs(rows) + paint('yellow', warning)
}

function verbLines({ findings, replayed, chain }: CheckedProof): string {
  const found = byVerb(findings)
  const fuel = withCommas(chain?.receipt.body.result.fuel ?? 0)
  const again = replayed.done
    ? `ok: the job run again gave the same result with the same ${fuel} fuel`
    : `ok: the decision; the job was not run again (${reasonOf(replayed)})`
  const opened = chain !== undefined
  return VERBS.map((verb) => {
    const [first, ...others] = found[verb].map(
      ({ code, cid, detail }) => `${code} ${cid ?? ''}: ${printable(detail)}`,
    )
    const name = `  ${verb.padEnd(9)}`
    if (first === undefined) {
      const said = verb === 'replay' ? again : 'ok'
      return `${name}${opened || verb === 'open' ? said : 'not reached'}\n`
    }
    return [`${name}${paint('red', first)}`, ...others.map((text) => `${' '.repeat(11)}${text}`)]
      .map((text) => `${text}\n`)
      .join('')
  }).join('')
}

function reasons({ anchored, verified, facts, charter }: CheckedProof): string {
  if (facts === undefined) return ''
  const names = (dids: readonly string[]) => dids.map((did) => nameOf(charter, did)).join(', ')
  const anchor =
    anchored.mark === '✓' ? `  ${anchored.detail}, log of ${facts.logSize} entries\n` : ''
  const valid = verified.mark === '✓' ? `  ${verified.detail}: ${names(facts.valid)}\n` : ''
  return anchor + valid
}

function cosigned({ witnessed, charter, facts }: CheckedProof): string {
  if (witnessed.length === 0) return '  by nobody that was read\n'
  return pairs(
    witnessed.map(({ witness, size }): [string, string] => [
      `  ${nameOf(charter, witness)}`,
      `the log at ${size} of ${facts?.logSize ?? size} entries`,
    ]),
  )
}
