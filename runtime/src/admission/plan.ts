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
import type { Parsed } from './parse.ts'
import type { Scanned } from './scanned.ts'
import type { FunctionType } from './types.ts'

/**
 * How a function has W: as an extra parameter and result, for functions that are called directly,
 * and for those called through tables when references stay inside; as a local, loaded at entry and
 * stored at exit, for the others; or in the global at all times.
 */
export const CARRIER = { parameter: 0, local: 1, global: 2 } as const

/** What is decided about each of the module's own functions. */
export type Plan = {
  /** 1 where the fuel is checked at entry. */
  readonly checks: Uint8Array
  /** Units of depth charged at entry and given back at exit; 0 for none. */
  readonly depth: Int32Array
  /** One of CARRIER. */
  readonly carrier: Uint8Array
  /** 1 where another function of the original type stands at its index and passes W on. */
  readonly wrapped: Uint8Array
  /** Indirect calls take W as a parameter too: every function that they may reach does. */
  readonly indirectTakesW: boolean
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

export function planFunctions(parsed: Parsed, scanned: Scanned, variant: 'fast' | 'exact'): Plan {
  const { taken, exported } = parsed
  const imports = parsed.imports.length
  const called = calledDirectly(parsed, scanned)
  const wrapped = new Uint8Array(scanned.count)
  for (let own = 0; own < scanned.count; own++)
    if (exported[imports + own] === 1 || taken[imports + own] === 1)
      wrapped[own] = called[own] as number
  // Both variants pay the same, so the depth is that of the one which has wrappers.
  const entries = planEntries(buildCallGraph(parsed, scanned), parsed, scanned, wrapped)
  const carrier = new Uint8Array(scanned.count).fill(CARRIER.global)
  if (variant === 'exact')
    return { ...entries, carrier, wrapped: wrapped.fill(0), indirectTakesW: false }
  const indirectTakesW = keepsReferences(parsed)
  for (let own = 0; own < scanned.count; own++) {
    const isReached = indirectTakesW && taken[imports + own] === 1
    if (isReached) wrapped[own] = 0
    carrier[own] = called[own] === 1 || isReached ? CARRIER.parameter : CARRIER.local
  }
  return { ...entries, carrier, wrapped, indirectTakesW }
}

/** Per function: 1 when it checks at its entry, and the depth that it charges there. */
type Entries = { readonly checks: Uint8Array; readonly depth: Int32Array }

function planEntries(
  graph: CallGraph,
  parsed: Parsed,
  scanned: Scanned,
  wrapped: Uint8Array,
): Entries {
  const { functionCount, nodeCount, outside, edges, first } = graph
  const entries = { checks: new Uint8Array(functionCount), depth: new Int32Array(functionCount) }
  /** Per node: the fuel it may use, and the stack it may take, before it or a callee checks. */
  const unchecked = new Float64Array(nodeCount)
  const uncharged = new Float64Array(nodeCount)
  const mostBelow = (of: Float64Array, node: number) => {
    let most = 0
    for (let edge = first[node] as number; edge < (first[node + 1] as number); edge++)
      most = Math.max(most, of[edges[edge] as number] as number)
    return most
  }
  const sumBelow = (of: Float64Array, node: number) => {
    let sum = 0
    for (let edge = first[node] as number; edge < (first[node + 1] as number); edge++)
      sum += of[edges[edge] as number] as number
    return sum
  }
  const passOn = (node: number) => {
    unchecked[node] = mostBelow(unchecked, node)
    uncharged[node] = mostBelow(uncharged, node)
  }

  const planOne = (node: number, cyclic: boolean) => {
    const frame = frameUnits(parsed, scanned, node, wrapped[node] === 1)
    const stack = frame + mostBelow(uncharged, node)
    const cost = (scanned.cost[node] as number) + sumBelow(unchecked, node)
    const charges = cyclic || stack > UNCHARGED_UNITS_MAX
    const checks = charges || cost > UNCHECKED_COST_MAX
    entries.checks[node] = checks ? 1 : 0
    entries.depth[node] = charges ? Math.min(stack, CHARGE_UNITS_MAX) : 0
    if (!checks) unchecked[node] = cost
    if (!charges) uncharged[node] = stack
  }

  visitComponents(graph, (nodes, from, to, cyclic) => {
    // In a cycle all functions check and charge, so what stands for calls only passes on the rest;
    // the outside calls functions alone and indirect calls may lead outside, hence the order.
    for (let at = from; at < to; at++) {
      if (nodes[at] !== outside) continue
      passOn(outside)
      uncharged[outside] = OUTSIDE_UNITS + (uncharged[outside] as number)
    }
    for (let at = from; at < to; at++) {
      const node = nodes[at] as number
      if (node >= functionCount && node !== outside) passOn(node)
    }
    for (let at = from; at < to; at++) {
      const node = nodes[at] as number
      if (node < functionCount) planOne(node, cyclic)
    }
  })
  return entries
}

/**
 * The most native stack that a call takes in any tier, in units of 8 bytes: parameters count where
 * the caller puts them and where the callee keeps them, those that only an optimising compiler
 * keeps (`kept-values.ts`) as well; values of 16 bytes count double.
 */
function frameUnits(parsed: Parsed, scanned: Scanned, own: number, isWrapped: boolean): number {
  const { types, functionTypes, imports, bodies } = parsed
  const { params, results } = types[functionTypes[imports.length + own] as number] as FunctionType
  const width = scanned.wide[own] === 1 ? 2 : 1
  const passed = width * (2 * params.length + results.length)
  const locals = bodies.locals[own] as number
  const operands = scanned.operandsMax[own] as number
  const kept = width * (locals + operands + (scanned.kept[own] as number))
  const wrapper = isWrapped ? FRAME_FIXED_UNITS + passed : 0
  return FRAME_FIXED_UNITS + passed + kept + wrapper
}

/** 1 for each own function that is called directly. */
function calledDirectly(parsed: Parsed, { count, callees }: Scanned): Uint8Array {
  const called = new Uint8Array(count)
  const imports = parsed.imports.length
  for (let site = 0; site < callees.length; site++) {
    const callee = callees.get(site)
    if (callee >= imports) called[callee - imports] = 1
  }
  return called
}
