/**
 * `npm run build`: every room's TypeScript to the JavaScript and types that are published, in
 * `<room>/dist`. Nothing in a checkout runs from there; tests and bins take the source.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folders of the workspaces under `root`, in the order of its package.json. */
export function roomsOf(root: string): string[] {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).workspaces
}

/**
 * Builds the rooms under `root` from nothing, so that no file of a source long gone is published.
 * The compiler's messages go to our stderr; returns true if it had none.
 */
export function build(root: string): boolean {
  const rooms = roomsOf(root)
  for (const room of rooms) rmSync(join(root, room, 'dist'), { recursive: true, force: true })
  const require = createRequire(import.meta.url)
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  const done = spawnSync(process.execPath, [tsc, '-b', ...rooms], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (done.status !== 0) return false
  for (const room of rooms) copyFileSync(join(root, 'LICENSE'), join(root, room, 'dist/LICENSE'))
  return true
}

if (import.meta.main) process.exitCode = build(join(import.meta.dirname, '..')) ? 0 : 1
