/**
 * `npm run lock`: what npm itself does not check after an install. A platform package that the
 * registry lacked at that moment is dropped from the lock file without a word, and `npm ci` fails
 * later on another machine; an address in the lock file ties everybody to one registry; a version
 * range in a package.json lets an old Node quietly pick an old major.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Dependencies = Record<string, string>
export type Package = { name?: string } & Partial<
  Record<(typeof DEPENDENCY_FIELDS)[number], Dependencies>
>
type LockEntry = {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  optionalDependencies?: Dependencies
}
export type Lock = { lockfileVersion: number; packages: Record<string, LockEntry> }

const DEPENDENCY_FIELDS = [
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
] as const
const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/

/** What is wrong with a lock file, one sentence each. */
export function lockProblems(lock: Lock): string[] {
  const problems: string[] = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    const who = path === '' ? 'the root' : path
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (find(lock, path, name) === undefined) {
        problems.push(`${who} lists ${name} as optional, but the lock file has no entry for it`)
      }
    }
    if (/^[a-z+]+:/.test(entry.resolved ?? '')) {
      problems.push(`${who} has a download address: ${entry.resolved}`)
    }
    const isInstalled = path.includes('node_modules/') && entry.link !== true
    if (isInstalled && entry.integrity === undefined) problems.push(`${who} has no integrity hash`)
  }
  return problems
}

/** The entry that `name` means for the package at `path`, looked up as Node looks it up. */
function find(lock: Lock, path: string, name: string): LockEntry | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const entry = lock.packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]
    if (entry !== undefined || folder === '') return entry
  }
}

/** Dependencies of a package.json that are not pinned to one version, one sentence each. */
export function pinProblems(pkg: Package): string[] {
  return DEPENDENCY_FIELDS.flatMap((field) =>
    Object.entries(pkg[field] ?? {})
      .filter(([, version]) => !EXACT.test(version))
      .map(([name, version]) => `${pkg.name}: ${field}.${name} is ${version}, not one version`),
  )
}

/** All problems of the lock files and package.json files under `root`, by file. */
export function problemsUnder(root: string): string[] {
  const read = (file: string) => JSON.parse(readFileSync(join(root, file), 'utf8'))
  const exclude = (name: string) => ['node_modules', 'dist', '.git'].includes(name)
  const problems: string[] = []
  for (const file of globSync('**/package.json', { cwd: root, exclude }).sort()) {
    const lockFile = join(file, '..', 'package-lock.json')
    problems.push(...pinProblems(read(file)).map((problem) => `${file}: ${problem}`))
    if (!existsSync(join(root, lockFile))) continue
    problems.push(...lockProblems(read(lockFile)).map((problem) => `${lockFile}: ${problem}`))
  }
  return problems
}

if (import.meta.main) {
  const problems = problemsUnder(join(import.meta.dirname, '..'))
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
