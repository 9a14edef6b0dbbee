/**
 * The sentence for an instruction that a guest may not use: which proposal it belongs to, where
 * that is known, because "unknown opcode 0xfe" helps nobody whose compiler emitted threads.
 */
import { PREFIX_MISC, PREFIX_SIMD } from './opcodes.ts'

type Row = readonly [first: number, last: number, feature: string]

const PLAIN: readonly Row[] = [
  [0x06, 0x0a, 'exceptions are not available'],
  [0x18, 0x19, 'exceptions are not available'],
  [0x1f, 0x1f, 'exceptions are not available'],
  [0x12, 0x13, 'tail calls are not available'],
  [0x15, 0x15, 'tail calls are not available'],
  [0x14, 0x14, 'typed references are not available'],
  [0xd4, 0xd6, 'typed references are not available'],
  [0xd3, 0xd3, 'garbage-collected types are not available'],
  [0xfb, 0xfb, 'garbage-collected types are not available'],
  [0xe0, 0xe6, 'stack switching is not available'],
  [0xfe, 0xfe, 'threads are not available: an atomic instruction'],
]

const RELAXED_SIMD_FIRST = 0x100
const RELAXED_SIMD_LAST = 0x113

/** Why opcode `opcode`, or `sub` after a prefix, is refused. */
export function whyRefused(opcode: number, sub: number): string {
  const hex = (value: number) => `0x${value.toString(16).padStart(2, '0')}`
  if (opcode === PREFIX_SIMD && sub >= RELAXED_SIMD_FIRST && sub <= RELAXED_SIMD_LAST)
    return `relaxed SIMD is not available (opcode 0xfd ${hex(sub)}): its results differ by machine`
  if (opcode === PREFIX_SIMD || opcode === PREFIX_MISC)
    return `unknown opcode ${hex(opcode)} ${hex(sub)}`
  const known = PLAIN.find(([first, last]) => opcode >= first && opcode <= last)
  return known ? `${known[2]} (opcode ${hex(opcode)})` : `unknown opcode ${hex(opcode)}`
}
