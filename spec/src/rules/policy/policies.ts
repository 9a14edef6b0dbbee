/**
 * The port through which compiled CCL is asked. The rules do not run WebAssembly themselves: a
 * shell gives them this, and the same module with the same values must give the same answer on
 * every machine. Source: spec/ccl-abi.md.
 */
import { Refusal } from '../../errors.ts'

/** A number, a word, or a list of words: one for each of the header's `inputs`, in their order. */
export type PolicyValue = bigint | string | readonly string[]

/** How a rule can end without an answer; `trap` where the module itself broke off. */
export type PolicyError = 'overflow' | 'divide_by_zero' | 'limit' | 'fuel' | 'memory' | 'trap'

export type PolicyAnswer = {
  effect: 'allow' | 'deny'
  /** The place in the header's `rules` of the one that decided. */
  rule: number | null
  error: PolicyError | null
  /** Of each rule, in their order; empty after a trap. */
  statuses: readonly ('quiet' | 'fired' | PolicyError)[]
  /** Of a selection that allows. */
  score: bigint | null
  ties: readonly (bigint | string)[]
  /** What it asks for, in order. */
  effects: readonly { action: string; args: readonly (bigint | string)[] }[]
  steps: number
}

export type Policies = {
  /** Refuses with MODULE_REFUSED, IMPORT_REFUSED what cannot be asked here. */
  ensure(module: Uint8Array): void
  /** Never throws for what the module does: a trap is a deny. Pure. */
  decide(module: Uint8Array, values: readonly PolicyValue[]): PolicyAnswer
}

const none = (): never => {
  throw new Refusal('POLICY_UNSUPPORTED', 'nothing was given here to run a policy in CCL with')
}

/** For who meets none: a policy in CCL is refused, never guessed. */
export const NO_POLICIES: Policies = { ensure: none, decide: none }
