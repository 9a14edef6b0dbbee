/**
 * Interpreter against module, and against the module as binaryen optimises it where binaryen is
 * installed, over many generated decisions. Run by hand:
 * `node tools/node.js --conditions=source ccl-compiler/test/compare-many.ts 100000`.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compareMany, type Variant } from './differential.ts'

const BINARYEN = 'examples/02-member-budget/node_modules/binaryen/index.js'

type Binaryen = {
  readBinary(bytes: Uint8Array): { optimize(): void; emitBinary(): Uint8Array; dispose(): void }
  setOptimizeLevel(level: number): void
}

async function optimised(): Promise<Variant | undefined> {
  const path = join(import.meta.dirname, '../..', BINARYEN)
  if (!existsSync(path)) return undefined
  const { default: binaryen } = (await import(pathToFileURL(path).href)) as { default: Binaryen }
  binaryen.setOptimizeLevel(3)
  return (wasm) => {
    const module = binaryen.readBinary(wasm)
    module.optimize()
    const bytes = module.emitBinary()
    module.dispose()
    return bytes
  }
}

const pairs = Number(process.argv[2] ?? 100_000)
const seed = Number(process.argv[3] ?? 1)
const variant = await optimised()
const tally = compareMany(pairs, seed, variant)
const percent = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`
console.log(`${tally.pairs} decisions of ${tally.programs - tally.refused} programs agree`)
console.log(variant === undefined ? 'without binaryen' : 'and with binaryen at level 3')
console.log(`${percent(tally.allowed, tally.pairs)} allow`)
console.log(`${percent(tally.erred, tally.pairs)} end in an error`)
console.log(`${percent(tally.refused, tally.programs)} of the programs do not compile`)
for (const [what, count] of [...tally.seen].sort()) console.log(`  ${what}: ${count}`)
