/**
 * The invites of a process, in one file: each by the hash of its secret, so that who reads the file
 * cannot join. A used one stays until it expires, with the key that used it: that key may ask
 * again, in case the answer was lost; nobody else.
 */
import { readFile } from 'node:fs/promises'
import { DidText, LIMITS, Refusal } from '@planetary-mesh/spec'
import { z } from 'zod'
import { InvitedRole } from './join-line.ts'
import { isMissing, writeWhole } from './write-file.ts'

const Invite = z.strictObject({
  /** sha-256 of the secret, in hex. */
  hash: z.string().length(64),
  role: InvitedRole,
  expiresAtMs: z.int().min(0),
  usedBy: DidText.nullable(),
})
export type Invite = z.infer<typeof Invite>
const File = z.strictObject({ invites: z.array(Invite) })

/** How long an expired invite is told from one that never was. */
const REMEMBERED_MS = 24 * 60 * 60_000

export type InviteFile = {
  readonly invites: readonly Invite[]
  /** Durable when it resolves; in place of the one with the same hash. Refuses OVERLOADED. */
  keep(invite: Invite, nowMs: number): Promise<void>
}

/** Refuses JOURNAL_CORRUPT what is no file of invites. */
export async function openInviteFile(path: string): Promise<InviteFile> {
  let invites = await readInvites(path)
  let before: Promise<void> = Promise.resolve()

  const keepNext = async (invite: Invite, nowMs: number) => {
    const others = invites.filter(
      ({ hash, expiresAtMs }) => hash !== invite.hash && expiresAtMs + REMEMBERED_MS > nowMs,
    )
    if (others.length >= LIMITS.invitesMax) {
      throw new Refusal('OVERLOADED', `${others.length} invites are open or just over`)
    }
    const next = [...others, invite]
    await writeWhole(path, `${JSON.stringify({ invites: next })}\n`, { mode: 0o600 })
    invites = next
  }

  return {
    get invites() {
      return invites
    },
    keep(invite, nowMs) {
      // one after another: each follows from what the one before has written
      const kept = before.then(() => keepNext(invite, nowMs))
      before = kept.catch(() => {})
      return kept
    },
  }
}

async function readInvites(path: string): Promise<Invite[]> {
  try {
    return File.parse(JSON.parse(await readFile(path, 'utf8'))).invites
  } catch (cause) {
    if (isMissing(cause)) return []
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause
    throw new Refusal('JOURNAL_CORRUPT', `${path} holds no invites`, { cause })
  }
}
