/**
 * Planted bugs: each breaks the system in one way that a person could have written by mistake. The
 * simulator must find every one of those in `SIMULATION`; see `test/sim/plant.ts`.
 */

import { REQUIREMENTS } from './requirement-patches.ts'

export type Edit = { file: string; find: string; replace: string }
export type Patch = { id: string; sentence: string; edits: readonly Edit[] }

export const SIMULATION: readonly Patch[] = [
  {
    id: 'no-fence',
    sentence: 'a second lease is given while the first one is live',
    edits: [
      {
        file: 'spec/src/rules/ledger/append-lease.ts',
        find: 'last === undefined || !isLive(job, last, atMs),',
        replace: 'true,',
      },
    ],
  },
  {
    id: 'no-durable-write',
    sentence: 'the shell goes on before a record is on the disk',
    edits: [
      {
        file: 'peer/src/perform.ts',
        find: 'if (isAlive()) await ports.journal.append([bytes])',
        replace: 'if (isAlive()) void ports.journal.append([bytes]).catch(() => {})',
      },
    ],
  },
  {
    id: 'settle-before-verdict',
    sentence: 'a receipt is paid as soon as it is there',
    edits: [
      {
        file: 'spec/src/rules/ledger/due-settle.ts',
        find: "case 'pending':\n      return undefined",
        replace:
          "case 'pending':\n      return settleBody(job, { lease, receipt, verdicts: valid, post, reason: 'verified' })",
      },
    ],
  },
  {
    id: 'duplicate-verdict-counted',
    sentence: 'a verdict that comes twice counts twice',
    edits: [
      {
        file: 'federation/src/ledger/answer-append.ts',
        find: 'if (isLogged(book, record)) return []',
        replace: "if (record.kind !== 'verdict' && isLogged(book, record)) return []",
      },
      {
        file: 'spec/src/rules/ledger/append.ts',
        find: 'before === undefined,',
        replace: "before === undefined || record.kind === 'verdict',",
      },
      {
        file: 'spec/src/rules/ledger/append-verdict.ts',
        find: 'receipt.verdicts.every((other) => other.record.author !== record.author),',
        replace: 'true,',
      },
      {
        file: 'spec/src/rules/tally.ts',
        find: '!first.has(verdict.author)) {\n      first.set(verdict.author, verdict)',
        replace: 'true) {\n      first.set(`${first.size}`, verdict)',
      },
    ],
  },
  {
    id: 'old-epoch-accepted',
    sentence: 'a receipt counts although its lease has ended',
    edits: [
      {
        file: 'spec/src/rules/ledger/append-receipt.ts',
        find: "admit(isLive(job, lease, atMs), 'LEASE_ENDED', () => `lease ${record.body.lease} has ended`)",
        replace: 'isLive(job, lease, atMs)',
      },
    ],
  },
  {
    id: 'hold-expires-under-receipt',
    sentence: 'the term of a lease runs out although its receipt is in the log',
    edits: [
      {
        file: 'spec/src/rules/ledger/lease-state.ts',
        find: 'return ownReceipts(lease).length > 0 || atMs <= lease.record.body.untilMs',
        replace: 'return atMs <= lease.record.body.untilMs',
      },
    ],
  },
  {
    id: 'policy-decided-twice',
    sentence: 'a resent submit is decided, and logged, a second time',
    edits: [
      {
        file: 'federation/src/ledger/answer-append.ts',
        find: 'if (held !== undefined && isLogged(book, hold)) return [held.decision.record]',
        replace: [
          'if (held !== undefined && isLogged(book, hold)) {',
          'const again = decideHold(book.ledger, hold, held.manifest, atMs)',
          "if (again.body.effect === 'deny') return [held.decision.record]",
          'const twice = seal(Decision, again.body, env.self)',
          'written.push(write(book, twice, atMs, linked))',
          'return [twice] }',
        ].join('\n'),
      },
    ],
  },
  {
    id: 'stranger-counts',
    sentence: 'the threshold counts verdicts of whoever is no member',
    edits: [
      {
        file: 'spec/src/rules/ledger/append-verdict.ts',
        find: "ensureRole(charterAt(ledger, index), record.author, 'verifier')",
        replace: 'charterAt(ledger, index)',
      },
      {
        file: 'spec/src/rules/tally.ts',
        find: 'verifiers.includes(verdict.author) && ',
        replace: '',
      },
    ],
  },
  {
    id: 'release-too-much',
    sentence: 'a settle gives back the whole hold although some of it is posted',
    edits: [
      {
        file: 'spec/src/rules/ledger/due-settle.ts',
        find: 'release: hold.body.amount - parts.post,',
        replace: 'release: hold.body.amount,',
      },
    ],
  },
]

export const PATCHES: readonly Patch[] = [...SIMULATION, ...REQUIREMENTS]
