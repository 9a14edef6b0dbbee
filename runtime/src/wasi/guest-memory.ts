/**
 * The guest's linear memory as a host call sees it: every access is checked against the bounds and
 * a pointer that lies ends the call with EFAULT. It remembers what a call wrote, for the digest.
 */
import { fail } from './abi.ts'

/** A `WebAssembly.Memory`, of which only the bytes matter here. */
export type WasmMemory = { readonly buffer: ArrayBuffer }
export type Span = { readonly pointer: number; readonly length: number }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const NOTHING = new ArrayBuffer(0)

export class GuestMemory {
  #memory: WasmMemory | undefined
  #buffer: ArrayBuffer = NOTHING
  #bytes = new Uint8Array(0)
  #view = new DataView(NOTHING)
  /** What the call in progress wrote, in order. */
  written: Span[] = []

  /** A module without a memory is one whose every pointer is out of bounds. */
  attach(memory: WasmMemory | undefined): void {
    this.#memory = memory
  }

  /** A view of guest bytes, valid until the guest runs again. */
  read(pointer: number, length: number): Uint8Array {
    this.#ensure(pointer, length)
    return this.#bytes.subarray(pointer, pointer + length)
  }

  u8(pointer: number): number {
    this.#ensure(pointer, 1)
    return this.#view.getUint8(pointer)
  }

  u16(pointer: number): number {
    this.#ensure(pointer, 2)
    return this.#view.getUint16(pointer, true)
  }

  u32(pointer: number): number {
    this.#ensure(pointer, 4)
    return this.#view.getUint32(pointer, true)
  }

  u64(pointer: number): bigint {
    this.#ensure(pointer, 8)
    return this.#view.getBigUint64(pointer, true)
  }

  /** Text that must be UTF-8 (EILSEQ else). */
  text(pointer: number, length: number): string {
    const bytes = this.read(pointer, length)
    try {
      return utf8.decode(bytes)
    } catch {
      return fail('ILSEQ')
    }
  }

  /** A view to be filled by the call in progress: nothing is held twice, however long it is. */
  claim(pointer: number, length: number): Uint8Array {
    this.#claim(pointer, length)
    return this.#bytes.subarray(pointer, pointer + length)
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.claim(pointer, bytes.length).set(bytes)
  }

  setU32(pointer: number, value: number): void {
    this.#claim(pointer, 4)
    this.#view.setUint32(pointer, value, true)
  }

  setU64(pointer: number, value: bigint): void {
    this.#claim(pointer, 8)
    this.#view.setBigUint64(pointer, value, true)
  }

  /** EFAULT unless the host may write there: asked before a call changes anything. */
  ensureWritable(pointer: number, length: number): void {
    this.#ensure(pointer, length)
  }

  #claim(pointer: number, length: number): void {
    this.#ensure(pointer, length)
    this.written.push({ pointer, length })
  }

  #ensure(pointer: number, length: number): void {
    if (this.#memory !== undefined && this.#memory.buffer !== this.#buffer) {
      this.#buffer = this.#memory.buffer // growing the memory replaced it
      this.#bytes = new Uint8Array(this.#buffer)
      this.#view = new DataView(this.#buffer)
    }
    if (pointer + length > this.#bytes.length) fail('FAULT')
  }
}
