/**
 * Runs the tests: `npm test` for all of them, `npm test -- 'runtime/test/*.test.ts'` for some.
 * A pattern that matches nothing is an error, and the whole suite must not shrink unnoticed: fewer
 * tests than `test-count.json` says is a failure. The last lines are node's own summary.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { missingTests, type Skipped, type Tally } from './test-count.ts'

const ROOT = join(import.meta.dirname, '..')
const COUNT_FILE = join(import.meta.dirname, 'test-count.json')
const ALL = '**/*.test.ts'
/** Where Node keeps sources with their types stripped: hundreds of processes read the same ones. */
const CACHE = join(ROOT, 'node_modules/.cache')
process.env.NODE_COMPILE_CACHE ??= join(CACHE, 'node-compile')
/** A file that hangs must not hang the build. */
const FILE_TIMEOUT_MS = 10 * 60_000
/** These use every core themselves: they run first, and nothing beside them. */
const ALONE = ['test/sim/sim.test.ts'].map((file) => join(ROOT, file))
/**
 * In a run of everything the files of each of these share a process, the longest first: most take
 * less time than a process takes to load.
 */
const TOGETHER = {
  peer: ['peer/'],
  meshctl: ['meshctl/'],
  hostile: ['test/hostile/'],
  spec: ['spec/'],
  admission: ['runtime/test/admission/', 'runtime/test/wasi/'],
  sandbox: [
    ...['runtime/test/slot/', 'runtime/test/sandbox', 'runtime/test/wasmer', 'runtime/test/live'],
    ...['runtime/test/evaluate', 'runtime/test/frames', 'runtime/test/guests.test'],
    ...['runtime/test/memory-pages', 'runtime/test/rewritten-cache'],
  ],
  requirements: ['test/requirements/', 'test/policies/', 'test/mesh/', 'test/examples/'],
  language: ['ccl-compiler/', 'test/ccl-examples', 'test/ccl-bench'],
  rooms: ['mesh-node/', 'federation/', 'test/soak/', 'test/crashes/', 'test/plants/'],
  tree: ['test/docs', 'test/lock', 'test/test-count', 'test/tidy'],
} satisfies Record<string, readonly string[]>
/** These take longest; what comes last should not be long. */
const EARLY = ['test/demo.test.ts', 'test/daemons/', 'test/build.test.ts', 'meshctl/test/up']
/**
 * One counts which lines V8 ran, which it cannot say of functions that other tests made hot; the
 * others have dozens of processes of their own to wait for.
 */
const BY_ITSELF = [
  'ccl-compiler/test/robustness.test.ts',
  'meshctl/test/up.test.ts',
  'test/hostile/corpus/corpus.test.ts',
].map((file) => join(ROOT, file))
const SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/

type Total = Tally & { success: boolean }
type Diagnostic = { type: 'test:diagnostic'; data: { nesting: number; message: string } }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'update-count': { type: 'boolean', default: false },
    'test-name-pattern': { type: 'string', multiple: true },
    'test-concurrency': { type: 'string' },
  },
})
const isWhole = positionals.length === 0 && values['test-name-pattern'] === undefined
if (values['update-count'] && !isWhole) end('only a run of all tests can update the count', 2)
const files = findTests(positionals.length === 0 ? [ALL] : positionals)
if (files.length === 0) end(`no test file matches ${positionals.join(' ')}`, 2)

const NONE: Total = { tests: 0, skipped: 0, cancelled: 0, todo: 0, success: true }
const skipped: Skipped[] = []
/** Node's own summary, the numbers of both turns added up. */
const summary = new Map<string, number>()
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => stop.abort())
}
const alone = await runFiles(files.filter((file) => ALONE.includes(file)))
const others = files.filter((file) => !ALONE.includes(file))
const rest = await runFiles(isWhole ? together(others) : others)
const tally = sum(alone, rest)
printSkipped()
const shrunk = isWhole ? checkCount() : undefined
if (shrunk !== undefined) process.stdout.write(`\n✖ ${shrunk}\n`)
await printSummary()
process.exitCode = tally.success && shrunk === undefined ? 0 : 1

