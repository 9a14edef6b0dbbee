/**
 * One planted bug for each sentence of the requirements: what a person could have written by
 * mistake, in one place. The tests whose names begin with the id must find it.
 */
import type { Patch } from './patches.ts'

export const REQUIREMENTS: readonly Patch[] = [
  {
    id: 'S1-1',
    sentence: 'a token pays for a job of any scope',
    edits: [
      {
        file: 'spec/src/rules/token-chain.ts',
        find: 'if (body.scope !== request.scope) {',
        replace: 'if (body.scope === "") {',
      },
    ],
  },
  {
    id: 'S1-2',
    sentence: 'the last unit of a quota cannot be used',
    edits: [
      {
        file: 'spec/src/rules/authorise.ts',
        find: "asked <= policy.amount - used ? null : 'QUOTA_EXCEEDED'",
        replace: "asked < policy.amount - used ? null : 'QUOTA_EXCEEDED'",
      },
    ],
  },
  {
    id: 'S1-3',
    sentence: 'a home asks everybody, not the ledger alone, whether a job may be',
    edits: [
      {
        file: 'mesh-node/src/home/submitting.ts',
        find: "{ do: 'send', to: writer, message },\n    { do: 'timer', name,",
        replace: "{ do: 'broadcast', message },\n    { do: 'timer', name,",
      },
    ],
  },
  {
    id: 'S1-4',
    sentence: 'a manifest need not say its priority',
    edits: [
      {
        file: 'spec/src/records/kinds/manifest.ts',
        find: '  priority: Priority,\n',
        replace: '  priority: Priority.optional(),\n',
      },
    ],
  },
  {
    id: 'S1-5',
    sentence: 'every job that a program asks for has the same priority',
    edits: [
      {
        file: 'ccl-compiler/src/requests.ts',
        find: 'const said: Record<string, Plain> = { ...plainOf(call.args), ...common }',
        replace:
          "const said: Record<string, Plain> = { ...plainOf(call.args), ...common, priority: 'medium' }",
      },
    ],
  },
  {
    id: 'S1-6',
    sentence: 'an error names the column after the mistake',
    edits: [
      {
        file: 'ccl-compiler/src/diagnostic.ts',
        find: 'column: from.column,',
        replace: 'column: from.column + 1,',
      },
    ],
  },
  {
    id: 'S1-7',
    sentence: 'submit-job prints the id of the hold',
    edits: [
      {
        file: 'meshctl/src/jobs/submit.ts',
        find: '  const { cid, body } = manifest\n  const ledger',
        replace: '  const { body } = manifest\n  const { cid } = hold\n  const ledger',
      },
    ],
  },
  {
    id: 'S1-8',
    sentence: 'a node bids on a job for which it has no room',
    edits: [
      {
        file: 'mesh-node/src/executor/bidding.ts',
        find: 'free.memoryPages >= body.memoryPagesMax && ',
        replace: '',
      },
    ],
  },
  {
    id: 'S1-9',
    sentence: 'a home may let another bid win than the best',
    edits: [
      {
        file: 'spec/src/rules/ledger/judge-award.ts',
        find: 'ranking[0]?.bid.cid.equals(winner.cid) === true,',
        replace: 'ranking.length > 0,',
      },
    ],
  },
  {
    id: 'S1-10',
    sentence: 'what a store answers is believed without hashing it',
    edits: [
      {
        file: 'spec/src/records/block.ts',
        find: 'equalBytes(sha256(bytes), cid.multihash.digest)',
        replace: 'bytes !== undefined',
      },
    ],
  },
  {
    id: 'S1-11',
    sentence: 'a record opens whatever its signature is',
    edits: [
      {
        file: 'spec/src/records/record.ts',
        find: 'verify(author, signedBytesIn({ kind: kind.kind, author, bytes }), signature),',
        replace: 'signature.length === 64,',
      },
    ],
  },
  {
    id: 'S1-12',
    sentence: 'a member says of no folder that it holds it',
    edits: [
      {
        file: 'peer/src/libp2p/exchange.ts',
        find: '(await blocks.has(cidIn(question))) ? 1 : 0',
        replace: '(await blocks.has(cidIn(question))) && cidIn(question).code === 0x55 ? 1 : 0',
      },
    ],
  },
  {
    id: 'S1-13',
    sentence: 'a single valid verdict makes the check mark',
    edits: [
      {
        file: 'spec/src/rules/tally.ts',
        find: 'if (valid.length >= threshold && ',
        replace: 'if (valid.length >= 1 && ',
      },
    ],
  },
  {
    id: 'S1-14',
    sentence: 'a verifier runs the module again, and does not look at what came out',
    edits: [
      {
        file: 'federation/src/verifier.ts',
        find: 'checkChain(chain, env.replica.ledger, end.result)',
        replace: 'checkChain(chain, env.replica.ledger)',
      },
    ],
  },
  {
    id: 'S1-15',
    sentence: 'a charge is rounded down',
    edits: [
      {
        file: 'spec/src/rules/settle-amount.ts',
        find: '(dividend + divisor - 1n) / divisor',
        replace: 'dividend / divisor',
      },
    ],
  },
  {
    id: 'S1-16',
    sentence: 'a node folds the log and keeps none of it',
    edits: [
      {
        file: 'peer/src/serve.ts',
        find: "writing = performer.record('replica', head, blocks)",
        replace: "writing = performer.record('replica', head, [])",
      },
    ],
  },
]
