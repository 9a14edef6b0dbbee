/** A list of 32 bit integers that grows: what the passes learn about millions of instructions. */

export class IntList {
  items = new Int32Array(1024)
  length = 0

  push(value: number): void {
    if (this.length === this.items.length) this.#grow()
    this.items[this.length++] = value
  }

  /** Makes room for `count` more, fewer than it has at first, and says where they begin. */
  extend(count: number): number {
    const from = this.length
    this.length += count
    if (this.length > this.items.length) this.#grow()
    return from
  }

  #grow(): void {
    const grown = new Int32Array(this.items.length * 2)
    grown.set(this.items)
    this.items = grown
  }
}
