/** Performing effects: each through its port, in order; nothing once the process has stopped. */
import {
  type Answer,
  assert,
  type Block,
  type Did,
  type Effect,
  type Event,
  encodeMessage,
  HostFault,
  LIMITS,
  Refusal,
  type RoleName,
  type RunEnd,
  type Signer,
  toWireError,
  type WireMessage,
} from '@planetary-mesh/spec'
import type { Ports } from './ports.ts'
import { journalEntry } from './role-journal.ts'

type Run = Extract<Effect, { do: 'run' }>

export type Performer = {
  /** One effect after another; a `record` is durable before the next begins. */
  perform(role: RoleName, effects: readonly Effect[]): Promise<void>
  /** Blocks, then an entry that may name them: all durable when it resolves. */
  record(role: RoleName | 'replica', entry: unknown, blocks: readonly Block[]): Promise<void>
  send(to: Did, message: WireMessage): void
  /** Timers never fire and runs are told to stop. */
  stop(): void
}

export function openPerformer(options: {
  signer: Signer
  ports: Ports
  isAlive: () => boolean
  /** An event of a role: its timer fired, its run ended. */
  raise: (role: RoleName, event: Event) => void
  /** A message to oneself. */
  hear: (bytes: Uint8Array) => void
  answer: (call: number, answer: Answer) => void
  fail: (error: unknown) => void
}): Performer {
  const { signer, ports, isAlive } = options
  const timers = new Map<string, () => void>()
  const runs = new Map<string, AbortController>()

  const send = (to: Did, message: WireMessage) => {
    const bytes = encodeMessage(message)
    if (to === signer.did) options.hear(bytes)
    else ports.transport.send(to, bytes)
  }

  const broadcast = (message: WireMessage) => {
    const bytes = encodeMessage(message)
    ports.transport.broadcast(bytes)
    options.hear(bytes)
  }

  const setTimer = (role: RoleName, name: string, atMs: number) => {
    const key = `${role} ${name}`
    timers.get(key)?.()
    const cancel = ports.clock.at(atMs, () => {
      timers.delete(key)
      if (isAlive()) options.raise(role, { type: 'timer', name })
    })
    timers.set(key, cancel)
    assert(timers.size <= LIMITS.timersMax, `there are at most ${LIMITS.timersMax} timers`)
  }

  const run = async (role: RoleName, effect: Run) => {
    const key = `${role} ${effect.run}`
    assert(!runs.has(key), `no run is called ${key} yet`)
    const controller = new AbortController()
    runs.set(key, controller)
    const end = await endOf(effect, controller.signal)
    if (!isAlive()) return
    runs.delete(key)
    options.raise(role, { type: 'ran', run: effect.run, end })
  }

  const endOf = async (
    { manifest, wallMs, cancelAtFuel }: Run,
    signal: AbortSignal,
  ): Promise<RunEnd> => {
    try {
      const cancel = cancelAtFuel === undefined ? {} : { cancelAtFuel }
      const ran = await ports.exec.run(manifest, { wallMs, signal, ...cancel })
      return { type: 'done', ...ran }
    } catch (error) {
      if (error instanceof Refusal) return { type: 'refused', error: toWireError(error) }
      if (error instanceof HostFault) {
        return { type: 'fault', reason: error.reason, detail: error.message }
      }
      throw error
    }
  }

  const record: Performer['record'] = async (role, entry, blocks) => {
    const bytes = journalEntry(role, entry)
    if (blocks.length > 0) await ports.blocks.put(blocks)
    if (isAlive()) await ports.journal.append([bytes])
  }

  const act = (role: RoleName, effect: Exclude<Effect, { do: 'record' }>): void => {
    switch (effect.do) {
      case 'send':
        return send(effect.to, effect.message)
      case 'broadcast':
        return broadcast(effect.message)
      case 'timer':
        return setTimer(role, effect.name, effect.atMs)
      case 'run':
        return void run(role, effect).catch(options.fail)
      case 'cancel':
        return runs.get(`${role} ${effect.run}`)?.abort()
      case 'answer':
        return options.answer(effect.call, effect.answer)
    }
  }

  return {
    record,
    send,
    async perform(role, effects) {
      for (const effect of effects) {
        if (!isAlive()) return
        if (effect.do === 'record') await record(role, effect.entry, effect.blocks ?? [])
        else act(role, effect)
      }
    },
    stop() {
      for (const cancel of timers.values()) cancel()
      for (const controller of runs.values()) controller.abort()
      timers.clear()
      runs.clear()
    },
  }
}
