/**
 * A join line is all that a newcomer needs: `mesh-join:` and a DAG-CBOR map in base64url. It names
 * the federation by its genesis charter, where its inviter is, and a secret that works once. Who
 * has the line may join in its place: it travels like a password.
 */
import {
  type CID,
  type Did,
  DidText,
  decodeBlock,
  encodeBlock,
  Link,
  type MemberRole,
  parse,
  Refusal,
} from '@planetary-mesh/spec'
import { z } from 'zod'

/** What is invited, and the roles that it holds in the charter. */
export const INVITED_ROLES = {
  executor: ['home', 'executor'],
  home: ['home'],
  verifier: ['witness', 'verifier'],
  witness: ['witness'],
} as const satisfies Record<string, readonly MemberRole[]>
export type InvitedRole = keyof typeof INVITED_ROLES
const NAMES = Object.keys(INVITED_ROLES) as InvitedRole[]

export const InvitedRole = z.enum(NAMES)
export const SECRET_BYTES = 32
export const Secret = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length === SECRET_BYTES,
  'expected 32 bytes',
)

const Line = z.strictObject({
  genesis: Link,
  writer: DidText,
  address: z.string().max(256),
  secret: Secret,
  role: InvitedRole,
  expiresAtMs: z.int().min(0),
})

export type JoinLine = {
  genesis: CID
  writer: Did
  /** A multiaddr of the inviter, with its peer id. */
  address: string
  secret: Uint8Array
  role: InvitedRole
  expiresAtMs: number
}

const PREFIX = 'mesh-join:'
const TEXT_MAX = 2048

export function formatJoinLine(line: JoinLine): string {
  return PREFIX + Buffer.from(encodeBlock(line).bytes).toString('base64url')
}

/** Refuses INVITE_MALFORMED. */
export function parseJoinLine(text: string): JoinLine {
  const line = text.trim()
  try {
    if (line.startsWith(PREFIX) && line.length <= TEXT_MAX) {
      const bytes = Buffer.from(line.slice(PREFIX.length), 'base64url')
      return parse(Line, decodeBlock(new Uint8Array(bytes)), 'join line')
    }
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    throw new Refusal('INVITE_MALFORMED', cause.detail, { cause })
  }
  throw new Refusal('INVITE_MALFORMED', `a join line begins with ${PREFIX}`)
}
