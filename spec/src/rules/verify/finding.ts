/** What is wrong with a chain: a code, the block it is about, one sentence. */
import { type Code, Refusal } from '../../errors.ts'
import type { CID } from '../../records/cid.ts'
import { fitText } from '../../records/fields.ts'

export type Finding = { code: Code; cid: CID | null; detail: string }

export const finding = (code: Code, cid: CID | null, detail: string): Finding => ({
  code,
  cid,
  detail: fitText(detail, 512),
})

/** The finding that `check` refuses with, if it does. */
export function findingOf(cid: CID, check: () => void): Finding[] {
  try {
    check()
    return []
  } catch (error) {
    if (error instanceof Refusal) return [finding(error.code, cid, error.detail)]
    throw error
  }
}

/** Findings with each (code, block) once, in order. */
export function distinct(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ code, cid }) => {
    const key = `${code} ${cid}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
