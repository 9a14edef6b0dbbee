/**
 * Which rules of the grammar were read: the functions of the files that read text are its rules and
 * their alternatives, and the engine tells which of them ran.
 */
import { globSync, readFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const SRC = join(import.meta.dirname, '../src')
const READERS = [
  ...['grammar.ts', 'parser-slips.ts', 'scan.ts', 'literals.ts', 'core/reader.ts'],
  ...['core/split.ts', ...globSync('{core,community}/parse-*.ts', { cwd: SRC })],
]

type Range = { startOffset: number; count: number }
type Covered = { url: string; functions: { functionName: string; ranges: Range[] }[] }

export type Coverage = { rules: number; read: number; unread: string[] }

/** From the call on until the answer is asked for. */
export function watchRules(): () => Coverage {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  return () => {
    let coverage: Coverage | undefined
    session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error
      coverage = rulesOf((taken as { result: Covered[] }).result)
    })
    session.disconnect()
    if (coverage === undefined) throw new Error('the engine did not answer')
    return coverage
  }
}

function rulesOf(scripts: readonly Covered[]): Coverage {
  const urls = new Set(READERS.map((file) => pathToFileURL(join(SRC, file)).href))
  const found = scripts.filter(({ url }) => urls.has(url))
  if (found.length !== urls.size) throw new Error('a file of the grammar was not loaded')
  const rules = found.flatMap(({ url, functions }) => {
    const text = readFileSync(new URL(url), 'utf8')
    return functions
      .map(({ functionName, ranges: [whole] }) => ({ functionName, ...(whole as Range) }))
      .filter(({ startOffset }) => startOffset > 0) // the file itself
      .map(({ functionName, startOffset, count }) => {
        const line = text.slice(0, startOffset).split('\n').length
        return { name: `${url.slice(url.indexOf('/src/') + 5)}:${line} ${functionName}`, count }
      })
  })
  const unread = rules.filter(({ count }) => count === 0).map(({ name }) => name)
  return { rules: rules.length, read: rules.length - unread.length, unread }
}
