/** A list of 32 bit integers that grows: what the passes learn about millions of instructions. */

export class IntList {
  items: Int32Array
  length = 0

  /** Has room for `capacity` numbers at first. */
  constructor(capacity = 64) {
    this.items = new Int32Array(capacity)
  }

  get(index: number): number {
    return this.items[index] as number
  }

  push(value: number): void {
    if (this.length === this.items.length) this.#grow()
    this.items[this.length++] = value
  }

  #grow(): void {
    const grown = new Int32Array(this.items.length * 2 + 64)
    grown.set(this.items)
    this.items = grown
  }
}
