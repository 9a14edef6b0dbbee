/**
 * Builds programs that nobody here wrote, from Debian's source packages, natively and for WASI, and
 * tries both: they must end alike. `node --conditions=source runtime/test/programs/run.ts [NAME]`,
 * with what README.md says. Exits with 1 if any case differs.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSandbox } from '../../src/index.ts'
import { buildNative, buildWasm } from './build.ts'
import { PROGRAMS } from './catalogue.ts'
import type { Program } from './program.ts'
import { sourceOf } from './sources.ts'
import { tryCase } from './try-case.ts'

const asked = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'programs-'))
const given = process.env.PROGRAMS_SOURCES
const sandbox = await openSandbox({ slots: 1 })
let failures = 0
try {
  const unpackedIn = given ?? join(folder, 'sources')
  mkdirSync(unpackedIn, { recursive: true })
  for (const program of PROGRAMS) {
    if (asked.length > 0 && !asked.includes(program.name)) continue
    try {
      failures += await failuresOf(program, sourceOf(unpackedIn, program.package))
    } catch (thrown) {
      console.log(`FAIL ${program.name}: not tried: ${String(thrown).slice(0, 500)}`)
      failures++
    }
  }
} finally {
  await sandbox.close()
  rmSync(folder, { recursive: true })
}
console.log(failures === 0 ? 'all end as the native builds do' : `${failures} differ`)
if (failures > 0) process.exitCode = 1

async function failuresOf(program: Program, directory: string): Promise<number> {
  const built = join(folder, program.name)
  mkdirSync(built)
  program.prepare?.(directory)
  const builds = {
    native: buildNative(program, directory, built),
    module: buildWasm(program, directory, built),
  }
  let differing = 0
  for (const item of program.cases(directory)) {
    const { problem, fuel, wallMs, digest } = await tryCase(sandbox, builds, item)
    const end = problem ?? `same; fuel ${fuel}, ${wallMs} ms, calls ${digest.slice(0, 16)}`
    console.log(`${problem === undefined ? 'ok  ' : 'FAIL'} ${program.name}: ${item.says}: ${end}`)
    if (problem !== undefined) differing++
  }
  return differing
}
