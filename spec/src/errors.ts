/**
 * A refusal says that the other side is wrong: a code from this one table, what came, what was
 * expected. It crosses the wire as `{ error: { code, detail } }`. Our own mistakes are faults
 * (`assert`), a guest's are outcomes, a wrong CCL text gives diagnostics: none is a refusal.
 */
import { CODES } from './codes.ts'

export { CODES }

export type Code = keyof typeof CODES

/** True when `code` is in the table of `codes.ts`; for codes that arrive over the wire. */
export const isCode = (code: string): code is Code => Object.hasOwn(CODES, code)

export class Refusal extends Error {
  readonly code: Code
  readonly detail: string
  /** Named numbers behind the sentence, such as `{ asked, available, limit }`. */
  readonly values: Readonly<Record<string, number>>

  constructor(
    code: Code,
    detail: string,
    options: { cause?: unknown; values?: Readonly<Record<string, number>> } = {},
  ) {
    super(`${code}: ${detail}`, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'Refusal'
    this.code = code
    this.detail = detail
    this.values = options.values ?? {}
  }

  toJSON() {
    return { error: { code: this.code, detail: this.detail, values: this.values } }
  }
}

/** Throws a `Refusal` unless `condition` holds; a sentence that costs is made only then. */
export function admit(
  condition: unknown,
  code: Code,
  detail: string | (() => string),
): asserts condition {
  if (!condition) throw new Refusal(code, typeof detail === 'string' ? detail : detail())
}

/** The value of `action`, or the refusal it threw. Anything else thrown passes through: a fault. */
export function attempt<T>(action: () => T): T | Refusal {
  try {
    return action()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}
