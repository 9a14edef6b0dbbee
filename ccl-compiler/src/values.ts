/**
 * Values for the parameters `${NAME}` of a template, from a text of pairs: `NAME: value` lines.
 * A parameter in quotes becomes part of the text, one without quotes is the value itself.
 */
import type { Value } from './ast.ts'
import type { Node } from './community/ast.ts'
import { parseItems } from './community/parse-items.ts'
import { Reader } from './core/reader.ts'
import { type Diagnostic, Problems } from './diagnostic.ts'
import { shown } from './messages.ts'
import { scan } from './scan.ts'
import { sourceOf } from './source.ts'

/** By the names of parameters. */
export type Values = ReadonlyMap<string, Value>

/** The values of a text, or what is wrong with it. */
export function readValues(
  text: string,
  file = '-',
): { ok: true; values: Values } | { ok: false; diagnostics: Diagnostic[] } {
  const problems = new Problems(sourceOf(text, file))
  const scanned = text.isWellFormed() ? scan(problems) : null
  const nodes = scanned === null ? [] : parseItems(new Reader(scanned.tokens, problems), 0)
  const values = new Map<string, Value>()
  for (const node of nodes) addValue(node, values, problems)
  if (scanned === null || problems.hasErrors) return { ok: false, diagnostics: problems.list() }
  return { ok: true, values }
}

function addValue(node: Node, values: Map<string, Value>, problems: Problems): void {
  if (node.is !== 'pair' || node.value.is !== 'value') {
    return problems.add('CCL0208', node.range, 'this', 'a pair `NAME: value`')
  }
  const first = values.get(node.key.text)
  if (first !== undefined) {
    const other = { message: 'the first stands here', range: first.range }
    problems.addWith('CCL0306', node.key.range, other, shown(node.key.text), 'the values')
  }
  values.set(node.key.text, node.value.value)
}
