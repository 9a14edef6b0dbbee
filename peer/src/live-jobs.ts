/**
 * What the jobs that run here say while they run, for whoever watches. Nobody has signed it. Of
 * each job the last bytes are kept, so a slow watcher loses some and is told how many; it never
 * keeps a job waiting.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type CID, LIMITS, type LiveOutput, type Progress, textOf } from '@planetary-mesh/spec'

export type LiveEvent =
  | ({ type: 'output' } & LiveOutput)
  | ({ type: 'progress' } & Progress)
  /** So many bytes of output came before this and are not held any more. */
  | { type: 'skipped'; bytes: number }

/** A job that runs now, as its run tells of it. */
export type LiveJob = {
  output(piece: LiveOutput): void
  progress(progress: Progress): void
  end(): void
}

/** How far a watcher is: bytes of output, and how often progress was told. */
export type Place = { bytes: number; progress: number }

/** What there is beyond a place. `skipped` bytes of output came before the pieces, and are gone. */
export type Reading = {
  skipped: number
  pieces: readonly LiveOutput[]
  progress: Progress | null
  next: Place
  /** Whether this was the last of it. */
  isOver: boolean
}

export const START: Place = { bytes: 0, progress: 0 }

export type LiveJobs = {
  /** A second run of a job takes the place of the first. */
  begin(job: CID): LiveJob
  isRunning(job: CID): boolean
  /**
   * What a job says beyond `place`; waits for it to begin, and for news. Undefined when `signal`
   * aborts before there is any. Of a job that ended, what is still held.
   */
  read(job: CID, place: Place, signal: AbortSignal): Promise<Reading | undefined>
}

/** Bytes are numbered from the first one that the job wrote. */
type Piece = LiveOutput & { at: number }

class Watched implements LiveJob {
  readonly #pieces: Piece[] = []
  #end = 0
  #held = 0
  #progress: Progress | null = null
  #progressTold = 0
  #isOver = false
  #changed = Promise.withResolvers<void>()
  readonly #onEnd: () => void

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd
  }

  get isOver(): boolean {
    return this.#isOver
  }

  output({ stream, bytes }: LiveOutput): void {
    this.#pieces.push({ stream, bytes, at: this.#end })
    this.#end += bytes.length
    this.#held += bytes.length
    while (this.#held > LIMITS.liveBytesMax || this.#pieces.length > LIMITS.livePiecesMax) {
      this.#held -= this.#pieces.shift()?.bytes.length ?? 0
    }
    this.#tell()
  }

  progress(progress: Progress): void {
    this.#progress = progress
    this.#progressTold++
    this.#tell()
  }

  end(): void {
    this.#isOver = true
    this.#onEnd()
    this.#tell()
  }

  async read(place: Place, signal: AbortSignal): Promise<Reading | undefined> {
    while (!signal.aborted) {
      const { promise } = this.#changed
      const hasNews = this.#end > place.bytes || this.#progressTold > place.progress
      if (hasNews || this.#isOver) return this.#beyond(place)
      await unlessAborted(promise, signal)
    }
    return undefined
  }

  #beyond(place: Place): Reading {
    const pieces = this.#pieces.filter(({ at }) => at >= place.bytes)
    return {
      skipped: Math.max(0, (pieces[0]?.at ?? this.#end) - place.bytes),
      pieces: pieces.map(({ stream, bytes }) => ({ stream, bytes })),
      progress: this.#progressTold > place.progress ? this.#progress : null,
      next: { bytes: this.#end, progress: this.#progressTold },
      isOver: this.#isOver,
    }
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** Jobs that ended, of which the last words are held for who is on the way. */
const ENDED_HELD = 16

export function openLiveJobs(): LiveJobs {
  const known = new Map<string, Watched>()
  /** Those who wait for a job to begin. */
  const waiting = new Map<string, Set<(live: Watched) => void>>()

  const begun = async (key: string, signal: AbortSignal): Promise<Watched | undefined> => {
    const { promise, resolve } = Promise.withResolvers<Watched>()
    const waiters = waiting.get(key) ?? new Set()
    waiting.set(key, waiters.add(resolve))
    try {
      return await unlessAborted(promise, signal)
    } finally {
      waiters.delete(resolve)
      if (waiters.size === 0) waiting.delete(key)
    }
  }

  const forget = () => {
    const ended = [...known].filter(([, { isOver }]) => isOver)
    for (const [key] of ended.slice(0, -ENDED_HELD)) known.delete(key)
  }

  return {
    begin(job) {
      const key = textOf(job)
      const live = new Watched(forget)
      known.delete(key) // to the end: it is the newest
      known.set(key, live)
      for (const hand of waiting.get(key) ?? []) hand(live)
      return live
    },
    isRunning: (job) => known.get(textOf(job))?.isOver === false,
    async read(job, place, signal) {
      const key = textOf(job)
      const live = known.get(key) ?? (await begun(key, signal))
      return live?.read(place, signal)
    },
  }
}

/** Whoever says nothing at once is asked again after this time. */
const PAUSE_MS = 100

const isEmpty = ({ skipped, pieces, progress, isOver }: Reading) =>
  skipped === 0 && pieces.length === 0 && progress === null && !isOver

/** All that a job says, from what is held on, until its run is over or `signal` aborts. */
export async function* liveEvents(
  read: (place: Place) => Promise<Reading | undefined>,
  signal: AbortSignal,
): AsyncGenerator<LiveEvent> {
  let place = START
  while (!signal.aborted) {
    const reading = await read(place)
    if (reading === undefined || isEmpty(reading)) {
      // an honest member waits for news before it says that there are none
      await unlessAborted(wait(PAUSE_MS), signal)
      continue
    }
    if (reading.skipped > 0) yield { type: 'skipped', bytes: reading.skipped }
    for (const piece of reading.pieces) yield { type: 'output', ...piece }
    if (reading.progress !== null) yield { type: 'progress', ...reading.progress }
    if (reading.isOver) return
    place = reading.next
  }
}

/** What `promise` gives; undefined when the signal aborts first. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined
  const aborted = Promise.withResolvers<undefined>()
  const stop = () => aborted.resolve(undefined)
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
