/**
 * A daemon from its arguments to its exit code: 0 when it was told to stop and did, 1 for a refusal
 * (the store is locked, a key is not what it should be), 2 for a wrong configuration, 70 when we
 * are to blame. It ends on SIGTERM, SIGINT, and with whoever started it over an IPC channel.
 */
import { HostFault, Refusal } from '@planetary-mesh/spec'
import { ConfigError } from './config.ts'
import { type Daemon, openDaemon } from './daemon.ts'
import { configure, FLAGS_HELP, type Flags, parseFlags } from './flags.ts'
import { KILL_POINTS_HELP, openKilling, parseKillAt } from './kill-points.ts'
import { type Log, openLog } from './log.ts'
import type { Program } from './program.ts'

const EXIT = { done: 0, refused: 1, usage: 2, fault: 70 } as const
const SIGINT_EXIT = 130
/** A graceful stop takes no longer. */
const STOP_MS = 10_000
const PARENT_CHECK_MS = 1000

/** Never throws. The caller ends the process with the code: a library may keep it alive. */
export async function runDaemon(program: Program, args: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(args, Object.keys(program.switches ?? {}))
    if (flags.show === undefined) return await serveUntilTold(program, flags)
    process.stdout.write(textOf(program, flags.show))
    return EXIT.done
  } catch (error) {
    return tell(program.name, error)
  }
}

async function serveUntilTold(given: Program, flags: Flags): Promise<number> {
  const program = flags.own.reduce((made, name) => given.switches?.[name]?.(made) ?? made, given)
  const killed = flags.killAt === undefined ? undefined : openKilling(parseKillAt(flags.killAt))
  const { folder, config } = await configure(flags)
  const log = openLog({ name: config.name, level: config.log.level })
  const told = openStopSignals(flags.parentPid)
  process.on('uncaughtException', (error) => {
    log({ level: 'error', message: 'a fault', detail: String(error.stack ?? error) })
    log.flush()
    process.exit(EXIT.fault)
  })
  try {
    // told to stop while it starts: it is closed as soon as it stands
    const daemon = await openDaemon({ program, config, folder, log, killed })
    log({
      level: 'info',
      message: 'serving',
      detail: config.roles.join(', '),
      from: daemon.run.did,
    })
    const reason = await Promise.race([told.stop, daemon.ended])
    const fault = reason instanceof Stop ? undefined : reason
    if (reason instanceof Stop) log({ level: 'info', message: 'stopping', detail: reason.why })
    const exit = await close(daemon, log)
    if (reason instanceof Stop) return exit
    throw fault ?? new Error('the process stopped without being told to')
  } finally {
    told.end()
    log.flush()
  }
}

async function close(daemon: Daemon, log: Log): Promise<number> {
  const patience = Promise.withResolvers<'late'>()
  const timer = setTimeout(() => patience.resolve('late'), STOP_MS)
  try {
    const ended = await Promise.race([daemon.close(), patience.promise])
    if (ended !== 'late') return EXIT.done
    log({ level: 'error', message: `did not stop within ${STOP_MS} ms` })
    return EXIT.fault
  } finally {
    clearTimeout(timer)
  }
}

/** Told from outside to stop. */
class Stop {
  readonly why: string

  constructor(why: string) {
    this.why = why
  }
}

/** A second SIGINT does not wait: it ends the process at once. */
function openStopSignals(parentPid: number | undefined): { stop: Promise<Stop>; end(): void } {
  const { promise, resolve } = Promise.withResolvers<Stop>()
  let interrupts = 0
  const onTerm = () => resolve(new Stop('SIGTERM'))
  const onHangUp = () => resolve(new Stop('SIGHUP'))
  const onInterrupt = () => {
    interrupts += 1
    if (interrupts > 1) process.exit(SIGINT_EXIT)
    resolve(new Stop('SIGINT'))
  }
  const onDisconnect = () => resolve(new Stop('whoever started it has gone'))
  process.on('SIGTERM', onTerm)
  process.on('SIGHUP', onHangUp)
  process.on('SIGINT', onInterrupt)
  process.on('disconnect', onDisconnect)
  process.channel?.unref()
  const parent = parentPid ?? (process.env.npm_command === undefined ? undefined : process.ppid)
  const timer = parent === undefined ? undefined : setInterval(look, PARENT_CHECK_MS)
  function look() {
    if (process.ppid !== parent) onDisconnect()
  }
  return {
    stop: promise,
    end() {
      clearInterval(timer)
      process.off('SIGTERM', onTerm)
      process.off('SIGHUP', onHangUp)
      process.off('SIGINT', onInterrupt)
      process.off('disconnect', onDisconnect)
    },
  }
}

/** What the system refuses: an address in use or not ours, a folder that may not be written. */
const SYSTEM_REFUSAL = /\b(EADDRINUSE|EADDRNOTAVAIL|EACCES|EROFS)\b[^\n]*/

/** One sentence with its code on stderr, and what to do next. */
function tell(name: string, error: unknown): number {
  const [exit, sentence, next] = told(error)
  process.stderr.write(`${name}: ${sentence}\n${next === undefined ? '' : `  next: ${next}\n`}`)
  return exit
}

function told(error: unknown): [exit: number, sentence: string, next?: string] {
  if (error instanceof ConfigError) return [EXIT.usage, error.message, error.next]
  if (error instanceof Refusal) {
    const { code, detail } = error
    const next = code === 'STORE_LOCKED' ? 'stop the other one, or give another folder' : undefined
    return next === undefined
      ? [EXIT.refused, `${code}: ${detail}`]
      : [EXIT.refused, `${code}: ${detail}`, next]
  }
  if (error instanceof HostFault) return [EXIT.fault, `HOST_FAULT: ${error.message}`]
  // libp2p tells what the system said only in its sentence
  const [system] = SYSTEM_REFUSAL.exec(String(error)) ?? []
  if (system !== undefined) return [EXIT.refused, system, 'choose another address or folder']
  return [EXIT.fault, `FAULT: ${error instanceof Error ? error.stack : String(error)}`]
}

function textOf(program: Program, show: 'help' | 'version' | 'kill-points'): string {
  if (show === 'version') return `${program.version}\n`
  if (show === 'kill-points') return KILL_POINTS_HELP
  const roles = Object.keys(program.roles).join(', ')
  return `Usage: ${program.name} --config FILE [flags]

Serves the roles of one member (${roles}) from its state folder until it is told to stop:
config.toml, key, charter.dag-cbor and store/ lie there, and run.json while it serves.

${FLAGS_HELP}
Example: ${program.name} --config /var/lib/mesh/${program.name}-1/config.toml
`
}
