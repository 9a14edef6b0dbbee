/**
 * Broken texts without end: every one must get an answer, quickly. Run by hand, for a million:
 * `node tools/node.js --conditions=source ccl-compiler/test/fuzz-texts.ts [COUNT [SEED]]`.
 */
import assert from 'node:assert/strict'
import { compile, format, formatDiagnostics, repair } from '@planetary-mesh/ccl-compiler'
import { FuzzCorpus } from './fuzz-corpus.ts'
import { watchRules } from './fuzz-coverage.ts'

const CPU_MS_PER_KB = 50
/** Of each so many texts one is laid out and mended as well. */
const FORMAT_EVERY = 8

/** `parsed`: texts whose words and structure were right, whatever they mean. */
export type FuzzTally = {
  texts: number
  characters: number
  parsed: number
  compiled: number
  slowestMs: number
}

/** Compiles `count` texts; throws at the first that throws or takes too long. */
export function fuzz(count: number, seed: number): FuzzTally {
  const corpus = new FuzzCorpus(seed)
  const tally: FuzzTally = { texts: 0, characters: 0, parsed: 0, compiled: 0, slowestMs: 0 }
  for (let index = 0; index < count; index++) {
    const text = corpus.next()
    const startedAtMs = performance.now()
    const built = compile(text)
    const ms = performance.now() - startedAtMs
    if (ms > allowedMs(text)) ensureQuick(text)
    assert.equal(built.ok, !built.diagnostics.some(({ severity }) => severity === 'error'))
    if (index % FORMAT_EVERY === 0) {
      formatDiagnostics(built.diagnostics, text)
      const laidOut = format(text)
      if (laidOut !== null) assert.equal(format(laidOut), laidOut, text)
      repair(text)
    }
    tally.texts++
    tally.characters += text.length
    if (!built.diagnostics.some(({ code }) => /^CCL0[12]/.test(code))) tally.parsed++
    if (built.ok) tally.compiled++
    tally.slowestMs = Math.max(tally.slowestMs, ms)
  }
  return tally
}

const allowedMs = (text: string) => CPU_MS_PER_KB * Math.max(1, text.length / 1024)

/** Other work of the machine, or a collection of garbage, may fall into any one call. */
function ensureQuick(text: string): void {
  const before = process.cpuUsage()
  compile(text)
  const { user, system } = process.cpuUsage(before)
  const ms = (user + system) / 1000
  assert.ok(ms <= allowedMs(text), `${ms} ms: ${text}`)
}

if (import.meta.main) {
  const count = Number(process.argv[2] ?? 1_000_000)
  const coverage = watchRules()
  console.log(fuzz(count, Number(process.argv[3] ?? 1)))
  const { rules, read, unread } = coverage()
  console.log(`${read} of ${rules} rules of the grammar were read (${(100 * read) / rules} %)`)
  for (const rule of unread) console.log(`  never: ${rule}`)
}
