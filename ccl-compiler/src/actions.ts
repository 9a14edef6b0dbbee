/**
 * What a program can ask for. Of `submit_job` every argument has its name; the others also take
 * them in the order in which they stand here, as programs of this kind are written.
 */
import { ARGUMENTS } from './kinds.ts'
import type { Type } from './types.ts'

export type Action = {
  readonly args: ReadonlyMap<string, Type>
  readonly required: readonly string[]
  /** Arguments may stand without their names. */
  readonly positional: boolean
}

const any: Type = { is: 'any' }
const amount: Type = { is: 'amount' }

const asked = (required: Record<string, Type>, optional: Record<string, Type> = {}): Action => ({
  args: new Map(Object.entries({ ...required, ...optional })),
  required: Object.keys(required),
  positional: true,
})

const metered = asked({ action: any }, { resource_type: any, amount, args: any, data: any })
const minted = asked(
  { type: any },
  { amount, recipient: any, recipients: any, to: any, data: any, metadata: any },
)
const moved = asked({ from: any, to: any, amount }, { resource_type: any, data: any })

export const SUBMIT_JOB = 'submit_job'

export const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    SUBMIT_JOB,
    {
      args: new Map<string, Type>(Object.entries(ARGUMENTS)),
      required: ['wasm_cid', 'description', 'resource_type', 'resource_amount', 'priority'],
      positional: false,
    },
  ],
  [
    'anchor_data',
    asked({}, { path: any, data: any, key: any, value: any, cid: any, metadata: any }),
  ],
  ['perform_action', asked({ action: any }, { amount, args: any, data: any })],
  ['perform_metered_action', metered],
  ['mint_tokens', minted],
  ['mint_token', minted],
  ['check_resource_authorization', asked({ resource_type: any, amount })],
  ['record_resource_usage', asked({ resource_type: any, amount })],
  ['log', asked({ message: any }, { level: any, data: any })],
  ['log_event', asked({ name: any }, { level: any, detail: any, context: any, data: any })],
  ['transfer', moved],
  ['transfer_resource', moved],
  ['grant', asked({ to: any, role: any }, { until: any, data: any })],
  ['adopt_policy', asked({ cid: any }, { scope: any })],
])
