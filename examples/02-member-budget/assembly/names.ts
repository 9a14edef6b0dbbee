/**
 * A bounded set of short names, each with an index in order of first appearance.
 *
 * A name is 1 to 32 of A-Z a-z 0-9 . _ - so that no report needs to escape it.
 */
import { Lines } from './lines'

const NAME_BYTES_MAX: i32 = 32
/** What `indexOf` answers when the set is full. */
export const NO_ROOM: i32 = -1

function isNameByte(byte: u8): bool {
  const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
  return letter || (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x5f || byte === 0x2d
}

export function isName(lines: Lines, field: i32): bool {
  const size = lines.size(field)
  if (size < 1 || size > NAME_BYTES_MAX) return false
  for (let i = 0; i < size; i++) if (!isNameByte(lines.bytes[lines.start(field) + i])) return false
  return true
}

export class Names {
  private readonly bytes: StaticArray<u8>
  private readonly sizes: StaticArray<u8>
  /** Open addressing; a slot holds index + 1. */
  private readonly slots: StaticArray<u16>
  private readonly max: i32
  count: i32 = 0

  /** `max` is a power of two, at most 2^15. */
  constructor(max: i32) {
    this.max = max
    this.bytes = new StaticArray<u8>(max * NAME_BYTES_MAX)
    this.sizes = new StaticArray<u8>(max)
    this.slots = new StaticArray<u16>(max * 2)
  }

  /** The index of a field that is a name, taken in if it is new; or NO_ROOM. */
  indexOf(lines: Lines, field: i32): i32 {
    const start = lines.start(field)
    const size = lines.size(field)
    assert(size <= NAME_BYTES_MAX)
    let hash: u32 = 2166136261 // FNV-1a
    for (let i = start; i < start + size; i++) hash = (hash ^ lines.bytes[i]) * 16777619
    const mask = <u32>(this.max * 2 - 1)
    let slot = (hash ^ (hash >> 15)) & mask
    while (this.slots[slot] !== 0) {
      const index = <i32>this.slots[slot] - 1
      if (this.same(index, lines, start, size)) return index
      slot = (slot + 1) & mask
    }
    if (this.count === this.max) return NO_ROOM
    const index = this.count++
    for (let i = 0; i < size; i++) this.bytes[index * NAME_BYTES_MAX + i] = lines.bytes[start + i]
    this.sizes[index] = <u8>size
    this.slots[slot] = <u16>this.count
    return index
  }

  nameAt(index: i32): string {
    const address = changetype<usize>(this.bytes) + index * NAME_BYTES_MAX
    return String.UTF8.decodeUnsafe(address, this.sizes[index])
  }

  private same(index: i32, lines: Lines, start: i32, size: i32): bool {
    if (<i32>this.sizes[index] !== size) return false
    for (let i = 0; i < size; i++)
      if (this.bytes[index * NAME_BYTES_MAX + i] !== lines.bytes[start + i]) return false
    return true
  }
}
