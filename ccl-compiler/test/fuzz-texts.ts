/**
 * Broken texts without end: programs cut, joined and changed by bytes and by words. Every one must
 * get an answer, quickly. Run by hand:
 * `node tools/node.js --conditions=source ccl-compiler/test/fuzz-texts.ts 1000000`.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, format, formatDiagnostics, repair } from '@planetary-mesh/ccl-compiler'
import { seededRandom } from '../../examples/seeded-random.ts'
import { CORE_MISTAKES } from './core-mistakes.ts'
import { Generator } from './generate.ts'
import { unmark } from './marked.ts'
import { MISTAKES } from './mistakes.ts'

const ROOT = join(import.meta.dirname, '../..')
const CPU_MS_PER_KB = 50

/** `parsed`: texts whose words and structure were right, whatever they mean. */
export type FuzzTally = { texts: number; parsed: number; compiled: number; slowestMs: number }

function corpus(): string[] {
  const files = globSync('{examples,ccl-compiler/test}/**/*.ccl', { cwd: ROOT })
  return [
    ...files.map((file) => readFileSync(join(ROOT, file), 'utf8')),
    ...MISTAKES.map(([, text]) => text).filter((text) => text.length < 5000),
    ...CORE_MISTAKES.map(([, marked]) => unmark(marked).text),
  ]
}

/** Compiles `count` texts; throws at the first that throws or takes too long. */
export function fuzz(count: number, seed: number): FuzzTally {
  const random = seededRandom(seed)
  const texts = corpus()
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)] as T
  const words = texts.flatMap((text) => text.match(/\w+|\s+|[^\w\s]/g) ?? [])
  const tally: FuzzTally = { texts: 0, parsed: 0, compiled: 0, slowestMs: 0 }
  const change = (text: string): string => {
    const at = random.below(text.length + 1)
    const end = Math.min(text.length, at + random.below(12))
    switch (random.below(6)) {
      case 0:
        return text.slice(0, at) + text.slice(end)
      case 1:
        return text.slice(0, at) + pick(words) + text.slice(at)
      case 2:
        return text.slice(0, at) + pick(words) + text.slice(end)
      case 3:
        return text.slice(0, at) + text.slice(at, end).repeat(1 + random.below(4)) + text.slice(end)
      case 4:
        return text.slice(0, at) + String.fromCharCode(random.below(0x2100)) + text.slice(at)
      default:
        return text.slice(0, at) + pick(texts).slice(random.below(200))
    }
  }
  for (let index = 0; index < count; index++) {
    let text = random.below(2) === 0 ? new Generator(seed + index).program() : pick(texts)
    for (let changes = random.below(2) * (1 + random.below(3)); changes > 0; changes--)
      text = change(text)
    if (text.length > 20_000) text = text.slice(0, 20_000)
    const before = process.cpuUsage()
    const built = compile(text)
    const { user, system } = process.cpuUsage(before)
    const ms = (user + system) / 1000
    // a collection of garbage may fall into any one call: only a second time counts
    if (ms > CPU_MS_PER_KB * Math.max(1, text.length / 1024)) slow(text)
    formatDiagnostics(built.diagnostics, text)
    assert.equal(built.ok, !built.diagnostics.some(({ severity }) => severity === 'error'))
    if (index % 4 === 0) {
      const laidOut = format(text)
      if (laidOut !== null) assert.equal(format(laidOut), laidOut, text)
      repair(text)
    }
    tally.texts++
    if (!built.diagnostics.some(({ code }) => /^CCL0[12]/.test(code))) tally.parsed++
    if (built.ok) tally.compiled++
    tally.slowestMs = Math.max(tally.slowestMs, ms)
  }
  return tally
}

function slow(text: string): void {
  const before = process.cpuUsage()
  compile(text)
  const { user, system } = process.cpuUsage(before)
  const ms = (user + system) / 1000
  assert.ok(ms <= CPU_MS_PER_KB * Math.max(1, text.length / 1024), `${ms} ms: ${text}`)
}

if (process.argv[1] === import.meta.filename) {
  const count = Number(process.argv[2] ?? 1_000_000)
  console.log(fuzz(count, Number(process.argv[3] ?? 1)))
}
