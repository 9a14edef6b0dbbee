/**
 * What a command says when it cannot do what was asked: one sentence with a code, what to do next,
 * and the exit code that belongs to it.
 */
import { CODES, type Code, HostFault, Refusal } from '@planetary-mesh/spec'
import { CommanderError } from 'commander'
import { EXIT, type Exit } from './exit.ts'
import { escaped, printable } from './terminal.ts'

/** The command line itself is wrong: nothing was tried. `next` says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly next: string | undefined

  constructor(detail: string, next?: string) {
    super(detail)
    this.next = next
  }
}

/** What to do next, where the sentence of the code alone does not say it. */
const NEXT: Partial<Record<Code, string>> = {
  AMOUNT_TOO_LARGE: 'ask for less',
  AUTHOR_MISMATCH: 'ask whoever may decide it, or look with `meshctl job-status`',
  AWARD_INVALID: 'take another bid of `meshctl get-bids`',
  BID_EXPIRED: 'ask for new bids: `meshctl get-bids`',
  BID_UNKNOWN: 'take one of the bids that `meshctl get-bids` shows',
  BLOCK_CID_MISMATCH: 'the file was altered or damaged: get it again from whoever made it',
  BLOCK_MISSING: 'add the file with `meshctl put`, or ask somebody who has it to do so',
  CAPACITY_MISSING: 'ask for less memory or fewer cores, or wait',
  CHARTER_UNKNOWN: 'check the charter given by --charter or pinned in your home',
  CID_REFUSED: 'give a CID as meshctl prints it',
  DEADLINE_UNREACHABLE: 'give the job more time or less fuel',
  EFFECT_UNSUPPORTED: 'leave it out of the program: `meshctl ccl inspect` lists what it asks for',
  FILE_NAME_REFUSED: 'rename the file with NAME=FILE',
  FILE_TOO_LARGE: 'give smaller files',
  HOME_MISSING: 'run `meshctl init`, or `meshctl up`, which does it for you',
  HOME_TAKEN: 'use it as it is, or say another folder in PLANETARY_MESH_HOME',
  IMPORT_REFUSED: 'build the module for WASI preview1, without threads',
  JOB_ENDED: 'see how with `meshctl job-status`',
  JOB_UNKNOWN: 'see `meshctl list-jobs`, also of another node with --node',
  INVITE_EXPIRED: 'ask for another line: `meshctl federation invite`',
  INVITE_UNKNOWN: 'ask for another line: `meshctl federation invite`',
  LEDGER_AWAY: 'waiting for the ledger: try again when the log writer is back',
  LIMIT_EXCEEDED: 'ask for less: the limits are in spec/src/limits.ts',
  MODULE_REFUSED:
    'see docs/writing-jobs.md for what a job is, and runtime/README.md for what is accepted',
  NODE_FAILED: 'mend what its log says, then run `meshctl up` again',
  NODE_AWAY: 'run `meshctl up`, or name another node with --node',
  OVERLOADED: 'try again later',
  PEER_AWAY: 'try again when the other node is back, or ask another with --node',
  POLICY_DENIED: 'read the rule: `meshctl policy show`',
  POLICY_FAILED: 'show the rule to whoever wrote it: `meshctl policy show`',
  QUOTA_EXCEEDED: 'ask for less, or ask the federation for a larger quota',
  RECEIPT_UNKNOWN:
    'look at the job with `meshctl job-status`; `meshctl job-status --follow` waits for one',
  STORE_LOCKED: 'stop the process that has it: `meshctl down`',
  TOKEN_EXHAUSTED: 'ask for less, or get another token: `meshctl token list` shows yours',
  TOKEN_EXPIRED: 'get a new token: `meshctl token list` shows yours',
  TOKEN_HOLDER_MISMATCH: 'use one of yours: `meshctl token list`',
  TOKEN_ISSUER_UNKNOWN: 'get a token from an issuer of the charter: `meshctl token list`',
  TOKEN_SCOPE_MISMATCH: 'name the scope of a token of yours: `meshctl token list`',
  TOKEN_TYPE_MISMATCH: 'name the type of a token of yours: `meshctl token list`',
  TOKEN_UNKNOWN: 'see `meshctl token list`, or ask an issuer of the federation for one',
}
const NEXT_ELSE = 'docs/errors.md explains the code'

export type Told = {
  exit: Exit
  code: string
  detail: string
  /** The numbers behind a refusal, by their names. */
  values?: Readonly<Record<string, number>>
  next: string | undefined
}

/** What is said about whatever a command threw. */
export function tell(thrown: unknown): Told {
  if (thrown instanceof Refusal) {
    const { code, detail, values } = thrown
    return { exit: EXIT.refused, code, detail, values, next: NEXT[code] ?? NEXT_ELSE }
  }
  if (thrown instanceof UsageError) {
    return { exit: EXIT.usage, code: 'USAGE', detail: thrown.message, next: thrown.next }
  }
  if (thrown instanceof CommanderError) {
    const detail = thrown.message.replace(/^error: /, '').replaceAll('\n', ' ')
    return { exit: EXIT.usage, code: 'USAGE', detail, next: undefined }
  }
  // of the room peer, by its name: what it is a class of is slow to load
  if (thrown instanceof Error && thrown.name === 'ConfigError') {
    const next = Object(thrown).next
    return { exit: EXIT.usage, code: 'USAGE', detail: thrown.message, next }
  }
  if (thrown instanceof HostFault) {
    const next = 'nothing is wrong with the module: try again on a machine with more room'
    return { exit: EXIT.fault, code: 'HOST_FAULT', detail: thrown.message, next }
  }
  // what the system would not do for us: no disk, no memory, no such temporary folder
  if (thrown instanceof Error && typeof Object(thrown).syscall === 'string') {
    const next = 'this machine would not do it: check the path, its permissions and the free space'
    return { exit: EXIT.fault, code: 'HOST_FAULT', detail: thrown.message, next }
  }
  const detail = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  return { exit: EXIT.fault, code: 'FAULT', detail, next: 'this is a mistake in meshctl' }
}

/** For people: one sentence, what the code means where that is more, and what to do next. */
export function sentenceOf({ code, detail, next }: Told): string {
  // what is said of her own words may have lines, as diagnostics of a text do
  const meaning =
    code in CODES ? `${CODES[code as Code]} (${printable(detail)})` : printable(detail, '\n')
  const named = code === 'USAGE' ? 'meshctl' : `meshctl: ${code}`
  return `${named}: ${meaning}\n${next === undefined ? '' : `  next: ${next}\n`}`
}

/** For programs: one object. */
export function jsonOf({ code, detail, values = {} }: Told): string {
  return `${escaped(JSON.stringify({ error: { code, detail, values } }))}\n`
}
