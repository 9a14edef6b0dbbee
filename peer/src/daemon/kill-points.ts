/**
 * A test switch: the process ends itself with SIGKILL right before or right after the N-th time it
 * writes or speaks. What a crash can tear apart is torn apart here, one place at a time.
 */
import { assert, decodeBlock, LIMITS } from '@planetary-mesh/spec'
import type { Journal, Transport } from '../ports.ts'
import { ConfigError } from './config.ts'

export const KILL_POINTS = [
  'before-append',
  'after-append',
  'before-put',
  'after-put',
  'before-send',
  'after-send',
  'before-broadcast',
  'after-broadcast',
] as const
type KillPoint = (typeof KILL_POINTS)[number]
type Operation = 'append' | 'put' | 'send' | 'broadcast'

export const KILL_POINTS_HELP = `--kill-at POINT[/WHAT][:N] ends the process with SIGKILL at the
N-th (default first) operation of that kind; a test switch. WHAT counts only appends of that role
(home, executor, ledger, witness, verifier, replica), or messages of that type (append, appended,
announce, ...).
Points:
${KILL_POINTS.map((point) => `  ${point}\n`).join('')}`

export type KillAt = { point: KillPoint; what: string | undefined; count: number }

const SWITCH = /^([a-z-]+?)(?:\/([a-z]+))?(?::([1-9]\d{0,8}))?$/

/** Throws ConfigError. */
export function parseKillAt(text: string): KillAt {
  const [, point, what, count] = SWITCH.exec(text) ?? []
  const known = KILL_POINTS.find((name) => name === point)
  if (known === undefined) {
    throw new ConfigError(`--kill-at: '${text}' is no kill point`, 'see --kill-points')
  }
  return { point: known, what, count: Number(count ?? 1) }
}

type Putting = { put(blocks: readonly unknown[]): Promise<void> }

export type Killed = {
  journal(journal: Journal): Journal
  blocks<B extends Putting>(blocks: B): B
  /** `idle` resolves when what was sent is handed to the network. */
  transport(transport: Transport, idle: () => Promise<void>): Transport
}

/** Wrappers that count; `kill` ends the process, and never returns. */
export function openKilling(at: KillAt, kill: () => void = killSelf): Killed {
  let left = at.count

  const isNow = (moment: 'before' | 'after', operation: Operation, whats: () => string[]) => {
    if (at.point !== `${moment}-${operation}`) return false
    if (at.what !== undefined && !whats().includes(at.what)) return false
    left -= 1
    return left === 0
  }

  const around = async (operation: Operation, whats: () => string[], act: () => Promise<void>) => {
    if (isNow('before', operation, whats)) kill()
    await act()
    if (isNow('after', operation, whats)) kill()
  }

  return {
    journal: (journal) => ({
      ...journal,
      append: (entries) =>
        around(
          'append',
          () => entries.map(roleIn),
          () => journal.append(entries),
        ),
    }),
    blocks: (blocks) => ({
      ...blocks,
      put: (given: readonly unknown[]) =>
        around(
          'put',
          () => [],
          () => blocks.put(given),
        ),
    }),
    transport(transport, idle) {
      const speak = (operation: 'send' | 'broadcast', message: Uint8Array, act: () => void) => {
        const whats = () => [typeIn(message)]
        if (isNow('before', operation, whats)) kill()
        act()
        if (isNow('after', operation, whats)) void idle().then(kill)
      }
      return {
        ...transport,
        send: (to, message) => speak('send', message, () => transport.send(to, message)),
        broadcast: (message) => speak('broadcast', message, () => transport.broadcast(message)),
      }
    },
  }
}

const roleIn = (entry: Uint8Array) => wordIn(entry, 'role', LIMITS.journalEntryBytesMax)
const typeIn = (message: Uint8Array) => wordIn(message, 'type', LIMITS.messageBytesMax)

function wordIn(bytes: Uint8Array, key: string, bytesMax: number): string {
  return String(Object(decodeBlock(bytes, { bytesMax }))[key])
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL')
  assert(false, 'a process does not survive SIGKILL')
}
