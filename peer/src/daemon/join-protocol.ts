/**
 * One question and one answer by which a newcomer is entered in the charter. Who asks is proven by
 * the connection: the key at its other end becomes the member.
 */
import { Bytes, Member } from '@planetary-mesh/spec'
import { z } from 'zod'
import { InvitedRole, Secret } from './join-line.ts'

export const JOIN_PROTOCOL = '/mesh/0/join'

export const JoinQuestion = z.strictObject({
  secret: Secret,
  name: Member.shape.name,
  role: InvitedRole,
  location: Member.shape.location,
})
export type JoinQuestion = z.infer<typeof JoinQuestion>

/** The block of the genesis charter, to be checked against the line, and where the inviter is. */
export const JoinAnswer = z.strictObject({
  charter: Bytes,
  addresses: z.array(z.string().max(256)).max(16),
})
