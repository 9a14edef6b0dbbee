/** Runs the real command in a process of its own, away from anybody's home and pins. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

export const ROOT = join(import.meta.dirname, '../..')
/** The words that start it in one process: without the flag it starts another that has it. */
export const MESHCTL = ['--conditions=source', join(ROOT, 'meshctl/bin/meshctl.js')]

export type Ended = { status: number | null; stdout: string; stderr: string }

/** A new folder for one test file, gone when it has run. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meshctl-test-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The path of a guest of the runtime's own tests. */
export const guest = (name: string) => join(ROOT, `runtime/test/guests/${name}.wasm`)

export function meshctl(
  args: readonly string[],
  given: { input?: string | Uint8Array; cwd?: string; home?: string; meshHome?: string } = {},
): Ended {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [...MESHCTL, ...args], {
    encoding: 'utf8',
    cwd: given.cwd ?? ROOT,
    env: {
      PATH: process.env.PATH,
      HOME: given.home ?? '/nonexistent',
      TMPDIR: process.env.TMPDIR ?? tmpdir(),
      ...(given.meshHome !== undefined && { PLANETARY_MESH_HOME: given.meshHome }),
    },
    input: given.input ?? '',
    timeout: 120_000,
    maxBuffer: 64 * 1024 * 1024,
  })
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}
