/** How far a job is, in S1's words and in one sentence for people. */
import type { ControlClient } from '@planetary-mesh/peer'
import { printable } from '../cli/terminal.ts'
import { instantText } from '../cli/times.ts'

/** Where a job stands, as the node said it, its manifest opened. */
export type JobView = Awaited<ReturnType<ControlClient['job']>>

export type Word =
  | 'Submitted'
  | 'Bidding'
  | 'Assigned'
  | 'Running'
  | 'Completed'
  | 'Failed'
  | 'Expired'
  | 'Cancelled'
  | 'Unknown'

/** S1's words; it is Running while the executor's own stream says so. */
export function wordOf({ status, phase }: Pick<JobView, 'status' | 'phase'>): Word {
  switch (status.state) {
    case 'unknown':
      return 'Unknown'
    case 'submitted':
      return 'Submitted'
    case 'bidding':
      return 'Bidding'
    case 'leased':
      return phase === null || phase === 'assigned' ? 'Assigned' : 'Running'
    case 'receipted':
    case 'anchored':
    case 'verified':
    case 'disputed':
      return 'Completed'
    case 'failed':
      return 'Failed'
    case 'expired':
      return 'Expired'
    case 'cancelled':
      return 'Cancelled'
  }
}

/** Nothing more will happen to it. */
export function isOver({ status }: Pick<JobView, 'status'>): boolean {
  return ['verified', 'disputed', 'failed', 'expired', 'cancelled'].includes(status.state)
}

export function receiptOf({ status }: Pick<JobView, 'status'>): string | null {
  return 'receipt' in status ? status.receipt : null
}

/** What stands behind the word; `nameOf` gives a member's name, `ledgerAway` that it is silent. */
export function sentenceOf(
  { status, detail, waitingFor }: Pick<JobView, 'status' | 'detail' | 'waitingFor'>,
  given: { nameOf: (did: string) => string; ledgerAway: boolean },
): string {
  const said = detail === null ? '' : `: ${printable(detail)}`
  const waits = given.ledgerAway ? 'the ledger' : waitingFor
  const waiting = waits === null ? '' : `waiting for ${printable(waits)}`
  switch (status.state) {
    case 'unknown':
      return 'no node that was asked knows it'
    case 'submitted':
      return waiting || 'waiting for the ledger'
    case 'bidding': {
      const attempt = status.attempt > 1 ? `attempt ${status.attempt}, ` : ''
      const bids = `${status.bids} ${status.bids === 1 ? 'bid' : 'bids'}`
      return `${attempt}${bids}${waiting === '' ? '' : `, ${waiting}`}${said}`
    }
    case 'leased': {
      const until = instantText(status.untilMs)
      return `by ${given.nameOf(status.executor)}, which has until ${until}${said}`
    }
    case 'receipted':
      return 'the receipt waits for its anchor'
    case 'anchored': {
      const { valid, invalid } = status
      const away = given.ledgerAway ? ', waiting for the ledger' : ''
      return `${valid} valid, ${invalid} invalid verdicts so far${away}`
    }
    case 'verified':
      return `settled: ${status.post} charged`
    case 'disputed':
      return 'the verifiers disagree: nothing was charged'
    case 'failed':
      return REASONS[status.reason]
    case 'expired':
      return 'no receipt came before its deadline: nothing was charged'
    case 'cancelled':
      return status.receipt === null ? 'before it ran: nothing was charged' : 'while it ran'
  }
}

const REASONS = {
  'host-fault': 'every node that tried it failed itself: nothing was charged',
  refused: 'the nodes would not run it: nothing was charged',
  refuted: 'the verifiers found another result: nothing was charged',
} as const
