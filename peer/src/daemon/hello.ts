/**
 * What two members tell each other when they connect: the wire version, the runtime profiles they
 * can run, and what time it is. Nothing is decided by it; what does not fit is said to the owner.
 * Source: protocol.md "Transport".
 */
import {
  type Did,
  DidText,
  decodeBlock,
  encodeBlock,
  LIMITS,
  parse,
  Refusal,
  runsProfile,
  WIRE,
} from '@planetary-mesh/spec'
import { z } from 'zod'
import type { NetworkNode } from '../libp2p/node.ts'
import type { Notice } from '../notice.ts'

const HELLO_PROTOCOL = '/mesh/0/hello'
const PROFILES_MAX = 16

const Hello = z.strictObject({
  did: DidText,
  wire: z.string().max(32),
  profiles: z.array(z.string().max(64)).max(PROFILES_MAX),
  atMs: z.int().min(0),
})
type Hello = z.infer<typeof Hello>

export type Greeter = {
  /** Asks a member that has just connected; tells the owner what does not fit. Never rejects. */
  greet(member: Did): Promise<void>
}

/** Answers hellos from now on. `profiles` is empty where nothing is run. */
export async function openGreeter(given: {
  node: Pick<NetworkNode, 'did' | 'handleRequest' | 'request'>
  profiles: readonly string[]
  nowMs: () => number
  log: (notice: Notice) => void
}): Promise<Greeter> {
  const { node, profiles, nowMs, log } = given
  const mine = () =>
    encodeBlock({ did: node.did, wire: WIRE, profiles: [...profiles], atMs: nowMs() }).bytes
  await node.handleRequest(HELLO_PROTOCOL, async () => mine())

  return {
    async greet(member) {
      try {
        const askedAtMs = nowMs()
        const bytes = await node.request(member, HELLO_PROTOCOL, mine())
        const hello = parse(Hello, decodeBlock(bytes), 'hello')
        for (const detail of misfits(hello, profiles, { askedAtMs, heardAtMs: nowMs() })) {
          log({ level: 'warn', message: 'a member does not fit', detail, from: member })
        }
      } catch (error) {
        // it has gone again, or says nothing that reads: its messages are judged one by one
        if (!(error instanceof Refusal)) throw error
      }
    },
  }
}

/** What an owner should know of the other; the way there and back is not the clock's fault. */
export function misfits(
  { wire, profiles, atMs }: Pick<Hello, 'wire' | 'profiles' | 'atMs'>,
  own: readonly string[],
  { askedAtMs, heardAtMs }: { askedAtMs: number; heardAtMs: number },
): string[] {
  const said: string[] = []
  if (wire !== WIRE) said.push(`it speaks ${wire}, this process ${WIRE}`)
  const runBoth = own.length > 0 && profiles.length > 0
  const agree = (a: string) => own.some((b) => runsProfile(a, b) || runsProfile(b, a))
  if (runBoth && !profiles.some(agree)) {
    said.push(`it runs ${profiles.join(', ')}, this process ${own.join(', ')}`)
  }
  const aheadMs = Math.max(0, atMs - heardAtMs)
  const behindMs = Math.max(0, askedAtMs - atMs)
  if (aheadMs > LIMITS.clockOffMs) said.push(`its clock is ${aheadMs} ms ahead of this one`)
  if (behindMs > LIMITS.clockOffMs) said.push(`its clock is ${behindMs} ms behind this one`)
  return said
}
