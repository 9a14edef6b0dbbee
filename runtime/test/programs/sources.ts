/**
 * Unpacks Debian source packages: those that stand in the folder PROGRAMS_SOURCES already, and else
 * what `apt-get source` brings. The system's package lists stay as they are.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const SYSTEM_LISTS = '/etc/apt/sources.list.d'

/** The folder of one package's unpacked sources, below `folder`. */
export function sourceOf(folder: string, name: string): string {
  const unpacked = unpackedIn(folder, name)
  if (unpacked !== undefined) return unpacked
  apt(folder, ['source', '--download-only', name])
  const description = readdirSync(folder).find(
    (file) => file.startsWith(`${name}_`) && file.endsWith('.dsc'),
  )
  if (description === undefined) throw new Error(`apt-get brought no source of ${name}`)
  run('dpkg-source', ['--no-check', '-x', description], folder)
  const now = unpackedIn(folder, name)
  if (now === undefined) throw new Error(`${description} unpacked to nothing known`)
  return now
}

function unpackedIn(folder: string, name: string): string | undefined {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(`${name}-`))
    .map((entry) => join(folder, entry.name))
    .find((directory) => existsSync(join(directory, 'debian')))
}

/** apt with lists of its own below `folder`, in which the distribution's entries name sources. */
function apt(folder: string, args: readonly string[]): void {
  const own = join(folder, 'apt')
  const options = [
    ['Dir::Etc::sourcelist', '/dev/null'],
    ['Dir::Etc::sourceparts', join(own, 'sources')],
    ['Dir::State::lists', join(own, 'lists')],
    ['Dir::Cache', join(own, 'cache')],
    ['APT::Sandbox::User', 'root'],
  ].flatMap(([name, value]) => ['-o', `${name}=${value}`])
  if (!existsSync(own)) {
    for (const part of ['sources', 'lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(own, part), { recursive: true })
    }
    const list = readFileSync(join(SYSTEM_LISTS, 'debian.sources'), 'utf8')
    const sources = list.replaceAll(/^Types:.*$/gm, 'Types: deb-src')
    writeFileSync(join(own, 'sources/debian.sources'), sources)
    run('apt-get', [...options, 'update'], folder)
  }
  run('apt-get', [...options, ...args], folder)
}

/** Runs a command to its end; its output is shown only if it fails. */
export function run(command: string, args: readonly string[], directory: string): void {
  execFileSync(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
}
