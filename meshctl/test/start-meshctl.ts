/** Runs the real command in a process of its own, away from anybody's home and pins. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
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

/** What a command says, as it comes. */
export type Heard = {
  stdout(): string
  stderr(): string
  /** Resolves when stdout or stderr has it. */
  saw(text: string): Promise<void>
}

export type Started = Heard & {
  child: ChildProcess
  ended: Promise<Ended & { signal: NodeJS.Signals | null }>
}

/** Collects what a command says; once it is over, nothing more is waited for. */
export function listen(): Heard & { hear(name: keyof Said, text: string): void; over(): void } {
  const said = { stdout: '', stderr: '' }
  let isOver = false
  let changed = Promise.withResolvers<void>()
  const stir = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  return {
    hear(name, text) {
      said[name] += text
      stir()
    },
    over() {
      isOver = true
      stir()
    },
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    async saw(text) {
      while (!`${said.stdout}\0${said.stderr}`.includes(text)) {
        if (isOver) throw new Error(`ended without '${text}': ${said.stderr}`)
        await changed.promise
      }
    },
  }
}

type Said = { stdout: string; stderr: string }

/** Starts it and leaves it running: whoever does ends it, or waits for its end. */
export function startMeshctl(
  args: readonly string[],
  { meshHome, cwd = ROOT }: { meshHome: string; cwd?: string },
): Started {
  const child = spawn(process.execPath, [...MESHCTL, ...args], {
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      TMPDIR: process.env.TMPDIR ?? tmpdir(),
      PLANETARY_MESH_HOME: meshHome,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { hear, over, ...heard } = listen()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => hear(name, text))
  }
  const ended = once(child, 'close').then(([status, signal]) => {
    over()
    return { status, signal, stdout: heard.stdout(), stderr: heard.stderr() }
  })
  return { ...heard, child, ended }
}
