/**
 * `npm run build`: every room's TypeScript to the JavaScript and types that are published, in
 * `<room>/dist`. Nothing in a checkout runs from there; tests and bins take the source.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
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
  const compile = (...args: string[]) =>
    spawnSync(process.execPath, [tsc, ...args], { cwd: root, stdio: ['ignore', 2, 2] }).status === 0
  // one after another costs half of what checkers side by side do, each of which reads the whole
  if (!compile('-b', '--singleThreaded', ...rooms) || !shipExample(root, compile)) return false
  shipTemplates(root)
  for (const room of rooms) copyFileSync(join(root, 'LICENSE'), join(root, room, 'dist/LICENSE'))
  return true
}

const EXAMPLE = 'examples/01-voting-analysis'
const EXAMPLE_FILES = ['job.ccl', 'voting-analysis.wasm']

const GUESTS = 'examples/guests'
/** What building a template leaves in its folder. */
const MADE = /[/\\](build|node_modules|target|package-lock\.json|\.gitignore)$/

/** The templates of `meshctl new job`. */
function shipTemplates(root: string): void {
  const filter = (path: string) => !MADE.test(path)
  const to = join(root, 'meshctl/dist', GUESTS)
  cpSync(join(root, GUESTS), to, { recursive: true, filter })
}

/** What `meshctl demo` shows when there is no checkout: the example, its maker as JavaScript. */
function shipExample(root: string, compile: (...args: string[]) => boolean): boolean {
  const folder = join(root, 'meshctl/dist', EXAMPLE)
  mkdirSync(folder, { recursive: true })
  for (const file of EXAMPLE_FILES) copyFileSync(join(root, EXAMPLE, file), join(folder, file))
  return compile(
    ...[`${EXAMPLE}/make-ballots.ts`, '--ignoreConfig', '--skipLibCheck', '--singleThreaded'],
    ...['--rootDir', 'examples', '--outDir', 'meshctl/dist/examples'],
    ...['--target', 'es2024', '--module', 'nodenext', '--types', 'node'],
    '--rewriteRelativeImportExtensions',
  )
}

if (import.meta.main) process.exitCode = build(join(import.meta.dirname, '..')) ? 0 : 1
