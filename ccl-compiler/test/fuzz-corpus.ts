/**
 * Texts to break: the pieces of every CCL text of the repository and of every written mistake, put
 * together anew, whole generated programs, and changes by bytes and by words.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SeededRandom, seededRandom } from '../../examples/seeded-random.ts'
import { CORE_MISTAKES } from './core-mistakes.ts'
import { Generator } from './generate.ts'
import { unmark } from './marked.ts'
import { MISTAKES } from './mistakes.ts'

const ROOT = join(import.meta.dirname, '../..')
const FILES = '{examples,ccl-compiler/test}/**/*.ccl'
const PIECE_MAX = 1500
/** One text in so many is a whole generated program: they are long. */
const GENERATED_EVERY = 64

/** Right texts, cut between their constructs, and texts with one mistake each. */
function pieces(): { right: string[]; wrong: string[] } {
  const files = globSync(FILES, { cwd: ROOT, exclude: (name) => name === 'node_modules' }).sort()
  const texts = files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const)
  const cut = (text: string) =>
    text.split(/\n(?=\S)(?![})\]])/).filter((part) => part.trim() !== '')
  return {
    right: texts.filter(([file]) => !file.includes('_bad')).flatMap(([, text]) => cut(text)),
    wrong: [
      ...texts.filter(([file]) => file.includes('_bad')).flatMap(([, text]) => cut(text)),
      ...MISTAKES.map(([, text]) => text),
      ...CORE_MISTAKES.map(([, marked]) => unmark(marked).text),
    ].filter((text) => text.length <= PIECE_MAX),
  }
}

export class FuzzCorpus {
  readonly #random: SeededRandom
  readonly #right: readonly string[]
  readonly #wrong: readonly string[]
  readonly #words: readonly string[]
  #seed: number

  constructor(seed: number) {
    this.#seed = seed
    this.#random = seededRandom(seed)
    const { right, wrong } = pieces()
    this.#right = right
    this.#wrong = wrong
    this.#words = [...right, ...wrong].flatMap((text) => text.match(/\w+|\s+|[^\w\s]/g) ?? [])
  }

  /** The next text: about half of them are changed nowhere. */
  next(): string {
    let text = this.#whole()
    const changes = this.#random.below(2) * (1 + this.#random.below(3))
    for (let change = 0; change < changes; change++) text = this.#changed(text)
    return text
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)] as T
  }

  #whole(): string {
    const kind = this.#random.below(GENERATED_EVERY)
    if (kind === 0) return new Generator(this.#seed++).program()
    if (kind < 13) return this.#pick(this.#wrong)
    const count = 1 + this.#random.below(3)
    return Array.from({ length: count }, () => this.#pick(this.#right)).join('\n')
  }

  #changed(text: string): string {
    const at = this.#random.below(text.length + 1)
    const end = Math.min(text.length, at + this.#random.below(12))
    const before = text.slice(0, at)
    switch (this.#random.below(6)) {
      case 0:
        return before + text.slice(end)
      case 1:
        return before + this.#pick(this.#words) + text.slice(at)
      case 2:
        return before + this.#pick(this.#words) + text.slice(end)
      case 3:
        return before + text.slice(at, end).repeat(1 + this.#random.below(4)) + text.slice(end)
      case 4:
        return before + String.fromCharCode(this.#random.below(0x2100)) + text.slice(at)
      default:
        return before + this.#pick(this.#wrong).slice(this.#random.below(200))
    }
  }
}
