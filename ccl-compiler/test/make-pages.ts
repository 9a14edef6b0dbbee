/**
 * Writes the pages of docs/ccl that are made from tables. Run by hand:
 * `node tools/node.js --conditions=source ccl-compiler/test/make-pages.ts`.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './pages.ts'

const FOLDER = join(import.meta.dirname, '../../docs/ccl')

mkdirSync(join(FOLDER, 'errors'), { recursive: true })
for (const file of readdirSync(join(FOLDER, 'errors'))) rmSync(join(FOLDER, 'errors', file))
for (const [path, text] of pages()) writeFileSync(join(FOLDER, path), text)
