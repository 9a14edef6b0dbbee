/** Writes the pages of docs/ccl that are made from tables; `npm run docs` calls it. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './pages.ts'

const FOLDER = join(import.meta.dirname, '../../docs/ccl')

/** Pages of codes that are no more go. */
export function writePages(): void {
  const errors = join(FOLDER, 'errors')
  mkdirSync(errors, { recursive: true })
  for (const file of readdirSync(errors)) rmSync(join(errors, file))
  for (const [path, text] of pages()) writeFileSync(join(FOLDER, path), text)
}

if (import.meta.main) writePages()
