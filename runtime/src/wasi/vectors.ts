/** Scattered reads and gathered writes: the `iovec` lists of fd_read, fd_write and their kin. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { fail } from './abi.ts'
import type { Span } from './guest-memory.ts'
import type { Host } from './host.ts'

const VECTOR_BYTES = 8
const VECTOR_FUEL = 100
const LENGTH_MAX = 0x7fff_ffff

/** The spans that a list of `iovec` names: all within memory, together less than 2 GiB. */
export function vectorsOf(host: Host, pointer: number, count: number): Span[] {
  if (count > LIMITS.iovecsMax) fail('INVAL')
  host.charge(count * VECTOR_FUEL)
  const spans: Span[] = []
  for (let index = 0; index < count; index++) {
    const at = pointer + index * VECTOR_BYTES
    const span = { pointer: host.memory.u32(at), length: host.memory.u32(at + 4) }
    host.memory.ensureWritable(span.pointer, span.length)
    spans.push(span)
  }
  if (totalOf(spans) > LENGTH_MAX) fail('INVAL')
  return spans
}

export const totalOf = (spans: readonly Span[]) => spans.reduce((sum, span) => sum + span.length, 0)

/** Copies as much of `source` as the spans take into the guest; charged by the byte. */
export function scatter(host: Host, spans: readonly Span[], source: Uint8Array): number {
  const size = Math.min(source.length, totalOf(spans))
  host.charge(size)
  let at = 0
  for (const span of spans) {
    if (at === size) break
    const part = source.subarray(at, Math.min(at + span.length, size))
    host.memory.write(span.pointer, part)
    at += part.length
  }
  return size
}
