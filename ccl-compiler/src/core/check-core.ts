/** The typed core of one text: its programs and tests, or what is wrong with them. */
import type { IToken } from 'chevrotain'
import type { Problems } from '../diagnostic.ts'
import type { Program } from '../ir/ir.ts'
import type * as A from './ast.ts'
import { checkTests, type ReadyCase, type Subject } from './check-test.ts'
import { checkUnit } from './check-unit.ts'
import { Declarations } from './declarations.ts'
import { budgetPolicy, proposalPolicies } from './desugar.ts'
import { type Imports, importedDecls } from './imports.ts'
import { parseCore } from './parse-declarations.ts'

export type CheckedCore = {
  readonly programs: readonly Program[]
  readonly tests: readonly ReadyCase[]
}

function unitsOf(community: A.GovernanceDecl | A.BudgetDecl, decls: Declarations) {
  if (community.is === 'governance') return proposalPolicies(community, decls)
  return budgetPolicy(community, decls) ?? []
}

/** `programs` is complete only if no error was reported. */
export function checkCore(
  tokens: readonly IToken[],
  problems: Problems,
  imports?: Imports,
): CheckedCore {
  // a word left out may have made a document of a declaration: what is missing then may be there
  const unread = problems.hasErrors
  const parsed = parseCore(tokens, problems)
  const alone = (core: A.Core, inner: Problems) => void checkParsed(core, inner)
  const before = problems.errors
  const imported = importedDecls(parsed.uses, imports, problems, alone)
  const lost = parsed.lost || unread || problems.errors > before
  return checkParsed({ ...parsed, decls: [...imported, ...parsed.decls], lost }, problems)
}

function checkParsed(core: A.Core, problems: Problems): CheckedCore {
  const before = problems.errors
  const decls = new Declarations(core, problems)
  const subjects = new Map<string, Subject>()
  for (const unit of [...decls.units, ...decls.communities.flatMap((of) => unitsOf(of, decls))]) {
    subjects.set(unit.name.text, { unit, program: checkUnit(unit, decls) })
  }
  decls.checkAll()
  const tests = core.broken || core.lost ? [] : checkTests(decls, subjects)
  if (problems.errors === before && !core.broken) decls.warnUnused()
  const programs = [...subjects.values()].flatMap(({ program }) => program ?? [])
  return { programs, tests }
}
