/**
 * The one shell: it turns what the world does into events, lets the roles decide, and performs
 * what they ask for, in their order. Nothing here decides anything about jobs.
 *
 * Events are handled strictly one after another. A `record` effect is durable before anything
 * after it happens: write, then speak. What goes wrong in a step stops the process: a state that
 * may be half changed is not gone on with. Source: architecture.md "Deciding and doing".
 */
import {
  assert,
  attempt,
  type CID,
  charterNow,
  type Did,
  type Env,
  type Event,
  LIMITS,
  type Message,
  openMessage,
  openReplica,
  plainReader,
  Refusal,
  type Role,
  type RoleName,
  verifySignature,
} from '@planetary-mesh/spec'
import { openAppends } from './appends.ts'
import { openCalls } from './calls.ts'
import { openCatchUp } from './catch-up.ts'
import { openEventQueue } from './event-queue.ts'
import { openHeard } from './heard.ts'
import { loadLog } from './load-log.ts'
import { openLogFollower } from './log-follower.ts'
import { blocksInRange, type LogBatch, openLogRange } from './log-range.ts'
import { openQuietLog, warn } from './notice.ts'
import { createOpener } from './opener.ts'
import { openOwnLog } from './own-log.ts'
import { openPerformer } from './perform.ts'
import type { Process, ServeOptions } from './process.ts'
import { readRoleJournals } from './role-journal.ts'
import { roleOf } from './routes.ts'
import { openSnapshotKeeper } from './snapshots.ts'

type Item =
  | { type: 'start' }
  | { type: 'heard'; from: Did; bytes: Uint8Array }
  | { type: 'pulled'; batch: LogBatch; taken: (some: boolean) => void }
  | { type: 'asked' }
  | { type: 'event'; role: RoleName; event: Event }

/**
 * Starts a process of these roles. It resolves when journal and blocks are read, before the roles
 * have had their `start`: until the log begins, only the ledger starts. Refuses what the journal
 * refuses: JOURNAL_CORRUPT, STORE_CLOSED.
 */
