/**
 * Decides, bottom-up over the call graph, which functions check the fuel and the depth at their
 * entry, what depth each charges, and how each carries W.
 *
 * Depth is counted in units of 8 bytes of native stack. A function that may call itself in the end
 * charges its own frame and the frames of whatever it calls that charges nothing; so do functions
 * below which the stack would grow large without any recursion. Whoever charges nothing therefore
 * has a small stack below it, and the sum of all charges bounds the native stack in every tier.
 */
import assert from 'node:assert'
import { LIMITS } from '@planetary-mesh/spec/bare'
import { buildCallGraph, type CallGraph, keepsReferences, visitComponents } from './call-graph.ts'
import { UNCHECKED_COST_MAX } from './costs.ts'
import { DEPTH_GONE } from './meter.ts'
import type { Body, Parsed } from './parse.ts'
import type { FunctionFacts, Scanned } from './scan.ts'

/**
 * How a function has W: as an extra parameter and result, for functions that are called directly,
 * and for those called through tables when references stay inside; as a local, loaded at entry and
 * stored at exit, for the others; or in the global at all times.
 */
export type Carrier = 'parameter' | 'local' | 'global'

export type FunctionPlan = {
  /** The fuel is checked at entry. */
  readonly checks: boolean
  /** Units of depth charged at entry and given back at exit; 0 for none. */
  readonly depth: number
  readonly carrier: Carrier
  /** Another function of the original type stands at its index and passes W on. */
  readonly wrapped: boolean
}

/** What a frame holds beside locals and operands: links, saved registers, the instance. */
const FRAME_FIXED_UNITS = 8
/** What the frames of the host may take between a call out and a call back in. */
const OUTSIDE_UNITS = 128
/** A function may have this much stack below it, itself included, without charging depth. */
const UNCHARGED_UNITS_MAX = 2048

/** No charge is larger: it stops the guest whatever is left, and still fits into W. */
const CHARGE_UNITS_MAX = LIMITS.callDepthUnitsMax + 1
assert(CHARGE_UNITS_MAX <= DEPTH_GONE)

export type Plan = {
  readonly functions: readonly FunctionPlan[]
  /** Indirect calls take W as a parameter too: every function that they may reach does. */
  readonly indirectTakesW: boolean
}

export function planFunctions(parsed: Parsed, scanned: Scanned, variant: 'fast' | 'exact'): Plan {
  const graph = buildCallGraph(parsed, scanned)
  const called = calledDirectly(parsed, scanned)
  const entered = (index: number) =>
    parsed.exported[parsed.imports.length + index] === 1 ||
    parsed.taken[parsed.imports.length + index] === 1
  const wrapped = scanned.functions.map((_, index) => called[index] === 1 && entered(index))
  const entries = planEntries(graph, parsed, scanned, wrapped)
  const isExact = variant === 'exact'
  const indirectTakesW = !isExact && keepsReferences(parsed)
  const functions = scanned.functions.map((_, index): FunctionPlan => {
    const { checks, depth } = entries[index] as Entry
    if (isExact) return { checks, depth, carrier: 'global', wrapped: false }
    const isReached = indirectTakesW && parsed.taken[parsed.imports.length + index] === 1
    const carrier = called[index] || isReached ? 'parameter' : 'local'
    return { checks, depth, carrier, wrapped: (wrapped[index] as boolean) && !isReached }
  })
  return { functions, indirectTakesW }
}

type Entry = { checks: boolean; depth: number }

function planEntries(
  graph: CallGraph,
  parsed: Parsed,
  scanned: Scanned,
  wrapped: readonly boolean[],
): Entry[] {
  const { functionCount, nodeCount } = graph
  const entries: Entry[] = scanned.functions.map(() => ({ checks: false, depth: 0 }))
  /** Per node: the fuel it may use, and the stack it may take, before it or a callee checks. */
  const unchecked = new Float64Array(nodeCount)
  const uncharged = new Float64Array(nodeCount)
  const most = (of: Float64Array, nodes: readonly number[]) => {
    let value = 0
    for (const node of nodes) value = Math.max(value, of[node] as number)
    return value
  }
  const passOn = (node: number) => {
    unchecked[node] = most(unchecked, graph.successors(node))
    uncharged[node] = most(uncharged, graph.successors(node))
  }

  visitComponents(graph, (component, cyclic) => {
    // In a cycle all functions check and charge, so what stands for calls only passes on the rest;
    // the outside calls functions alone and indirect calls may lead outside, hence the order.
    if (component.includes(graph.outside)) {
      passOn(graph.outside)
      uncharged[graph.outside] = OUTSIDE_UNITS + (uncharged[graph.outside] as number)
    }
    for (const node of component) if (node >= functionCount && node !== graph.outside) passOn(node)
    for (const node of component) {
      if (node >= functionCount) continue
      const facts = scanned.functions[node] as FunctionFacts
      const callees = graph.successors(node)
      const { locals } = parsed.bodies[node] as Body
      const frame = frameUnits(facts, locals, wrapped[node] as boolean)
      const stack = frame + most(uncharged, callees)
      let cost = facts.cost
      for (const callee of callees) cost += unchecked[callee] as number
      const charges = cyclic || stack > UNCHARGED_UNITS_MAX
      const checks = charges || cost > UNCHECKED_COST_MAX
      entries[node] = { checks, depth: charges ? Math.min(stack, CHARGE_UNITS_MAX) : 0 }
      if (!checks) unchecked[node] = cost
      if (!charges) uncharged[node] = stack
    }
  })
  return entries
}

/**
 * The most native stack that a call takes in any tier, in units of 8 bytes: parameters count where
 * the caller puts them and where the callee keeps them, those that only an optimising compiler
 * keeps (`kept-values.ts`) as well; values of 16 bytes count double.
 */
function frameUnits(facts: FunctionFacts, locals: number, wrapped: boolean): number {
  const width = facts.wide ? 2 : 1
  const passed = width * (2 * facts.params + facts.results)
  const kept = width * (locals + facts.operandsMax + facts.kept)
  const wrapper = wrapped ? FRAME_FIXED_UNITS + passed : 0
  return FRAME_FIXED_UNITS + passed + kept + wrapper
}

function calledDirectly(parsed: Parsed, scanned: Scanned): Uint8Array {
  const called = new Uint8Array(scanned.functions.length)
  const imports = parsed.imports.length
  for (const { callees } of scanned.functions)
    for (const callee of callees) if (callee >= imports) called[callee - imports] = 1
  return called
}
