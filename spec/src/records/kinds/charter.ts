/** Who belongs to a federation, in which role, and by which rules. See spec/records/charter.md. */
import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { Amount, Bytes, Name, ResourceType, Scope, text, Verification } from '../fields.ts'
import { DidText, Link } from '../links.ts'
import { defineRecord, type SealedOf } from '../record.ts'

export const ROLES = [
  'admin',
  'issuer',
  'member',
  'home',
  'executor',
  'ledger',
  'witness',
  'verifier',
] as const
export const MemberRole = z.enum(ROLES)
export type MemberRole = z.infer<typeof MemberRole>

export const Member = z.strictObject({
  did: DidText,
  name: Name,
  roles: z.array(MemberRole).max(ROLES.length),
  location: text(64),
})
export type Member = z.infer<typeof Member>

/** The four built-in policies of S1, and one written in CCL. */
export const Policy = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('allow-all') }),
  z.strictObject({ type: z.literal('quota'), amount: Amount }),
  z.strictObject({ type: z.literal('rate-limit'), amount: Amount, periodMs: Amount.min(1) }),
  z.strictObject({
    type: z.literal('permit-list'),
    holders: z.array(DidText).max(LIMITS.membersMax),
  }),
  z.strictObject({
    type: z.literal('ccl'),
    /** As compiled (spec/ccl-abi.md): what decides. */
    module: Bytes.refine(
      (bytes) => bytes.length <= LIMITS.policyModuleBytesMax,
      `longer than ${LIMITS.policyModuleBytesMax} bytes`,
    ),
    /** As written: the text that compiles to it, for people to read before they vote. */
    source: text(LIMITS.policySourceBytesMax),
  }),
])
export type Policy = z.infer<typeof Policy>

export const ScopedPolicy = z.strictObject({
  scope: Scope,
  resourceType: ResourceType,
  policy: Policy,
})

/** A list of members by a name that policies may ask for, as `roles.NAME`. */
export const Circle = z.strictObject({
  name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'expected a name of CCL'),
  members: z.array(DidText).max(LIMITS.membersMax),
})

export const Issuer = z.strictObject({ did: DidText, scopes: z.array(Scope).max(256) })

/**
 * "We are this federation": who belongs, in which role, who writes the log, and the rules. The
 * first version is the trust root that a member pins; each later one links the one before and is
 * sealed by one of its admins.
 */
export const Charter = defineRecord('charter', {
  name: Name,
  version: z.int().min(0).max(1_000_000),
  previous: Link.nullable(),
  members: z.array(Member).min(1).max(LIMITS.membersMax),
  issuers: z.array(Issuer).max(LIMITS.membersMax),
  writer: DidText,
  standby: DidText.nullable(),
  threshold: z.int().min(1).max(LIMITS.verdictsMax),
  /** The least verification a manifest may ask for. */
  floor: Verification,
  policies: z.array(ScopedPolicy).max(LIMITS.policiesMax),
  retainMs: Amount,
  /** Absent in charters without any. */
  circles: z.array(Circle).max(LIMITS.circlesMax).optional(),
})
export type Charter = SealedOf<typeof Charter>
