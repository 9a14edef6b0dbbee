/** What a program can ask for. Arguments have names; those of `required` must all be given. */
import { ARGUMENTS } from './kinds.ts'
import type { Type } from './types.ts'

export type Action = {
  readonly args: ReadonlyMap<string, Type>
  readonly required: readonly string[]
}

/** An action that is null is known to the language but not compiled by this version. */
export const ACTIONS: ReadonlyMap<string, Action | null> = new Map([
  [
    'submit_job',
    {
      args: new Map<string, Type>(Object.entries(ARGUMENTS)),
      required: ['wasm_cid', 'description', 'resource_type', 'resource_amount', 'priority'],
    },
  ],
  ...[
    'anchor_data',
    'perform_action',
    'perform_metered_action',
    'mint_tokens',
    'mint_token',
    'check_resource_authorization',
    'record_resource_usage',
    'log',
    'log_event',
    'transfer',
    'grant',
    'adopt_policy',
  ].map((name): [string, null] => [name, null]),
])
