/**
 * A verifier checks every receipt in the log for itself: the chain by its own fold, the run by
 * running the module again. It says once what it found, with its signature. A receipt that cannot
 * be replayed here convicts nobody. Source: requirements S1-13, S1-14.
 */
import {
  type AnyRecord,
  actCid,
  admit,
  appendMessage,
  Bytes,
  type Chain,
  type CID,
  chainOfJob,
  charterAt,
  charterNow,
  checkChain,
  checkRefusal,
  type Did,
  type Effect,
  type Env,
  type Event,
  type Finding,
  hasRole,
  LIMITS,
  type Message,
  openAny,
  parse,
  type Receipt,
  type Role,
  type RunEnd,
  receiptByCid,
  runsProfile,
  type Step,
  seal,
  textOf,
  Verdict,
} from '@planetary-mesh/spec'
import { z } from 'zod'

export type VerifierConfig = {
  /** The runtime profile that this verifier can replay, and what it adds to (`runsProfile`). */
  profile: string
  /** A verdict that the log does not hold yet is sent again after this time. */
  resendMs: number
  /** How long after its receipt a block may be missing: whoever has it may be away for a moment. */
  missingMs?: number
}

const Journal = z.strictObject({ verdict: Bytes })

/** Receipts being replayed, and verdicts that the log does not hold yet, by receipt. */
export type VerifierState = {
  replaying: Map<string, CID>
  judged: Map<string, Verdict>
  /** Receipts whose replay found every slot taken, or a block missing. */
  later: Map<string, Receipt>
}

export function verifierRole(config: VerifierConfig): Role<VerifierState> {
  return {
    name: 'verifier',
    init: () => ({ replaying: new Map(), judged: new Map(), later: new Map() }),
    // the job was settled and forgotten: nobody waits for the verdict
    isOver(entry, ledger) {
      const { verdict } = parse(Journal, entry, 'verifier journal')
      const written = openAny(verdict, { verify: () => true })
      return written.kind === 'verdict' && !ledger.jobOf.has(textOf(written.body.receipt))
    },
    step(state, event, env): Step<VerifierState> {
      return { state, effects: react(state, event, env, config) }
    },
  }
}

function react(state: VerifierState, event: Event, env: Env, config: VerifierConfig): Effect[] {
  switch (event.type) {
    case 'start': {
      for (const entry of event.journal) {
        const verdict = env.open(parse(Journal, entry, 'verifier journal').verdict)
        admit(verdict.kind === 'verdict', 'RECORD_KIND_MISMATCH', () => `a ${verdict.kind}`)
        if (!isLogged(verdict, env)) state.judged.set(textOf(verdict.body.receipt), verdict)
      }
      const receipts = [...env.replica.ledger.jobs.values()].flatMap(({ leases }) =>
        leases.flatMap((lease) => lease.receipts.map(({ record }) => record)),
      )
      return [
        ...receipts.flatMap((receipt) => check(state, receipt, env, config)),
        again(env, config),
      ]
    }
    case 'message':
      return heard(state, event.message, event.from, env)
    case 'log':
      return event.entries.flatMap(({ record }) => follow(state, record, env, config))
    case 'ran':
      return replayed(state, event.run, event.end, env, config)
    case 'timer':
      return [...resend(state, env), ...tryAgain(state, env, config), again(env, config)]
    default:
      return []
  }
}

function follow(
  state: VerifierState,
  record: AnyRecord,
  env: Env,
  config: VerifierConfig,
): Effect[] {
  if (record.kind === 'receipt') return check(state, record, env, config)
  if (record.kind === 'verdict' && record.author === env.self.did) {
    state.judged.delete(textOf(record.body.receipt))
  }
  return []
}

/** What the writer refuses it would refuse again, unless it had no room: it is sent no more. */
function heard(state: VerifierState, message: Message, from: Did, env: Env): Effect[] {
  if (from !== charterNow(env.replica.ledger).body.writer) return []
  if (message.type !== 'refused' || message.error.code === 'OVERLOADED') return []
  for (const [key, verdict] of state.judged) {
    if (verdict.cid.equals(message.request)) state.judged.delete(key)
  }
  return []
}

/** Replays that found no slot, or not all blocks. */
function tryAgain(state: VerifierState, env: Env, config: VerifierConfig): Effect[] {
  const waiting = [...state.later.values()]
  state.later.clear()
  return waiting.flatMap((receipt) => check(state, receipt, env, config))
}

