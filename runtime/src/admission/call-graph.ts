/**
 * Who may call whom, and which functions may call themselves in the end.
 *
 * Nodes are the module's own functions, then one for each type, standing for an indirect call of
 * that type, and one for the outside, standing for a call of an imported function. An indirect call
 * may reach any function of its type whose reference could have been taken, be it by the module or,
 * when exported, by the outside; the outside may call back all of these.
 */
import { IntList } from './int-list.ts'
import type { Parsed } from './parse.ts'
import type { Scanned } from './scanned.ts'
import { keyOf } from './type-table.ts'
import { type FunctionType, VALUE } from './types.ts'

export type CallGraph = {
  readonly functionCount: number
  readonly nodeCount: number
  readonly outside: number
  /** The nodes that `node` may call, some perhaps more than once: `edges` from its `first` on. */
  readonly edges: Int32Array
  /** Where the edges of each node begin; those of the next one are behind them. */
  readonly first: Int32Array
}

export function buildCallGraph(parsed: Parsed, scanned: Scanned): CallGraph {
  const { types, functionTypes, imports } = parsed
  const { callees, calleesFrom, indirectTypes, indirectFrom } = scanned
  const functionCount = scanned.count
  const outside = functionCount + types.length
  const nodeCount = outside + 1
  const canonical = canonicalTypes(types)
  const edges = new IntList()
  const first = new Int32Array(nodeCount + 1)

  for (let node = 0; node < functionCount; node++) {
    first[node] = edges.length
    const calleesTo = calleesFrom[node + 1] as number
    for (let site = calleesFrom[node] as number; site < calleesTo; site++) {
      const index = callees.get(site)
      edges.push(index < imports.length ? outside : index - imports.length)
    }
    const indirectTo = indirectFrom[node + 1] as number
    for (let site = indirectFrom[node] as number; site < indirectTo; site++)
      edges.push(functionCount + (canonical[indirectTypes.get(site)] as number))
  }

  const reachable: number[] = []
  const ofType: number[][] = types.map(() => [])
  for (let index = 0; index < functionTypes.length; index++) {
    if (!parsed.taken[index] && !parsed.exported[index]) continue
    const node = index < imports.length ? outside : index - imports.length
    const type = canonical[functionTypes[index] as number] as number
    ;(ofType[type] as number[]).push(node)
    if (node !== outside) reachable.push(node)
  }
  // A reference that came from the outside may lead there, whatever its type.
  if (takesReferences(parsed)) for (const nodes of ofType) nodes.push(outside)
  let node = functionCount
  for (const nodes of [...ofType, reachable]) {
    first[node++] = edges.length
    for (const callee of nodes) edges.push(callee)
  }
  first[nodeCount] = edges.length
  return { functionCount, nodeCount, outside, edges: edges.items, first }
}

/** Equal types have one node: the first index among them. */
function canonicalTypes(types: readonly FunctionType[]): number[] {
  const first = new Map<string, number>()
  return types.map((type, index) => {
    const key = keyOf(type)
    const known = first.get(key)
    if (known === undefined) first.set(key, index)
    return known ?? index
  })
}

/** Whether the outside can hand a function reference in: by a table, a global or a call. */
function takesReferences(parsed: Parsed): boolean {
  if (parsed.exports.some(({ kind }) => kind === 'table' || kind === 'global')) return true
  const carries = parsed.types.map(
    ({ params, results }) => params.includes(VALUE.funcref) || results.includes(VALUE.funcref),
  )
  if (!carries.includes(true)) return false
  return parsed.functionTypes.some(
    (type, index) =>
      carries[type] && (index < parsed.imports.length || parsed.exported[index] === 1),
  )
}

/**
 * Whether no function reference crosses to the outside, either way: what is called by one is then a
 * function of the module's own that nobody else calls. A global that is shared by the modules of a
 * component stands in each as its own.
 */
export function keepsReferences(parsed: Parsed): boolean {
  const { taken, exported, imports, globals } = parsed
  if (takesReferences(parsed) || globals.some(({ type }) => type === VALUE.funcref)) return false
  for (let index = 0; index < taken.length; index++)
    if (taken[index] === 1 && (index < imports.length || exported[index] === 1)) return false
  return true
}

/**
 * Gives each strongly connected component of the graph to `visit`, callees before their callers: as
 * `nodes` from `from` to before `to`. `cyclic` says that they may call themselves in the end.
 * Tarjan's algorithm, without recursion because a stranger's graph may be deep.
 */
export function visitComponents(
  graph: CallGraph,
  visit: (nodes: Int32Array, from: number, to: number, cyclic: boolean) => void,
): void {
  const { nodeCount, edges, first } = graph
  const order = new Int32Array(nodeCount).fill(-1)
  const low = new Int32Array(nodeCount)
  const waiting = new Uint8Array(nodeCount)
  /** The edge to follow next, of each node on the path. */
  const next = new Int32Array(nodeCount)
  const path = new Int32Array(nodeCount)
  const stack = new Int32Array(nodeCount)
  let [count, pathLength, stackLength] = [0, 0, 0]

  const enter = (node: number) => {
    order[node] = low[node] = count++
    waiting[node] = 1
    next[node] = first[node] as number
    path[pathLength++] = node
    stack[stackLength++] = node
  }
  const lower = (node: number, value: number) => {
    if (value < (low[node] as number)) low[node] = value
  }
  for (let root = 0; root < nodeCount; root++) {
    if (order[root] === -1) enter(root)
    while (pathLength > 0) {
      const node = path[pathLength - 1] as number
      const edge = next[node] as number
      if (edge < (first[node + 1] as number)) {
        next[node] = edge + 1
        const callee = edges[edge] as number
        if (order[callee] === -1) enter(callee)
        else if (waiting[callee] === 1) lower(node, order[callee] as number)
        continue
      }
      pathLength--
      if (pathLength > 0) lower(path[pathLength - 1] as number, low[node] as number)
      if (low[node] !== order[node]) continue
      const to = stackLength
      while (waiting[node] === 1) waiting[stack[--stackLength] as number] = 0
      visit(stack, stackLength, to, to - stackLength > 1 || callsItself(graph, node))
    }
  }
}

function callsItself({ edges, first }: CallGraph, node: number): boolean {
  for (let edge = first[node] as number; edge < (first[node + 1] as number); edge++)
    if (edges[edge] === node) return true
  return false
}
