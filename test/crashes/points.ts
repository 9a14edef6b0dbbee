/**
 * Where a daemon can be killed: each durable write and each kind of message that it sends, right
 * before and right after. What a machine never does is not among its points.
 */
import type { Name } from '../daemons/daemons.ts'
import { NAMES } from '../daemons/daemons.ts'
import type { Chance } from '../sim/chance.ts'

export type KillPoint = { name: Name; at: string }

const WATCHING = [
  'append/witness',
  'append/verifier',
  'append/replica',
  'put',
  'send/append',
  'send/cosigned',
  'send/behind',
]
const WRITING = [
  'append/ledger',
  'append/witness',
  'append/verifier',
  'append/replica',
  'put',
  'send/appended',
  'send/log',
  'broadcast/log',
]
const CARRYING = [
  'append/home',
  'append/executor',
  'append/replica',
  'put',
  'send/append',
  'send/offer',
  'send/awarded',
  'send/progress',
  'send/behind',
  'broadcast/announce',
  'broadcast/advert',
]

const operationsOf = (name: Name) =>
  name === 'federation-1' ? WRITING : name.startsWith('federation') ? WATCHING : CARRYING

/** Every point once: writer's, watchers' and nodes' by turns over the machines that have them. */
export function everyPoint(count = 2): KillPoint[] {
  return (['federation-1', 'federation-2', 'mesh-node-1'] as const).flatMap((name) =>
    operationsOf(name).flatMap((operation) =>
      ['before', 'after'].map((moment) => ({ name, at: `${moment}-${operation}:${count}` })),
    ),
  )
}

/** As many as asked: any machine, any of its points, the first to the eighth time it is reached. */
export function randomPoints(chance: Chance, points: number): KillPoint[] {
  return Array.from({ length: points }, () => {
    const name = chance.pick(NAMES)
    const moment = chance.pick(['before', 'after'])
    return {
      name,
      at: `${moment}-${chance.pick(operationsOf(name))}:${chance.between(1, 8)}`,
    }
  })
}
