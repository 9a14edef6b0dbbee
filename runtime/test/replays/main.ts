/**
 * Replays: the same guests again and again, on two versions of Node, in a fresh process every 50
 * runs, without any cache; every run of a guest must give the same outcome, output CIDs, fuel and
 * host-call digest. `main.ts [--runs 1000] [--other PATH]`: another Node 24 is installed with npm
 * into a temporary folder unless its place is given. Exit code 1 when two runs differ.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { replayedGuests } from './guests.ts'

const GUESTS_LEAST = 20
const RUNS_PER_PROCESS = 50
const INSTALL_MS = 300_000
const PROCESS_MS = 300_000
const run = promisify(execFile)

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, other: { type: 'string' } },
})
const runs = Number(values.runs)
const folder = mkdtempSync(join(tmpdir(), 'replays-'))
try {
  const nodes = [process.execPath, values.other ?? (await installNode24())]
  const versions = await Promise.all(nodes.map(versionOf))
  const guests = replayedGuests(GUESTS_LEAST)
  console.log(`${runs} runs of ${guests.length} guests on ${versions.join(' and ')}`)
  const seen = new Map<string, Map<string, string[]>>()
  let done = 0
  for (let batch = 0; done < runs; batch++) {
    const count = Math.min(RUNS_PER_PROCESS, runs - done)
    const version = versions[batch % nodes.length] as string
    const said = await replay(nodes[batch % nodes.length] as string, numbersFrom(done, count))
    for (const { name, result } of said) note(seen, name, result, version)
    done += count
  }
  const differ = [...seen].filter(([, results]) => results.size !== 1)
  for (const [name, results] of seen) {
    const [[result = '', where = []] = []] = results
    const both = new Set(where).size
    console.log(`${name}: ${where.length} runs on ${both} versions, ${result.slice(0, 60)}`)
  }
  for (const [name, results] of differ) console.log(`DIFFERS ${name}:`, ...results.keys())
  console.log(differ.length === 0 ? 'all the same' : `${differ.length} guests differ`)
  process.exitCode = differ.length === 0 && seen.size >= GUESTS_LEAST ? 0 : 1

  /** The guests in turn, so that every process begins with another one. */
  function numbersFrom(from: number, count: number): number[] {
    return Array.from({ length: count }, (_, index) => {
      // both versions get the same guests: pairs of processes are alike
      const at = Math.floor(from / (2 * RUNS_PER_PROCESS)) * RUNS_PER_PROCESS + index
      return at % guests.length
    })
  }
} finally {
  rmSync(folder, { recursive: true })
}

async function installNode24(): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder]
  await run('npm', ['install', ...options, `${name}@24`], { timeout: INSTALL_MS, cwd: folder })
  return join(folder, 'node_modules', name, 'bin/node')
}

async function versionOf(node: string): Promise<string> {
  return (await run(node, ['--version'])).stdout.trim()
}

async function replay(
  node: string,
  numbers: number[],
): Promise<{ name: string; result: string }[]> {
  const program = join(import.meta.dirname, 'process.ts')
  const args = ['--conditions=source', program, String(GUESTS_LEAST), ...numbers.map(String)]
  const { stdout } = await run(node, args, { timeout: PROCESS_MS, maxBuffer: 2 ** 24 })
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const { name, seen } = JSON.parse(line)
      return { name, result: JSON.stringify(seen) }
    })
}

function note(
  seen: Map<string, Map<string, string[]>>,
  name: string,
  result: string,
  version: string,
): void {
  const results = seen.get(name) ?? new Map<string, string[]>()
  seen.set(name, results)
  results.set(result, [...(results.get(result) ?? []), version])
}
