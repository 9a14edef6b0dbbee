/** A clock that stands still until somebody lets the next thing happen: time for simulations. */
import type { Clock } from '../ports.ts'

export type VirtualClock = Clock & {
  /** Runs what is due next, if anything is, and moves the time there; false if nothing waits. */
  next(): boolean
  /** Runs everything that is due until then, and moves the time there. */
  run(untilMs: number): void
  /** How many alarms are set. */
  readonly waiting: number
}

type Alarm = { atMs: number; order: number; callback: (() => void) | undefined }

/** Equal times ring in the order in which they were set; a time that has passed, now. */
export function openVirtualClock(startMs = 0): VirtualClock {
  let heap: Alarm[] = []
  let nowMs = startMs
  let orders = 0
  let waiting = 0

  /** Cancelled alarms stay in the heap until they come up, or until they are the most of it. */
  const sweep = () => {
    if (heap.length < 1024 || waiting * 2 > heap.length) return
    heap = heap.filter(({ callback }) => callback !== undefined)
    // a sorted array is a heap
    heap.sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  const first = (): Alarm | undefined => {
    while (heap.length > 0 && heap[0]?.callback === undefined) pop(heap)
    return heap[0]
  }

  const next = () => {
    const alarm = first()
    if (alarm === undefined) return false
    pop(heap)
    const { callback } = alarm
    alarm.callback = undefined
    waiting -= 1
    nowMs = alarm.atMs
    callback?.()
    return true
  }

  return {
    nowMs: () => nowMs,
    get waiting() {
      return waiting
    },
    at(atMs, callback) {
      orders += 1
      waiting += 1
      const alarm: Alarm = { atMs: Math.max(atMs, nowMs), order: orders, callback }
      push(heap, alarm)
      return () => {
        if (alarm.callback === undefined) return
        alarm.callback = undefined
        waiting -= 1
        sweep()
      }
    },
    next,
    run(untilMs) {
      for (let alarm = first(); alarm !== undefined && alarm.atMs <= untilMs; alarm = first()) {
        next()
      }
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

/** A binary heap: the root is what rings first. */
function push(heap: Alarm[], alarm: Alarm): void {
  let at = heap.push(alarm) - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(alarm, heap[parent] as Alarm)) break
    heap[at] = heap[parent] as Alarm
    at = parent
  }
  heap[at] = alarm
}

/** Takes the root out. */
function pop(heap: Alarm[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    const right = child + 1
    if (right < heap.length && isBefore(heap[right] as Alarm, heap[child] as Alarm)) child = right
    if (!isBefore(heap[child] as Alarm, last)) break
    heap[at] = heap[child] as Alarm
    at = child
  }
  heap[at] = last
}