export async function serve(roles: readonly Role[], options: ServeOptions): Promise<Process> {
  const { signer, ports, genesis, writer } = options
  const verify = options.verify ?? verifySignature
  const open = options.opener ?? createOpener({ verify, max: LIMITS.recordsRememberedMax })
  const openOne = (bytes: Uint8Array) => open(bytes)
  const log = options.log ?? (() => {})
  const quietLog = openQuietLog(log, ports.clock.nowMs)
  const states = new Map<RoleName, unknown>(roles.map((role) => [role.name, role.init()]))
  assert(states.size === roles.length, 'each role is served once')
  const { policies } = options
  const create = () => openReplica(genesis, policies === undefined ? {} : { policies })
  const reader = options.reader ?? { ...plainReader(verify), open }
  const readMessage = options.readMessage ?? ((bytes: Uint8Array) => openMessage(bytes, open))
  const own = roles.find((role) => role.own !== undefined)?.own
  const newest = await readRoleJournals(ports.journal, own?.isAnchor)
  const { head } = newest
  const { snapshots } = ports
  const every = options.entriesPerSnapshot ?? LIMITS.entriesPerSnapshot
  const keeper = openSnapshotKeeper({ snapshots, signer, verify, every, log })
  const loaded =
    head === null ? undefined : await loadLog(create, head, ports.blocks, reader, keeper.restore)
  const { replica, stopped } = loaded ?? { replica: create(), stopped: undefined }
  if (stopped !== undefined) warn(log, 'the log on disk is read no further', stopped)
  const isWhole = head === null || replica.head?.equals(head) === true
  const journals = isWhole ? newest : await readRoleJournals(ports.journal)
  const calls = openCalls()
  const listeners = new Set<() => void>()
  const started = new Set<RoleName>()
  const dropped = { overload: 0, refused: 0 }
  const ended = Promise.withResolvers<unknown>()
  let state: 'alive' | 'closing' | 'closed' | 'killed' | 'faulted' = 'alive'
  let fault: unknown
  let closed: Promise<void> | undefined

  const isRunning = () => state === 'alive' || state === 'closing'

  const queue = openEventQueue<Item>({ handle, onError: (error) => fail(error) })
  const waiting = openHeard(signer.did)

  const hear = (from: Did, bytes: Uint8Array) => {
    if (state !== 'alive') return
    if (waiting.enter(from, bytes.length)) {
      if (queue.offer({ type: 'heard', from, bytes })) return
      waiting.leave(from, bytes.length)
    }
    dropped.overload += 1
    if (dropped.overload % LIMITS.eventsQueuedMax !== 1) return
    log({ level: 'warn', message: 'messages dropped', code: 'OVERLOADED', from })
  }

  const performer = openPerformer({
    signer,
    ports,
    isAlive: isRunning,
    raise: (role, event) => queue.push({ type: 'event', role, event }),
    hear: (bytes) => hear(signer.did, bytes),
    answer: calls.answer,
    fail: (error) => fail(error),
  })

  const { send } = performer
  const writerNow = () => {
    const { ledger } = replica
    return ledger.charters.length > 0 ? charterNow(ledger).body.writer : writer
  }
  const appends = openAppends({ clock: ports.clock, writer: writerNow, send })
  const follower = openLogFollower({
    replica,
    reader,
    writer: writerNow,
    clock: ports.clock,
    send,
    log: quietLog,
  })

  const notesNow = () => roles.flatMap((role) => role.notes?.(states.get(role.name)) ?? [])

  let durableSize = replica.ledger.size
  let writing: Promise<void> = Promise.resolve()
  const logRange = openLogRange(replica, ports.blocks, reader, () => durableSize)
  const pulling = openCatchUp({
    transport: ports.transport,
    take: (batch) => {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      queue.push({ type: 'pulled', batch, taken: resolve })
      return Promise.race([promise, ended.promise.then(() => false)])
    },
    log,
    fail: (error) => fail(error),
  })
  /** Until the witnesses were asked, the ledger does not start. */
  let ownLog = openOwnLog({ ...options, roles, replica, journals, pulling, log })
  const catchUp = () => {
    if (writerNow() !== signer.did) pulling.begin(writerNow(), replica.ledger.size)
  }

  async function handle(item: Item): Promise<void> {
    await handled(item)
    for (const listener of listeners) listener()
  }

  async function handled(item: Item): Promise<void> {
    switch (item.type) {
      case 'start':
        await startReady()
        if (isRunning()) follower.ask()
        catchUp()
        return
      case 'heard':
        waiting.leave(item.from, item.bytes.length)
        return heard(item.from, item.bytes)
      case 'pulled': {
        const before = replica.ledger.size
        const { anchor, blocks } = item.batch
        await readLog({ anchor, blocks: blocks.map(({ bytes }) => bytes) })
        return item.taken(replica.ledger.size > before)
      }
      case 'asked':
        await ownLog?.bringBack(logRange, (entry) => performer.record('ledger', entry, []))
        ownLog = undefined
        return handled({ type: 'start' })
      case 'event':
        return step(item.role, item.event)
    }
  }

  async function heard(from: Did, bytes: Uint8Array): Promise<void> {
    const message = opened(from, bytes)
    if (message === undefined) return
    if (message.type === 'log') {
      await readLog(message)
      return follower.isBehind ? catchUp() : undefined
    }
    if (message.type === 'behind' && message.from < durableSize) return sendLog(from, message.from)
    appends.heard(from, message)
    const role = roleOf(message.type)
    for (const { name } of roles) {
      if (role === 'all' || role === name) await step(name, { type: 'message', from, message })
    }
  }

  /** Everything in a message is proven here, at the door, or the message is dropped. */
  function opened(from: Did, bytes: Uint8Array): Message | undefined {
    try {
      return readMessage(bytes)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      dropped.refused += 1
      warn(quietLog, 'message refused', error, from)
      return undefined
    }
  }

  /** The blocks and the new head are durable before any role hears of the entries. */
  async function readLog(message: { anchor: CID; blocks: Uint8Array[] }): Promise<void> {
    const taken = follower.take(message)
    if (taken === undefined) return
    const { entries, anchors, blocks, head } = taken
    const before = new Set(started)
    writing = performer.record('replica', head, blocks)
    await writing
    durableSize = replica.ledger.size
    keeper.take(replica)
    await startReady()
    for (const name of before) await step(name, { type: 'log', entries, anchors })
  }

  /** What this process has folded, to whoever asks; it asks again for more. */
  async function sendLog(to: Did, fromSize: number): Promise<void> {
    let sent = 0
    try {
      for await (const { anchor, blocks } of logRange(fromSize)) {
        if (!isRunning() || sent === LIMITS.batchesPerAnswerMax) return
        send(to, { type: 'log', anchor, blocks: blocks.map(({ bytes }) => bytes) })
        sent += 1
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      warn(log, 'the log on disk cannot be read to the end', error, to)
    }
  }

  /** Nobody but the writer can act before the log begins: it holds the charter. */
  async function startReady(): Promise<void> {
    const hasCharter = replica.ledger.charters.length > 0
    for (const { name } of roles) {
      const isReady = name === 'ledger' ? ownLog === undefined : hasCharter
      if (started.has(name) || !isReady) continue
      started.add(name)
      await step(name, { type: 'start', journal: journalOf(name) })
    }
  }

  /** Without what is over; where the disk has lost some of the log, nobody knows what that is. */
  function journalOf(name: RoleName): unknown[] {
    const isOver = roles.find((role) => role.name === name)?.isOver
    const entries = journals.take(name)
    if (isOver === undefined || !isWhole) return entries
    return entries.filter((entry) => !isOver(entry, replica.ledger))
  }

  async function step(name: RoleName, event: Event): Promise<void> {
    const role = roles.find((candidate) => candidate.name === name)
    if (role === undefined || !isRunning()) return
    if (!started.has(name)) {
      const refusal = new Refusal('LEDGER_AWAY', 'the log has not been read yet')
      if (event.type === 'call') calls.reject(event.call, refusal)
      return
    }
    const nowMs = ports.clock.nowMs()
    const env: Env = { nowMs, self: signer, genesis, replica, verify, open: openOne }
    const done = attempt(() => role.step(states.get(name), event, env))
    if (done instanceof Refusal) return notTaken(name, event, done)
    states.set(name, done.state)
    await performer.perform(name, done.effects)
  }

  /** A step refuses what others sent before it changes anything; its own journal it must take. */
  function notTaken(name: RoleName, event: Event, refusal: Refusal): void {
    if (event.type === 'call') return calls.reject(event.call, refusal)
    if (event.type !== 'message') throw refusal
    dropped.refused += 1
    warn(log, `${name} refused a message`, refusal, event.from)
  }

  function fail(error: unknown): void {
    if (!isRunning()) return
    fault = error
    log({ level: 'error', message: 'the process has stopped', detail: String(error) })
    stop('faulted')
  }

  function stop(next: 'closed' | 'killed' | 'faulted'): void {
    if (!isRunning()) return
    state = next
    queue.close()
    performer.stop()
    follower.close()
    pulling.close()
    ownLog?.close()
    const why = fault ?? hasStopped()
    appends.rejectAll(why)
    calls.rejectAll(why)
    ended.resolve(fault)
  }

  async function close(): Promise<void> {
    if (state === 'alive') {
      state = 'closing'
      queue.close()
      await Promise.race([queue.idle(), ended.promise])
      stop('closed')
    }
    if (state === 'killed') return
    if (state === 'closed') await keeper.takeLast(replica)
    await ports.transport.close()
    await ports.exec.close()
    await ports.journal.close()
    await ports.blocks.close()
  }

  ports.transport.listen(hear)
  queue.push({ type: 'start' })
  ownLog?.ask().then(() => queue.push({ type: 'asked' }), fail)

  return {
    did: signer.did,
    replica,
    logRange,
    logBlocks: (fromSize, signal) =>
      blocksInRange(logRange(fromSize, signal), notesNow(), ports.blocks),
    states,
    dropped,
    get fault() {
      return fault
    },
    ended: ended.promise,
    async call(request) {
      if (fault !== undefined) throw fault
      if (state !== 'alive') throw hasStopped()
      if (!states.has('home')) throw new Refusal('REQUEST_UNKNOWN', 'there is no home here')
      const { call, answer } = calls.open()
      const event: Event = { type: 'call', call, request }
      if (!queue.offer({ type: 'event', role: 'home', event })) {
        calls.reject(call, new Refusal('OVERLOADED', 'too many events are waiting'))
      }
      return answer
    },
    async append(records, linked = []) {
      if (fault !== undefined) throw fault
      if (state !== 'alive') throw hasStopped()
      return appends.open(records, linked)
    },
    watch(listener) {
      const mine = () => listener()
      listeners.add(mine)
      return () => void listeners.delete(mine)
    },
    durable: () => writing,
    idle: queue.idle,
    close: () => (closed ??= close()),
    kill: () => stop('killed'),
  }
}

const hasStopped = () => new Refusal('STORE_CLOSED', 'the process has stopped')
