/**
 * Same source, same bytes, on two versions of Node: compiles every text of the repository and many
 * generated ones with this Node and with another that npm brings, and compares. Run by hand:
 * `node tools/node.js --conditions=source ccl-compiler/test/same-bytes.ts [VERSION]`.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile, format } from '@planetary-mesh/ccl-compiler'
import { Generator } from './generate.ts'

const ROOT = join(import.meta.dirname, '../..')
const GENERATED = 2000
const OTHER = '24'
const INSTALL_MS_MAX = 300_000

/** One line for each text: what came out, as a hash over modules, diagnostics and layout. */
function hashes(): string[] {
  const files = globSync('{examples,ccl-compiler/test}/**/*.ccl', {
    cwd: ROOT,
    exclude: (name) => name === 'node_modules',
  }).sort()
  const generated = Array.from({ length: GENERATED }, (_, seed) => `generated ${seed}`)
  return [...files, ...generated].map((name, index) => {
    const isFile = index < files.length
    const text = isFile
      ? readFileSync(join(ROOT, name), 'utf8')
      : new Generator(index - files.length).program()
    const built = compile(text)
    const hash = createHash('sha256')
    if (built.ok) for (const { wasm } of [built, ...built.units]) hash.update(wasm)
    hash.update(JSON.stringify(built.diagnostics)).update(String(format(text)))
    return `${name} ${built.ok} ${hash.digest('hex')}`
  })
}

function inNode(node: string): string[] {
  const args = ['--conditions=source', import.meta.filename, '--print']
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26 } as const
  const { status, stdout, stderr } = spawnSync(node, args, options)
  if (status !== 0) throw new Error(stderr)
  return stdout.trimEnd().split('\n')
}

/** The other Node, as npm has it for this machine, in a folder that goes afterwards. */
function installed(version: string, folder: string): string {
  const name = `node-${process.platform}-${process.arch}`
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', `${name}@${version}`]
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8', timeout: INSTALL_MS_MAX })
  if (status !== 0) throw new Error(`npm did not install ${name}@${version}: ${stderr}`)
  return join(folder, 'node_modules', name, 'bin/node')
}

const [version = OTHER] = process.argv.slice(2)
if (version === '--print') console.log([process.version, ...hashes()].join('\n'))
else {
  const folder = mkdtempSync(join(tmpdir(), 'ccl-same-bytes-'))
  try {
    const [here, ...ours] = inNode(process.execPath)
    const [there, ...theirs] = inNode(installed(version, folder))
    const different = ours.filter((line, index) => line !== theirs[index])
    for (const line of different) console.log(`different: ${line}`)
    const compiled = ours.filter((line) => line.includes(' true ')).length
    console.log(`${here} and ${there}: ${ours.length} texts, of which ${compiled} compile`)
    console.log(`${different.length} give other bytes`)
    process.exitCode = different.length === 0 && ours.length === theirs.length ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
