/**
 * One process on a stage: a virtual clock, a hub whose every message is seen, a disk that syncs
 * when it is told to, and roles that do what the test says.
 */
import {
  type Blocks,
  type Journal,
  type Notice,
  openMemoryDisk,
  openMemoryHub,
  openVirtualClock,
  type Ports,
  type Process,
  type ServeOptions,
  type Snapshots,
  serve,
  type Transport,
} from '@planetary-mesh/peer'
import {
  type CID,
  type Did,
  type Effect,
  type Env,
  type Event,
  encodeMessage,
  type Message,
  openMessage,
  type Ran,
  type Role,
  type RoleName,
  type Signer,
  type WireMessage,
} from '@planetary-mesh/spec'
import { Log } from '../../spec/test/rules/log.ts'
import {
  CHARTER,
  dora,
  emil,
  makeBid,
  makeManifest,
  makeToken,
  startMs,
} from '../../spec/test/rules/world.ts'

type React = (event: Event, env: Env) => readonly Effect[]
type Played = {
  name: RoleName
  react: React
  events: Event[]
  notes?: () => readonly CID[]
  isOver?: NonNullable<Role['isOver']>
}

/** A role of this name that remembers its events; its effects are what `react` says. */
export function play(name: RoleName, react: React = () => []): Played {
  return { name, react, events: [] }
}

const toRole = ({ name, react, events, notes, isOver }: Played): Role => ({
  name,
  ...(notes !== undefined && { notes }),
  ...(isOver !== undefined && { isOver }),
  init: () => 0,
  step(state, event, env) {
    events.push(event)
    return { state: (state as number) + 1, effects: [...react(event, env)] }
  },
})

export type ExecRun = (
  run: { name: string; signal: AbortSignal; cancelAtFuel: number | undefined },
  end: { resolve: (ran: Ran) => void; reject: (error: unknown) => void },
) => void

export type Stage = Awaited<ReturnType<typeof openStage>>

/** `self` is the process on stage; `say` speaks to it in the name of another. */
export function openStage(
  given: { self?: Signer; exec?: ExecRun; pullLog?: Transport['pullLog'] } = {},
) {
  const self = given.self ?? emil
  const clock = openVirtualClock(startMs)
  const sent: { to: Did; message: Message }[] = []
  const hub = openMemoryHub({
    carry({ to, message }, deliver) {
      if (to !== self.did) sent.push({ to, message: openMessage(message) })
      clock.at(clock.nowMs(), deliver)
    },
  })
  const disk = { sync: async () => {} }
  const memory = openMemoryDisk({ sync: () => disk.sync() })
  const ends = new Map<Did, Transport>()
  const join = ({ did }: Signer): Transport => {
    const end = ends.get(did) ?? hub.join(did)
    ends.set(did, end)
    return end
  }
  const notices: Notice[] = []
  const touched: string[] = []

  /** Sees every call of a port. */
  const watched = <T extends Blocks | Journal | Snapshots>(what: string, port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const method = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return (...args: unknown[]) => {
          touched.push(`${what}.${String(name)}`)
          return method.apply(target, args)
        }
      },
    })

  return {
    self,
    clock,
    hub,
    /** Somebody else's end, always the same. */
    join,
    disk,
    memory,
    sent,
    notices,
    touched,
    /** What the roles had it say: all but the shell's own questions to the writer. */
    said: () =>
      sent.flatMap(({ message }) => (message.type === 'progress' ? [message.detail] : [])),
    /** The sizes from which the writer was asked for more. */
    asked: () => sent.flatMap(({ message }) => (message.type === 'behind' ? [message.from] : [])),
    async start(
      roles: readonly Played[],
      over: Partial<ServeOptions> = {},
      otherPorts: Partial<Ports> = {},
    ): Promise<Process> {
      const exec = {
        run: (manifest: { cid: CID }, options: { signal: AbortSignal; cancelAtFuel?: number }) =>
          new Promise<Ran>((resolve, reject) => {
            const { signal, cancelAtFuel } = options
            given.exec?.({ name: `${manifest.cid}`, signal, cancelAtFuel }, { resolve, reject })
          }),
        close: async () => void touched.push('exec.close'),
      }
      const ports = {
        clock,
        exec,
        blocks: watched('blocks', memory.openBlocks()),
        journal: watched('journal', memory.openJournal()),
        snapshots: watched('snapshots', memory.openSnapshots()),
        transport: {
          ...hub.join(self.did),
          ...(given.pullLog === undefined ? {} : { pullLog: given.pullLog }),
        },
      }
      Object.assign(ports, otherPorts)
      const log = (notice: Notice) => notices.push(notice)
      const named = { signer: self, genesis: CHARTER.cid, writer: dora.did, ports, log }
      return serve(roles.map(toRole), { ...named, ...over })
    },
    /** Delivers at once what somebody else says. */
    say(from: Signer, message: WireMessage | Uint8Array): void {
      const bytes = message instanceof Uint8Array ? message : encodeMessage(message)
      join(from).send(self.did, bytes)
      clock.run(clock.nowMs())
    },
  }
}

/** Everything that needs no time has happened. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

export const MANIFEST = makeManifest(makeToken())
export const BID = makeBid(MANIFEST)

/** A message for the ledger, the smallest there is. */
export const behind = (from: number): WireMessage => ({ type: 'behind', from })

/** What a role says in a test. */
export const words = (detail: string): WireMessage => ({
  type: 'progress',
  manifest: MANIFEST.cid,
  phase: 'running',
  detail,
})

/** Each anchor of a log as the message that its writer sends. */
export function logMessages(write: readonly ((log: Log) => void)[]): {
  log: Log
  messages: Extract<WireMessage, { type: 'log' }>[]
} {
  const log = new Log()
  const seen = new Set<string>()
  const messages = write.map((chapter) => {
    chapter(log)
    const anchor = log.anchor()
    const fresh = [...log.blocks].filter(([key]) => !seen.has(key) && key.startsWith('bafyrei'))
    for (const [key] of fresh) seen.add(key)
    return { type: 'log' as const, anchor, blocks: fresh.map(([, bytes]) => bytes) }
  })
  return { log, messages }
}
