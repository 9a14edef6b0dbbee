/**
 * A log writer that starts again asks its witnesses first what it has signed: its disk may be an
 * older copy. What they have more than it, its journal gets back before its role starts; so no two
 * entries are ever signed for one place. Source: protocol.md "Failure".
 */
import {
  admit,
  charterNow,
  type Did,
  hasRole,
  LIMITS,
  Refusal,
  type Replica,
  type Role,
  type Signer,
} from '@planetary-mesh/spec'
import type { CatchUp } from './catch-up.ts'
import type { LogRange } from './log-range.ts'
import type { Notice } from './notice.ts'
import type { Ports } from './ports.ts'
import type { RoleJournals } from './role-journal.ts'

/** Between two questions to a witness that is not there yet. */
const AGAIN_MS = 250

/**
 * Undefined where there is nothing to ask: no role here writes the log, it has not begun, nobody
 * else is its witness, or the transport cannot pull.
 */
export function openOwnLog(options: {
  roles: readonly Role[]
  signer: Signer
  replica: Replica
  journals: Pick<RoleJournals, 'of'>
  pulling: Pick<CatchUp, 'pull'>
  ports: Pick<Ports, 'transport' | 'clock'>
  /** Its witnesses, where it is known from elsewhere that the log has begun. */
  begun?: readonly Did[] | undefined
  log: (notice: Notice) => void
}) {
  const { roles, signer, replica, pulling, begun, log } = options
  const { clock, transport } = options.ports
  const own = roles.find((role) => role.own !== undefined)?.own
  const journal = options.journals.of('ledger')
  const known = replica.ledger.charters.length > 0 ? witnessesOf(replica) : (begun ?? [])
  const witnesses = known.filter((did) => did !== signer.did)
  const hasBegun = journal.length > 0 || begun !== undefined
  if (own === undefined || !hasBegun || witnesses.length === 0) return undefined
  if (transport.pullLog === undefined) return undefined
  const closing = new AbortController()

  const pause = () =>
    new Promise<void>((resolve) => void clock.at(clock.nowMs() + AGAIN_MS, resolve))

  /** Once one witness has answered, the others are not waited for long, whatever they do. */
  const enough = Promise.withResolvers<false>()
  let isEnough = false

  /** False for one that has not answered in time. */
  const ask = async (witness: Did, endsAtMs: number): Promise<boolean> => {
    while (!isEnough && !closing.signal.aborted) {
      try {
        // another may have given the same meanwhile: done when there is nothing new
        for (let size = -1; size < replica.ledger.size; ) {
          size = replica.ledger.size
          await pulling.pull(witness, size)
        }
        clock.at(clock.nowMs() + LIMITS.otherWitnessesMs, () => enough.resolve(false))
        return true
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        if (clock.nowMs() >= endsAtMs) return false
      }
      await pause()
    }
    return false
  }

  return {
    /** Resolves when each witness has given what it has, or was not there for a while. */
    async ask(): Promise<void> {
      const endsAtMs = clock.nowMs() + LIMITS.firstWitnessMs
      const answers = await Promise.all(
        witnesses.map((one) => Promise.race([ask(one, endsAtMs), enough.promise])),
      )
      isEnough = true
      const silent = answers.filter((answered) => !answered).length
      if (silent === 0 || closing.signal.aborted) return
      const isLost = journal.length === 0 && replica.ledger.size === 0
      admit(
        !isLost,
        'LEDGER_AWAY',
        'this disk has lost the log, and no witness is there who has it',
      )
      const detail = `${silent} of ${witnesses.length} were not there`
      log({ level: 'warn', message: 'witnesses did not say how long the log is', detail })
    },
    /**
     * Hands on what the journal lacks, entry by entry, each durable before the next. Refuses with
     * the finding where this disk and the witnesses hold different logs.
     */
    async bringBack(range: LogRange, record: (entry: unknown) => Promise<void>): Promise<void> {
      if (replica.problem !== undefined) {
        const { code, detail } = replica.problem
        throw new Refusal(code, `this disk and others hold different logs: ${detail}`)
      }
      const size = own.anchored(journal)
      for await (const { anchor, blocks } of range(size)) {
        for (const entry of own.adopt(journal, anchor, blocks)) {
          await record(entry)
          journal.push(entry)
        }
      }
      const now = own.anchored(journal)
      if (now === size) return
      const detail = `it held ${size} entries, the witnesses ${now}`
      log({ level: 'warn', message: 'this disk was an old copy and is whole again', detail })
    },
    close: () => closing.abort(),
  }
}

function witnessesOf({ ledger }: Replica): Did[] {
  const charter = charterNow(ledger)
  const witnesses = charter.body.members.filter(({ did }) => hasRole(charter, did, 'witness'))
  return witnesses.map(({ did }) => did)
}
