/** What the demo says, step by step as S1 prints it, or at its end as one JSON object. */
import type { Bid, Charter, CID, JobJson, Manifest, rankingOf } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { bidsTable } from '../cli/bids-table.ts'
import { pairs } from '../cli/table.ts'
import { jsonText, paint, printable } from '../cli/terminal.ts'
import { ruleJson, ruleText } from '../jobs/rule-text.ts'
import { nameOf } from '../proof/check-proof.ts'
import { isVerified, verifyJson } from '../proof/proof-json.ts'
import { markLines } from '../proof/verify-text.ts'
import type { DemoProof } from './prove-demo.ts'
import { resultTable } from './result-table.ts'

type Word = 'Assigned' | 'Running' | 'Completed' | 'Failed'
type Ranking = ReturnType<typeof rankingOf>
type Offer = { bid: Bid; reputation: number }

export type Tale = {
  began(program: { file: string; cid: CID }, charter: Charter, manifest: Manifest): void
  submitted(job: CID): void
  bids(offers: readonly Offer[]): void
  /** Once for each award; the ranking as computed again from the award. */
  accepted(winner: Bid, ranking: Ranking): void
  /** Each word once, in the order of S1. */
  status(word: Word): void
  ended(status: JobJson['status']): void
  proved(proof: DemoProof, car: string): void
}

/** Says each step with `print`; with `json`, one object when all is proved. */
export function openTale(json: boolean, print: (text: string) => void): Tale {
  const say = json ? () => {} : print
  const report: Record<string, unknown> = {}
  const words: Word[] = []
  let charter: Charter | undefined
  let manifest: Manifest | undefined
  let awarded: CID | undefined
  const name = (did: string) => nameOf(charter, did)
  const status = (word: Word) => {
    if (words.includes(word)) return
    if (words.length === 0) say('\nJob execution progress:\n')
    words.push(word)
    say(`Status: ${word}\n`)
  }
  return {
    status,
    began(program, founded, sealed) {
      charter = founded
      manifest = sealed
      report.program = `${program.cid}`
      report.charter = `${founded.cid}`
      const { threshold, members } = founded.body
      const verifiers = members.filter(({ roles }) => roles.includes('verifier')).length
      const nodes = members.filter(({ roles }) => roles.includes('executor')).length
      say(
        `${pairs([
          ['Mesh', `${nodes} nodes and ${verifiers} federation members, a process each`],
          ['Charter', `${founded.cid} (${threshold} of ${verifiers} must verify)`],
          ['Program', printable(program.file)],
          ['', `compiled to ${program.cid}`],
          ['Job', `${printable(sealed.body.description)}: at most ${units(sealed.body.amount)}`],
        ])}\n`,
      )
    },
    submitted(job) {
      report.job = `${job}`
      say(`Job submitted successfully\nJob ID: ${job}\n\n`)
    },
    bids(offers) {
      const rows = offers
        .map(({ bid, reputation }) => ({
          node: name(bid.author),
          price: bid.body.price,
          expectedMs: bid.body.expectedMs,
          reputation,
          location: bid.body.location,
        }))
        .sort((a, b) => (a.node < b.node ? -1 : 1))
      report.bids = rows
      say(`${bidsTable(rows)}\n`)
    },
    accepted(winner, ranking) {
      if (awarded?.equals(winner.cid)) return
      awarded = winner.cid
      const rule = manifest?.body.rule
      const scores = ranking.map(({ bid, score }) => ({ node: name(bid.author), score }))
      report.selection = { rule: ruleJson(rule ?? null), scores, winner: name(winner.author) }
      const how = ruleText(rule ?? null)
      const [best, ...others] = scores.map(({ node, score }) => `${node} (${withCommas(score)})`)
      say(`Chosen by the rule ${how}:\n  ${best}, before ${others.join(', ') || 'nobody'}\n`)
      say('Bid accepted successfully\n')
    },
    ended({ state }) {
      report.state = state
      if (state !== 'verified' && !words.includes('Completed')) status('Failed')
    },
    proved({ checked, files }, car) {
      const { chain, facts, genesis, receipt } = checked
      report.status = words
      report.ok = isVerified(checked)
      report.verification = verifyJson(checked)
      report.car = car
      const settle = facts?.settle?.body
      const executor = chain === undefined ? null : name(chain.receipt.author)
      report.charged =
        settle === undefined
          ? null
          : { held: settle.post + settle.release, ...settlePart(settle), executor }
      report.outputs = [...files].map(([path, bytes]) => ({ path, bytes: bytes.length }))
      const command = `npx meshctl verify ${receipt} --from ${quoted(car)} --charter ${genesis.cid}`
      report.verify = command
      if (json) return print(jsonText(report))
      say(`Receipt CID: ${receipt}\n${markLines(checked)}\n`)
      if (settle !== undefined && chain !== undefined) {
        const { fuel } = chain.receipt.body.result
        const held = settle.post + settle.release
        say(
          pairs([
            ['Held', units(held)],
            ['Charged', `${units(settle.post)}, earned by ${executor} (${withCommas(fuel)} fuel)`],
            ['Released', units(settle.release)],
          ]),
        )
      }
      if (files.size > 0) {
        say(`\n${paint('bold', 'Result')} ${chain?.receipt.body.result.output.cid}\n`)
        say(resultTable(files))
      }
      say(`\nEvery block is in ${car}. Check it from another process:\n  ${command}\n`)
    },
  }
}

const settlePart = ({ post, release }: { post: number; release: number }) => ({
  posted: post,
  released: release,
})

const units = (amount: number) => `${withCommas(amount)} ${amount === 1 ? 'unit' : 'units'}`

/** For a shell: as it is where nothing in it means anything to one. */
const quoted = (path: string) =>
  /^[\w./:@%+,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
