/**
 * Runs the break-outs in a process started as a slot's is, and in one started so but without its
 * permission flags and with an environment: the walls, and the same with a door in them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild } from '../../../runtime/src/slot/start-child.ts'
import { BREAK_OUTS, CONNECTED, type Ground } from './break-outs.ts'
import { type Canaries, makeNest } from './canaries.ts'
import { moduleOf } from './module-of.ts'

const FLAG = /^--(?:permission$|allow-|no-experimental-)/
/** A room whose code a slot runs. */
const ALLOWED = fileURLToPath(new URL('../../../runtime', import.meta.url))
const TRIES_MS = 60_000

/** What an attempt came to: a hit, or the code with which it was denied. */
export type Tried = { hit: boolean; problem: string | undefined }

const READS_A_FILE = `(func (export "_start")
  (call $word (i32.const 1) (i32.const 1)) (drop (call $read (i32.const 3))))`

/** Every break-out by its name. `open` is without the flags, and with the canary at hand. */
export async function tryWalls(
  canaries: Canaries,
  door: 'open' | 'closed',
): Promise<Map<string, Tried>> {
  const root = join(canaries.root, `walls-${door}`)
  const { args, folder } = makeNest(root, canaries.secret)
  const own = (name: string) => join(folder, name.replaceAll(/\W/g, '-'))
  const module = Buffer.from(moduleOf('reads', READS_A_FILE)).toString('base64')
  const ground: Ground = { ...args, port: canaries.port, written: '', allowed: ALLOWED, module }
  const script = scriptOf(BREAK_OUTS.map(({ name }) => ({ ...ground, written: own(name) })))
  const walled = startChild(['--input-type=module', '-e', script])
  const child = door === 'closed' ? walled : withoutFlags(walled, canaries)
  const said = await wordsOf(child)
  const tried = new Map<string, Tried>()
  for (const [index, { name }] of BREAK_OUTS.entries()) {
    const { text = '', problem } = said[index] ?? {}
    const hit = text.includes(canaries.secret) || text === CONNECTED || existsSync(own(name))
    tried.set(name, { hit, problem })
  }
  return tried
}

/** Every attempt in turn, each a function by its text; one line of JSON for each. */
function scriptOf(grounds: readonly Ground[]): string {
  const tries = BREAK_OUTS.map(
    ({ attempt }, index) => `[${attempt}, ${JSON.stringify(grounds[index])}]`,
  )
  return `
    for (const [attempt, at] of [${tries.join(',')}]) {
      const found = {}
      try { found.text = String(await attempt(process.getBuiltinModule, at)) }
      catch (error) { found.problem = error.code ?? error.message }
      console.log(JSON.stringify(found))
    }
    process.exit()`
}

/** The same command with the same script, but for its flags and its empty environment. */
function withoutFlags(walled: ChildProcess, { secret }: Canaries): ChildProcess {
  const [command = '', ...args] = walled.spawnargs
  walled.kill('SIGKILL')
  return spawn(
    command,
    args.filter((arg) => !FLAG.test(arg)),
    { env: { MESH_CANARY: secret }, stdio: ['pipe', 'pipe', 'pipe'] },
  )
}

async function wordsOf(child: ChildProcess): Promise<{ text?: string; problem?: string }[]> {
  const deadline = setTimeout(() => child.kill('SIGKILL'), TRIES_MS)
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stderr?.resume()
  await once(child, 'close')
  clearTimeout(deadline)
  return said
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
