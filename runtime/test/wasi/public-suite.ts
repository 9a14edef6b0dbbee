/**
 * Runs the preview1 programs of WebAssembly/wasi-testsuite, which are not part of this repository:
 * `WASI_TESTSUITE=DIR node --conditions=source runtime/test/wasi/public-suite.ts [NAME]`, where DIR
 * has `tests/{assemblyscript,c,rust}/testsuite/wasm32-wasip1/*.wasm`. Exits with 1 if any fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunResult, VirtualFile } from '@planetary-mesh/spec'
import { runInProcess } from '../../src/index.ts'
import { runInput, text } from '../run-input.ts'

type Expected = {
  args?: string[]
  env?: Record<string, string>
  /** A directory that is preopened as `/`. */
  root?: string
  exit_code?: number
  stdout?: string
  stderr?: string
}

const suite = process.env.WASI_TESTSUITE
const only = process.argv[2] ?? ''

if (suite === undefined) {
  console.error('WASI_TESTSUITE does not say where the suite is')
  process.exitCode = 2
} else {
  const failed = modulesOf(suite).flatMap((module) => {
    const problem = failureOf(module)
    return problem === undefined ? [] : [`${module}: ${problem}`]
  })
  for (const line of failed) console.error(line)
  console.log(`${modulesOf(suite).length - failed.length} of ${modulesOf(suite).length} pass`)
  if (failed.length > 0) process.exitCode = 1
}

function modulesOf(directory: string): string[] {
  return ['assemblyscript', 'c', 'rust'].flatMap((language) => {
    const folder = join(directory, 'tests', language, 'testsuite', 'wasm32-wasip1')
    const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'))
    return names.filter((name) => name.includes(only)).map((name) => join(folder, name))
  })
}

function failureOf(module: string): string | undefined {
  const expected = expectedOf(module.replace(/\.wasm$/, '.json'))
  const files = expected.root === undefined ? [] : filesOf(join(module, '..', expected.root), '')
  const result = runInProcess(
    runInput({
      module: readFileSync(module),
      args: expected.args ?? [],
      env: Object.entries(expected.env ?? {}),
      files,
      limits: { memoryPagesMax: 4096, fuelMax: 10_000_000_000 },
    }),
  )
  return problemOf(result, expected)
}

function problemOf({ outcome, stdout, stderr }: RunResult, expected: Expected): string | undefined {
  const said = `${text(stdout)}${text(stderr)}`.trim()
  if (outcome.type !== 'exited') return `${JSON.stringify(outcome)} ${said}`
  if (outcome.code !== (expected.exit_code ?? 0)) return `exit ${outcome.code} ${said}`
  if (expected.stdout !== undefined && expected.stdout !== text(stdout)) return `stdout ${said}`
  if (expected.stderr !== undefined && expected.stderr !== text(stderr)) return `stderr ${said}`
  return undefined
}

function expectedOf(path: string): Expected {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
}

function filesOf(directory: string, path: string): VirtualFile[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const below = join(directory, entry.name)
    if (entry.isDirectory()) return filesOf(below, `${path}/${entry.name}`)
    return [{ path: `${path}/${entry.name}`, bytes: readFileSync(below) }]
  })
}