/** Structure first; only a receipt that holds so far is worth running again. */
function check(state: VerifierState, receipt: Receipt, env: Env, config: VerifierConfig): Effect[] {
  const key = textOf(receipt.cid)
  if (state.judged.has(key) || state.replaying.has(key) || !mayJudge(receipt, env)) return []
  const chain = chainOf(receipt, env)
  const findings = checkChain(chain, env.replica.ledger)
  if (findings.length > 0) return judge(state, chain, 'structure', findings, env)
  const { manifest } = chain
  if (manifest.body.trust.verification !== 'replay')
    return judge(state, chain, 'structure', [], env)
  if (!runsProfile(config.profile, receipt.body.result.profile)) {
    return judge(state, chain, 'replay', 'cannot-replay', env)
  }
  state.replaying.set(key, receipt.cid)
  const { outcome } = receipt.body.result
  const wallMs = manifest.body.deadlineMs
  const run: Effect = { do: 'run', run: key, manifest, wallMs }
  return [outcome.type === 'cancelled' ? { ...run, cancelAtFuel: outcome.atFuel } : run]
}

function replayed(
  state: VerifierState,
  key: string,
  end: RunEnd,
  env: Env,
  { missingMs = 0 }: VerifierConfig,
): Effect[] {
  const cid = state.replaying.get(key)
  if (cid === undefined) return []
  state.replaying.delete(key)
  const { receipt } = receiptByCid(env.replica.ledger, cid)
  const chain = chainOf(receipt.record, env)
  switch (end.type) {
    case 'done':
      return judge(state, chain, 'replay', checkChain(chain, env.replica.ledger, end.result), env)
    case 'refused': {
      const { code } = end.error
      const mayCome = code === 'BLOCK_MISSING' && env.nowMs < receipt.atMs + missingMs
      if (code === 'OVERLOADED' || mayCome) {
        state.later.set(key, receipt.record)
        return []
      }
      const lies = checkRefusal(chain, end.error)
      return judge(state, chain, 'replay', lies.length > 0 ? lies : 'cannot-replay', env)
    }
    case 'fault':
      return judge(state, chain, 'replay', 'cannot-replay', env)
  }
}

/** One verdict a receipt: durable before anybody hears it. */
function judge(
  state: VerifierState,
  { receipt }: Chain,
  method: 'structure' | 'replay',
  findings: readonly Finding[] | 'cannot-replay',
  env: Env,
): Effect[] {
  const { ledger } = env.replica
  const { receipt: logged } = receiptByCid(ledger, receipt.cid)
  const charter = charterAt(ledger, logged.index).cid
  const found = findings === 'cannot-replay' ? [] : findings.slice(0, LIMITS.findingsMax)
  const result = findings === 'cannot-replay' ? findings : found.length === 0 ? 'valid' : 'invalid'
  const body = { receipt: receipt.cid, charter, method, findings: [...found] }
  const verdict = seal(Verdict, { ...body, result }, env.self)
  state.judged.set(textOf(receipt.cid), verdict)
  return [{ do: 'record', entry: { verdict: verdict.bytes } }, ...send(verdict, env)]
}

/** In the role verifier at the receipt, and no party to the job. */
function mayJudge(receipt: Receipt, env: Env): boolean {
  const { ledger } = env.replica
  const { job, lease, receipt: logged } = receiptByCid(ledger, receipt.cid)
  const { did } = env.self
  const parties: string[] = [job.manifest.author, lease.record.body.executor, receipt.author]
  const spoken = logged.verdicts.some(({ record }) => record.author === did)
  const may = hasRole(charterAt(ledger, logged.index), did, 'verifier')
  return may && !spoken && !parties.includes(did)
}

function chainOf(receipt: Receipt, env: Env): Chain {
  const { job, lease } = receiptByCid(env.replica.ledger, receipt.cid)
  return chainOfJob(job, lease, receipt)
}

function send(verdict: Verdict, env: Env): Effect[] {
  const { writer } = charterNow(env.replica.ledger).body
  return [{ do: 'send', to: writer, message: appendMessage([verdict]) }]
}

/** A message may be lost: a verdict that is not logged or refused is sent again. */
function resend(state: VerifierState, env: Env): Effect[] {
  return [...state.judged.values()].flatMap((verdict) =>
    isLogged(verdict, env) ? [] : send(verdict, env),
  )
}

function isLogged(verdict: Verdict, env: Env): boolean {
  return env.replica.ledger.acts.has(textOf(actCid(verdict)))
}

const again = (env: Env, config: VerifierConfig): Effect => ({
  do: 'timer',
  name: 'resend',
  atMs: env.nowMs + config.resendMs,
})