function findTests(patterns: readonly string[]): string[] {
  const exclude = (name: string) => ['node_modules', 'dist', '.git'].includes(name)
  const found = patterns.map((pattern) => globSync(pattern, { cwd: ROOT, exclude }))
  for (const [index, matches] of found.entries()) {
    if (matches.length === 0) end(`no test file matches ${patterns[index]}`, 2)
  }
  return [...new Set(found.flat())].sort().map((file) => join(ROOT, file))
}

/** The same tests in fewer files, one for each group of TOGETHER; the long ones first. */
function together(all: readonly string[]): string[] {
  const folder = join(CACHE, 'tests')
  mkdirSync(folder, { recursive: true })
  const isIn = (file: string, places: readonly string[]) =>
    places.some((place) => relative(ROOT, file).startsWith(place))
  const places = Object.values(TOGETHER).flat()
  const [own, shared] = partition(all, (file) => BY_ITSELF.includes(file) || !isIn(file, places))
  const entries = Object.entries(TOGETHER).map(([name, places]) => {
    const files = shared.filter((file) => isIn(file, places))
    const entry = join(folder, `${name}.test.mjs`)
    writeFileSync(entry, files.map((file) => `import '${pathToFileURL(file)}'\n`).join(''))
    return entry
  })
  const [early, late] = partition(own, (file) => isIn(file, EARLY))
  return [...entries, ...early, ...late]
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))]
}

/** Runs files, prints as `node --test` does, and keeps the summary lines back. */
async function runFiles(chosen: readonly string[]): Promise<Total> {
  if (chosen.length === 0) return NONE
  const events = run({
    cwd: ROOT,
    files: chosen,
    // one more than cores: much of a test over processes is waiting
    concurrency: Number(values['test-concurrency'] ?? availableParallelism() + 1),
    execArgv: ['--conditions=source'],
    signal: stop.signal,
    timeout: FILE_TIMEOUT_MS,
    ...(values['test-name-pattern'] && { testNamePatterns: values['test-name-pattern'] }),
  })
  let total: Total | undefined
  events.on('test:pass', ({ name, skip, file }) => {
    if (skip !== undefined && skip !== false) skipped.push({ name, reason: String(skip), file })
  })
  events.on('test:summary', ({ file, counts, success }) => {
    if (file === undefined) total = { ...counts, success }
  })
  const shown = events.filter(({ type, data }: Diagnostic) => {
    if (type !== 'test:diagnostic' || data.nesting !== 0) return true
    const [, what, count] = SUMMARY.exec(data.message) ?? []
    if (what === undefined) return true
    summary.set(what, (summary.get(what) ?? 0) + Number(count))
    return false
  })
  for await (const chunk of shown.compose(spec)) process.stdout.write(chunk)
  return total ?? end('the test run ended without a summary', 1)
}

function sum(a: Total, b: Total): Total {
  return {
    tests: a.tests + b.tests,
    skipped: a.skipped + b.skipped,
    cancelled: a.cancelled + b.cancelled,
    todo: a.todo + b.todo,
    success: a.success && b.success,
  }
}

function printSkipped() {
  if (skipped.length === 0) return
  process.stdout.write(`\nSkipped:\n`)
  for (const { name, reason } of skipped) {
    process.stdout.write(
      `  ${name}: ${reason === 'true' || reason === '' ? 'no reason' : reason}\n`,
    )
  }
}

/** A sentence when tests are missing, else nothing. */
function checkCount(): string | undefined {
  if (values['update-count'] && tally.success) {
    writeFileSync(COUNT_FILE, `{ "tests": ${tally.tests} }\n`)
  }
  const { tests } = JSON.parse(readFileSync(COUNT_FILE, 'utf8')) as { tests: number }
  return missingTests(tests, tally, skipped, `${process.platform}-${process.arch}`)
}

async function printSummary() {
  const reporter = new spec()
  for (const [what, count] of summary) {
    const data = { nesting: 0, message: `${what} ${count}`, level: 'info' }
    reporter.write({ type: 'test:diagnostic', data })
  }
  reporter.end()
  for await (const chunk of reporter) process.stdout.write(chunk)
}

function end(sentence: string, exitCode: number): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(exitCode)
}
