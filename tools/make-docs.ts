/**
 * `npm run docs`: writes `docs/errors.md` from the table of codes, and the pages of docs/ccl from
 * the tables of the compiler, so that everything is said once. Tests compare the pages with what
 * this would write.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CODES, isCode } from '@planetary-mesh/spec'
import { writePages } from '../ccl-compiler/test/make-pages.ts'

const ROOT = join(import.meta.dirname, '..')
const TABLE = 'spec/src/codes.ts'
export const ERRORS_PAGE = 'docs/errors.md'

const HEAD = `# Errors

Made from \`${TABLE}\` by \`npm run docs\`; change the table, not this page.

A refusal says that the other side is wrong. It carries a code, a sentence with what came and what
was expected, and sometimes named numbers. On the wire and with \`--json\` it is
\`{"error": {"code": "TOKEN_EXPIRED", "detail": "…", "values": {}}}\`. The same codes name the
findings of a verdict and the reasons why a check mark is missing. A text in CCL that does not
compile gives diagnostics instead, whose codes begin with \`CCL\`.

| exit code | means |
|---|---|
| 0 | done |
| 1 | refused, denied, a test that failed, or not verified |
| 2 | wrong usage, or a text that does not compile |
| 70 | our own fault: please report it |
`

/** The page of all codes, by the groups that the comments of the table name. */
export function errorsPage(): string {
  const lines: string[] = []
  for (const line of readFileSync(join(ROOT, TABLE), 'utf8').split('\n')) {
    const [, group, code] = /^ {2}(?:\/\/ (.+)|([A-Z][A-Z0-9_]+):)/.exec(line) ?? []
    if (group !== undefined) lines.push('', `## ${group}`, '', '| code | means |', '|---|---|')
    if (code !== undefined && isCode(code)) lines.push(`| \`${code}\` | ${CODES[code]} |`)
  }
  return `${HEAD}${lines.join('\n')}\n`
}

if (import.meta.main) {
  writeFileSync(join(ROOT, ERRORS_PAGE), errorsPage())
  writePages()
}
