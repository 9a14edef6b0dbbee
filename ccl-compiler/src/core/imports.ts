/**
 * `use "CID" as pool;`: the constants, functions, records and people of another text, by names
 * that begin with `pool.`. A text is named by the CID of its bytes: what was voted on is used.
 */
import { attempt, cidOf, parseCid, Refusal } from '@planetary-mesh/spec/bare'
import { Problems } from '../diagnostic.ts'
import { shown } from '../messages.ts'
import { scan } from '../scan.ts'
import { sourceOf } from '../source.ts'
import type * as A from './ast.ts'
import { parseCore } from './parse-declarations.ts'
import { splitText } from './split.ts'

/** The text of a CID, or undefined where nobody here has it. */
export type Imports = (cid: string) => string | undefined

/**
 * Names that stand for what the language itself offers, which is there without them: nothing is
 * fetched for them, and no name begins with their alias.
 */
export const OFFERED: readonly string[] = ['mesh:ccl/compute@1']

/** Checks a text by itself, so that a mistake in it is told as a mistake of it. */
export type CheckAlone = (core: A.Core, problems: Problems) => void

/** The declarations of all imported texts, renamed; what cannot be had is reported at its `use`. */
export function importedDecls(
  uses: readonly A.UseDecl[],
  imports: Imports | undefined,
  problems: Problems,
  checkAlone: CheckAlone,
): A.Decl[] {
  const taken = new Map<string, A.UseDecl>()
  return uses.flatMap((use) => {
    const first = taken.get(use.alias.text)
    if (first !== undefined) {
      const other = { message: 'the first stands here', range: first.alias.range }
      problems.addWith('CCL0318', use.alias.range, other, shown(use.alias.text), 'import')
      return []
    }
    taken.set(use.alias.text, use)
    if (OFFERED.includes(use.from.text)) return []
    const core = readImport(use, imports, problems, checkAlone)
    return core === undefined ? [] : renamed(core, use.alias.text)
  })
}

function readImport(
  { from }: A.UseDecl,
  imports: Imports | undefined,
  problems: Problems,
  checkAlone: CheckAlone,
): A.Core | undefined {
  const cid = attempt(() => parseCid(from.text))
  if (cid instanceof Refusal) {
    problems.add('CCL0544', from.range, shown(from.text))
    return undefined
  }
  const text = imports?.(from.text)
  if (text === undefined) {
    problems.add('CCL0542', from.range, shown(from.text))
    return undefined
  }
  const actual = cidOf('raw', new TextEncoder().encode(text))
  const inner = new Problems(sourceOf(text, from.text))
  const scanned = actual.equals(cid) ? scan(inner) : null
  if (!actual.equals(cid)) {
    problems.add('CCL0543', from.range, `it is the text ${shown(actual.toString())}`)
    return undefined
  }
  const core =
    scanned === null ? undefined : parseCore(splitText(scanned, inner.source).core, inner)
  if (core !== undefined && core.uses.length > 0) {
    problems.add('CCL0543', from.range, 'it imports others itself')
    return undefined
  }
  if (core !== undefined && !inner.hasErrors) checkAlone(core, inner)
  const [mistake] = inner.list().filter(({ severity }) => severity === 'error')
  if (mistake === undefined && core !== undefined) return core
  const where = mistake === undefined ? '' : `line ${mistake.span.line}: ${mistake.message}`
  problems.add('CCL0543', from.range, where)
  return undefined
}

const SHARED = ['const', 'fn', 'record', 'people']

/** Every name that the text declares, and every use of it inside, with the alias in front. */
function renamed({ decls }: A.Core, alias: string): A.Decl[] {
  const shared = decls.filter(({ is }) => SHARED.includes(is))
  const own = new Set(
    shared.flatMap((decl) =>
      decl.is === 'people'
        ? decl.entries.map(({ name }) => name.text)
        : 'name' in decl
          ? [(decl.name as { text: string }).text]
          : [],
    ),
  )
  /** Parameters and variables of the declaration at hand are its own, whatever their names. */
  let locals: ReadonlySet<string> = new Set()
  const prefixed = (text: string) => {
    return own.has(text) && !locals.has(text) ? `${alias}.${text}` : text
  }
  /** Rebuilds a part of the tree; fields of records keep their names. */
  const part = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(part)
    if (typeof value !== 'object' || value === null) return value
    const copy = Object.fromEntries(Object.entries(value).map(([key, of]) => [key, part(of)]))
    const node = value as { is?: string; text?: string; fn?: { text: string }; args?: unknown }
    if (node.is === 'name') return { ...copy, text: prefixed(node.text ?? '') }
    if (node.is === 'call') return { ...copy, fn: renamedName(copy.fn) }
    const isType = node.is === undefined && node.args !== undefined && 'name' in value
    return isType ? { ...copy, name: renamedName(copy.name) } : copy
  }
  const renamedName = (name: unknown) => {
    const { text, range } = name as { text: string; range: unknown }
    return { text: prefixed(text), range }
  }
  return shared.map((decl) => {
    locals = new Set(decl.is === 'fn' ? localsOf(decl) : [])
    const copy = part(decl) as A.Decl
    locals = new Set()
    if (copy.is !== 'people') return { ...copy, name: renamedName('name' in copy && copy.name) }
    const entries = copy.entries.map((entry) => ({ ...entry, name: renamedName(entry.name) }))
    return { ...copy, entries }
  }) as A.Decl[]
}

/** Every name that a function gives to something of its own. */
function localsOf(fn: A.FnDecl): string[] {
  const found: string[] = fn.params.map(({ name }) => name.text)
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const node = value as { is?: string; name?: { text: string }; variable?: { text: string } }
    if (node.is === 'let' && node.name !== undefined) found.push(node.name.text)
    if (node.is === 'for' && node.variable !== undefined) found.push(node.variable.text)
    Object.values(value).forEach(look)
  }
  look(fn.body)
  return found
}
