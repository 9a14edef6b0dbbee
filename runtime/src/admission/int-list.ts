/** A list of 32 bit integers that grows: what the passes learn about millions of instructions. */

export class IntList {
  items = new Int32Array(256)
  length = 0

  push(value: number): void {
    if (this.length === this.items.length) {
      const grown = new Int32Array(this.items.length * 2)
      grown.set(this.items)
      this.items = grown
    }
    this.items[this.length++] = value
  }
}
