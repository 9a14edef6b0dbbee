/**
 * Writes spec/vectors/*.json: what every implementation must accept, and refuse with which code.
 * All from fixed seeds, so that running it again changes nothing. `--check` writes nothing and
 * names the files that would change.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { vectorFiles } from './vectors/all.ts'

const folder = join(import.meta.dirname, '..', 'spec', 'vectors')
const check = process.argv.includes('--check')

mkdirSync(folder, { recursive: true })
for (const [name, text] of vectorFiles()) {
  const path = join(folder, name)
  if (check && readFileSync(path, 'utf8') === text) continue
  if (check) {
    process.exitCode = 1
    process.stdout.write(`${name} would change\n`)
  } else {
    writeFileSync(path, text)
  }
}
