/**
 * A witness folds the log for itself and cosigns a checkpoint only if it follows from the last one
 * it cosigned. What it cosigned is durable before it is heard: a witness never vouches for two
 * histories. Source: protocol.md "The log as proof".
 */
import {
  Bytes,
  type CID,
  Cosignature,
  cosign,
  type Effect,
  type Env,
  type Event,
  equalBytes,
  parse,
  type Replica,
  type Role,
  type Step,
} from '@planetary-mesh/spec'
import { z } from 'zod'

/** The last checkpoint this witness cosigned. */
const Seen = z.strictObject({ size: z.int(), root: Bytes })
type Seen = z.infer<typeof Seen>

/** `note` is its newest cosignature since it started. */
export type WitnessState = { seen: Seen | undefined; note: CID | undefined }

export function witnessRole(): Role<WitnessState> {
  return {
    name: 'witness',
    init: () => ({ seen: undefined, note: undefined }),
    step(state, event, env): Step<WitnessState> {
      return { state, effects: react(state, event, env) }
    },
    notes: ({ note }) => (note === undefined ? [] : [note]),
  }
}

function react(state: WitnessState, event: Event, env: Env): Effect[] {
  switch (event.type) {
    case 'start': {
      const last = event.journal.at(-1)
      state.seen = last === undefined ? undefined : parse(Seen, last, 'witness journal')
      return vouch(state, env)
    }
    case 'log':
      return vouch(state, env)
    default:
      return []
  }
}

function vouch(state: WitnessState, env: Env): Effect[] {
  const newest = env.replica.anchors.at(-1)
  if (newest === undefined || !follows(env.replica, state.seen)) return []
  if (state.seen !== undefined && newest.size <= state.seen.size) return []
  state.seen = { size: newest.size, root: newest.root }
  const note = cosign(newest.checkpoint, { atMs: env.nowMs }, env.self)
  const block = Cosignature.encode({ anchor: newest.cid, note })
  state.note = block.cid
  return [
    { do: 'record', entry: state.seen, blocks: [block] },
    { do: 'send', to: newest.writer, message: { type: 'cosigned', anchor: newest.cid, note } },
  ]
}

/** The replica folded every entry, so it is enough that it passed through what was cosigned. */
function follows(replica: Replica, seen: Seen | undefined): boolean {
  if (seen === undefined) return true
  const then = replica.anchors.findLast(({ size }) => size <= seen.size)
  // what was cosigned so long ago that it is forgotten was judged when it was read
  if (then === undefined) return replica.anchorsBefore > 0
  return then.size === seen.size && equalBytes(then.root, seen.root)
}
