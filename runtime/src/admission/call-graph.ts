/**
 * Who may call whom, and which functions may call themselves in the end.
 *
 * Nodes are the module's own functions, then one for each type, standing for an indirect call of
 * that type, and one for the outside, standing for a call of an imported function. An indirect call
 * may reach any function of its type whose reference could have been taken, be it by the module or,
 * when exported, by the outside; the outside may call back all of these.
 */
import assert from 'node:assert'
import type { Parsed } from './parse.ts'
import type { Scanned } from './scan.ts'
import { type FunctionType, VALUE } from './types.ts'

export type CallGraph = {
  readonly functionCount: number
  readonly nodeCount: number
  /** The node of an indirect call of type `type`. */
  typeNode(type: number): number
  readonly outside: number
  /** The nodes that `node` may call, some perhaps more than once. */
  successors(node: number): readonly number[]
}

export function buildCallGraph(parsed: Parsed, scanned: Scanned): CallGraph {
  const { types, functionTypes, imports } = parsed
  const functionCount = scanned.functions.length
  const canonical = canonicalTypes(types)
  const typeNode = (type: number) => functionCount + (canonical[type] as number)
  const outside = functionCount + types.length

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

  const called = scanned.functions.map(({ callees, indirectTypes }) => [
    ...callees.map((index) => (index < imports.length ? outside : index - imports.length)),
    ...indirectTypes.map(typeNode),
  ])
  return {
    functionCount,
    nodeCount: outside + 1,
    typeNode,
    outside,
    successors(node) {
      if (node === outside) return reachable
      const nodes = node < functionCount ? called[node] : ofType[node - functionCount]
      assert(nodes)
      return nodes
    },
  }
}

/** Equal types have one node: the first index among them. */
function canonicalTypes(types: readonly FunctionType[]): number[] {
  const first = new Map<string, number>()
  return types.map(({ params, results }, index) => {
    const key = `${params.join()}:${results.join()}`
    const known = first.get(key)
    if (known === undefined) first.set(key, index)
    return known ?? index
  })
}

/** Whether the outside can hand a function reference in: by a table, a global or a call. */
function takesReferences(parsed: Parsed): boolean {
  if (parsed.exports.some(({ kind }) => kind === 'table' || kind === 'global')) return true
  return parsed.functionTypes.some((type, index) => {
    if (index >= parsed.imports.length && !parsed.exported[index]) return false
    const { params, results } = parsed.types[type] as FunctionType
    return params.includes(VALUE.funcref) || results.includes(VALUE.funcref)
  })
}

/**
 * Whether no function reference crosses to the outside, either way: what is called by one is then a
 * function of the module's own that nobody else calls. A global that is shared by the modules of a
 * component stands in each as its own.
 */
export function keepsReferences(parsed: Parsed): boolean {
  const { taken, exported, imports, globals } = parsed
  if (takesReferences(parsed) || globals.some(({ type }) => type === VALUE.funcref)) return false
  return !taken.some((is, index) => is === 1 && (index < imports.length || exported[index] === 1))
}

/**
 * Gives each strongly connected component of the graph to `visit`, callees before their callers.
 * `cyclic` says that its nodes may call themselves in the end. Tarjan's algorithm, without
 * recursion because a stranger's graph may be deep.
 */
export function visitComponents(
  graph: CallGraph,
  visit: (component: readonly number[], cyclic: boolean) => void,
): void {
  const { nodeCount } = graph
  const order = new Int32Array(nodeCount).fill(-1)
  const low = new Int32Array(nodeCount)
  const waiting = new Uint8Array(nodeCount)
  const stack: number[] = []
  const path: { node: number; next: number; successors: readonly number[] }[] = []
  let count = 0

  const enter = (node: number) => {
    order[node] = low[node] = count++
    waiting[node] = 1
    stack.push(node)
    path.push({ node, next: 0, successors: graph.successors(node) })
  }
  const lower = (node: number, value: number) => {
    if (value < (low[node] as number)) low[node] = value
  }
  for (let root = 0; root < nodeCount; root++) {
    if (order[root] === -1) enter(root)
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { node } = step
      const callee = step.successors[step.next++]
      if (callee !== undefined) {
        if (order[callee] === -1) enter(callee)
        else if (waiting[callee] === 1) lower(node, order[callee] as number)
        continue
      }
      path.pop()
      const caller = path.at(-1)
      if (caller !== undefined) lower(caller.node, low[node] as number)
      if (low[node] !== order[node]) continue
      const component = stack.splice(stack.lastIndexOf(node))
      for (const member of component) waiting[member] = 0
      visit(component, component.length > 1 || step.successors.includes(node))
    }
  }
}
