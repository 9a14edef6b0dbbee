/**
 * A community's document, from words to what it comes to: an `execution` with conditions becomes
 * the calls that it asks for, everything else is checked and listed.
 */
import type { IToken } from 'chevrotain'
import type { Block, Item } from '../ast.ts'
import { Reader } from '../core/reader.ts'
import type { Problems } from '../diagnostic.ts'
import { shown } from '../messages.ts'
import type { Listed } from '../resolve.ts'
import type { Node } from './ast.ts'
import { checkDocument } from './check-document.ts'
import { execute, type Granted } from './execute.ts'
import { parseItems } from './parse-items.ts'

const isFunction = (node: Node) => node.is === 'function'

/** `around` are the items of the job document beside it, for what its `resources` grants. */
export function readCommunity(
  tokens: readonly IToken[],
  around: readonly Item[],
  problems: Problems,
): { execution: Block[]; listed: Listed[] } {
  if (tokens.length === 0) return { execution: [], listed: [] }
  const before = problems.errors
  const nodes = parseItems(new Reader(tokens, problems), 0)
  const functions = nodes.filter(isFunction)
  const listed: Listed[] = []
  const bodies = nodes.flatMap((node) =>
    node.is === 'block' && node.kind.text === 'execution' ? [node] : [],
  )
  const others = nodes.filter((node) => !isFunction(node) && !bodies.some((body) => body === node))
  checkDocument(others, functions, problems, listed)
  const execution = bodies.map(({ kind, items }): Block => {
    const called = new Set<string>()
    // what was not read may be what a name stands for
    const calls =
      problems.errors > before ? [] : execute(items, functions, grantedIn(around), problems, called)
    warnUncalled(functions, called, problems)
    const broken = problems.errors > before
    return { is: 'block', kind, label: null, items: calls, doc: null, broken }
  })
  return { execution, listed }
}

function warnUncalled(
  functions: readonly Extract<Node, { is: 'function' }>[],
  called: ReadonlySet<string>,
  problems: Problems,
): void {
  for (const { name } of functions) {
    if (!called.has(name.text)) problems.add('CCL0518', name.range, shown(name.text), 'function')
  }
}

/** `compute: 1000;` grants `compute`, `cpu_quota: 50;` grants `cpu`. */
function grantedIn(items: readonly Item[]): Granted {
  const granted = new Map<string, bigint>()
  for (const block of items) {
    if (block.is !== 'block' || block.kind.text !== 'resources') continue
    for (const pair of block.items) {
      if (pair.is !== 'pair' || pair.value.is !== 'whole') continue
      granted.set(pair.key.text.replace(/_quota$/, ''), BigInt(pair.value.digits))
    }
  }
  return granted
}
