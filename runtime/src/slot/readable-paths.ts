/**
 * What a slot's process may read: the code that it loads itself from, package by package, and
 * nothing beside it. Found by following `dependencies`, as npm laid them out or linked them.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folders, as named and as they really are, of a package and all that it depends on. */
export function readablePaths(packageRoot: string): string[] {
  const named = new Set<string>()
  const real = new Set<string>()
  collect(packageRoot, named, real)
  return [...new Set([...named, ...real])]
}

function collect(root: string, named: Set<string>, found: Set<string>): void {
  const real = realpathSync(root)
  named.add(root)
  if (found.has(real)) return
  found.add(real)
  const require = createRequire(join(real, 'package.json'))
  for (const name of dependenciesOf(real)) {
    const folders = (require.resolve.paths(name) ?? []).map((folder) => join(folder, name))
    const dependency = folders.find((folder) => existsSync(join(folder, 'package.json')))
    if (dependency !== undefined) collect(dependency, named, found)
  }
}

function dependenciesOf(root: string): string[] {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.keys(dependencies ?? {})
}

/** The folder of the package that a file belongs to: the nearest above it with a package.json. */
export function packageRootOf(file: string): string {
  let folder = dirname(file)
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder)
  return folder
}
