/**
 * Waiting and sockets. A wait never takes real time: descriptors here are always ready, and a
 * timer moves the guest's clock forward to its end. There are no sockets.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { ABSOLUTE_TIME, ERRNO, Errno, EVENTTYPE, fail, HANGUP } from './abi.ts'
import type { Host, WasiCalls } from './host.ts'
import { timeOf } from './process-calls.ts'

const SUBSCRIPTION_BYTES = 48
const EVENT_BYTES = 32
const SUBSCRIPTION_FUEL = 500
const TIME_MAX = (1n << 64n) - 1n

type Event = { userdata: bigint; errno: number; type: number; bytes: bigint; flags: number }
type Timer = { userdata: bigint; waitNs: bigint }

export const pollCalls: WasiCalls<
  'poll_oneoff' | 'sock_accept' | 'sock_recv' | 'sock_send' | 'sock_shutdown'
> = {
  poll_oneoff(host, subscriptions, events, count, sizePointer) {
    if (count === 0 || count > LIMITS.subscriptionsMax) fail('INVAL')
    host.charge(count * SUBSCRIPTION_FUEL)
    host.memory.ensureWritable(events, count * EVENT_BYTES)
    host.memory.ensureWritable(sizePointer, 4)
    const happened: Event[] = []
    const timers: Timer[] = []
    for (let index = 0; index < count; index++) {
      const found = readSubscription(host, subscriptions + index * SUBSCRIPTION_BYTES)
      if ('waitNs' in found) timers.push(found)
      else happened.push(found)
    }
    const waitNs = happened.length > 0 ? 0n : leastOf(timers)
    host.sleep(waitNs)
    for (const { userdata, waitNs: asked } of timers) {
      if (asked > waitNs) continue
      happened.push({ userdata, errno: 0, type: EVENTTYPE.CLOCK, bytes: 0n, flags: 0 })
    }
    for (const [index, event] of happened.entries()) {
      host.memory.write(events + index * EVENT_BYTES, encodeEvent(event))
    }
    host.memory.setU32(sizePointer, happened.length)
  },

  sock_accept: (host, fd) => refuseSocket(host, fd),
  sock_recv: (host, fd) => refuseSocket(host, fd),
  sock_send: (host, fd) => refuseSocket(host, fd),
  sock_shutdown: (host, fd) => refuseSocket(host, fd),
}

/** ENOTSOCK for a stream, which might be a socket elsewhere; EBADF for all else. */
function refuseSocket(host: Host, fd: number): never {
  const { type } = host.descriptors.get(fd)
  return fail(type === 'stdin' || type === 'output' ? 'NOTSOCK' : 'BADF')
}

const leastOf = (timers: readonly Timer[]) =>
  timers.reduce((least, timer) => (timer.waitNs < least ? timer.waitNs : least), TIME_MAX)

function readSubscription(host: Host, at: number): Event | Timer {
  const userdata = host.memory.u64(at)
  const type = host.memory.u8(at + 8)
  const event = { userdata, errno: 0, type, bytes: 0n, flags: 0 }
  try {
    if (type === EVENTTYPE.CLOCK) return { userdata, waitNs: waitOf(host, at + 16) }
    if (type !== EVENTTYPE.FD_READ && type !== EVENTTYPE.FD_WRITE) fail('INVAL')
    return { ...event, ...readiness(host, host.memory.u32(at + 16), type) }
  } catch (thrown) {
    if (!(thrown instanceof Errno) || thrown.code === ERRNO.FAULT) throw thrown
    return { ...event, errno: thrown.code }
  }
}

/** How long a clock subscription still has to wait. */
function waitOf(host: Host, at: number): bigint {
  const now = timeOf(host, host.memory.u32(at))
  const timeout = host.memory.u64(at + 8)
  if ((host.memory.u16(at + 24) & ABSOLUTE_TIME) === 0) return timeout
  return timeout > now ? timeout - now : 0n
}

function readiness(host: Host, fd: number, type: number): { bytes: bigint; flags: number } {
  const descriptor = host.descriptors.get(fd, 'POLL_FD_READWRITE')
  if (type === EVENTTYPE.FD_WRITE) {
    if (descriptor.type === 'stdin' || descriptor.type === 'directory') fail('BADF')
    host.descriptors.get(fd, 'FD_WRITE')
    return { bytes: 0n, flags: 0 }
  }
  if (descriptor.type === 'output' || descriptor.type === 'directory') fail('BADF')
  host.descriptors.get(fd, 'FD_READ')
  const size = descriptor.type === 'stdin' ? descriptor.bytes.length : descriptor.node.size
  const left = Math.max(0, size - descriptor.position)
  return { bytes: BigInt(left), flags: descriptor.type === 'stdin' && left === 0 ? HANGUP : 0 }
}

function encodeEvent(event: Event): Uint8Array {
  const bytes = new Uint8Array(EVENT_BYTES)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, event.userdata, true)
  view.setUint16(8, event.errno, true)
  bytes[10] = event.type
  view.setBigUint64(16, event.bytes, true)
  view.setUint16(24, event.flags, true)
  return bytes
}
