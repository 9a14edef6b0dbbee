/**
 * Events one after another: the next is handled when all that the one before asked for is done.
 * What comes from outside is bounded; what a process owes itself (its timers, the ends of its runs)
 * is never turned away, since there are only as many as it asked for.
 */
import { LIMITS } from '@planetary-mesh/spec'

export type EventQueue<T> = {
  /** False if the queue is full or closed: the item was not taken. */
  offer(item: T): boolean
  /** Takes the item however long the queue is; nothing once it is closed. */
  push(item: T): void
  /** Resolves when nothing is being handled and nothing waits. */
  idle(): Promise<void>
  /** Drops what waits; what is being handled goes on. */
  close(): void
}

/** `handle` starts in the same turn if nothing else is being handled. */
export function openEventQueue<T>(options: {
  handle: (item: T) => Promise<void>
  /** An error of `handle`: it closes the queue. */
  onError: (error: unknown) => void
}): EventQueue<T> {
  let items: T[] = []
  let first = 0
  let isOpen = true
  let busy = false
  const resting: (() => void)[] = []

  const shift = (): T | undefined => {
    if (first === items.length) return undefined
    const item = items[first] as T
    first += 1
    // not one by one: moving a long array for each item would take the time of handling it
    if (first > 1024 && first * 2 > items.length) {
      items = items.slice(first)
      first = 0
    }
    return item
  }

  const work = async () => {
    busy = true
    try {
      for (let item = shift(); item !== undefined; item = shift()) await options.handle(item)
    } catch (error) {
      close()
      options.onError(error)
    }
    busy = false
    for (const rest of resting.splice(0)) rest()
  }

  const close = () => {
    isOpen = false
    items = []
    first = 0
  }

  const push = (item: T) => {
    if (!isOpen) return
    items.push(item)
    if (!busy) void work()
  }

  return {
    push,
    offer(item) {
      if (!isOpen || items.length - first >= LIMITS.eventsQueuedMax) return false
      push(item)
      return true
    },
    idle: () => (busy ? new Promise((resolve) => resting.push(resolve)) : Promise.resolve()),
    close,
  }
}
