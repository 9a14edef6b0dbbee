/** Every kind of record there is, by name. */
import { Award } from './award.ts'
import { Bid } from './bid.ts'
import { Cancel } from './cancel.ts'
import { Charter } from './charter.ts'
import { Decision } from './decision.ts'
import { Decline } from './decline.ts'
import { Hold } from './hold.ts'
import { Lease } from './lease.ts'
import { Manifest } from './manifest.ts'
import { Receipt } from './receipt.ts'
import { Settle } from './settle.ts'
import { Token } from './token.ts'
import { Verdict } from './verdict.ts'

export const KINDS = [
  Charter,
  Token,
  Manifest,
  Hold,
  Decision,
  Bid,
  Award,
  Lease,
  Decline,
  Receipt,
  Verdict,
  Settle,
  Cancel,
] as const
