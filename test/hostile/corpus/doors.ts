/**
 * Shows that hostile guests do what they say: each runs once without the sandbox, in a process of
 * the corpus's own, beside canaries that only it knows.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Canaries, makeNest, type Nest } from './canaries.ts'
import { bytesOf } from './contained.ts'
import { type Guest, REACHED } from './guest.ts'
import type { DoorFound, DoorPlan } from './open-door.ts'

const PROGRAM = fileURLToPath(new URL('./open-door.ts', import.meta.url))
/** The child has no permission model, and the canary in its environment. */
const ARGS = ['--disable-warning=ExperimentalWarning', PROGRAM]
const BATCH_MS = 60_000
const run = promisify(execFile)

type Scene = { guest: Guest; nest: Nest; before: string[]; planned: DoorPlan['guests'][number] }

/** Which of `guests` got where they want, by name, and what shows it. Those without a door not. */
export async function throughDoors(
  guests: readonly Guest[],
  canaries: Canaries,
  { endlessMs, waitMs }: { endlessMs: number; waitMs: number },
): Promise<Map<string, string>> {
  const hits = new Map<string, string>()
  const scenes = guests.flatMap((guest, index) =>
    guest.door === 'none' || guest.door === 'raw' ? [] : [sceneOf(guest, index, canaries)],
  )
  const waiting = scenes.filter(({ guest }) => guest.door === 'waits')
  const others = scenes.filter(({ guest }) => guest.door !== 'waits')
  const env = { MESH_CANARY: canaries.secret }
  for (const name of await stillThere([...ARGS, planFor('waiting', waiting)], env)) {
    hits.set(name, 'still there')
  }
  const connectionsBefore = canaries.connections()
  const options = { env, timeout: BATCH_MS, killSignal: 'SIGKILL' } as const
  const { stdout } = await run(process.execPath, [...ARGS, planFor('others', others)], options)
  const found = stdout.trim().split('\n').map(foundOf)
  for (const scene of others) {
    const hit = found.find(({ name }) => name === scene.guest.name)?.hit
    const sign = signOf(scene, hit, canaries)
    if (sign !== undefined) hits.set(scene.guest.name, sign)
  }
  // who says that it connected was heard at the port
  const connecting = others.filter(({ guest }) => guest.canary === 'port')
  if (canaries.connections() - connectionsBefore < connecting.length) {
    for (const { guest } of connecting) hits.delete(guest.name)
  }
  return hits

  function planFor(name: string, of: readonly Scene[]): string {
    const plan: DoorPlan = { endlessMs, guests: of.map(({ planned }) => planned) }
    const path = join(canaries.root, `${name}.json`)
    writeFileSync(path, JSON.stringify(plan))
    return path
  }

  /** Those of a plan that have started and, `waitMs` after the last of them did, not ended. */
  async function stillThere(args: string[], env: NodeJS.ProcessEnv): Promise<string[]> {
    if (waiting.length === 0) return []
    // its stdin stays open, and nothing comes
    const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'ignore'] })
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    const started = new Set<string>()
    const ended = new Set<string>()
    const { promise: allStarted, resolve } = Promise.withResolvers<void>()
    createInterface(child.stdout).on('line', (line) => {
      const { name, hit } = foundOf(line)
      ;(hit === undefined ? ended : started).add(name)
      if (started.size === waiting.length) resolve()
    })
    const closed = once(child, 'close')
    try {
      await Promise.race([allStarted, closed, pause(BATCH_MS, undefined, { ref: false })])
      await Promise.race([closed, pause(waitMs)])
      const isThere = child.exitCode === null && child.signalCode === null
      return isThere ? [...started].filter((name) => !ended.has(name)) : []
    } finally {
      kill()
      await closed
      process.off('exit', kill)
    }
  }
}

const foundOf = (line: string): DoorFound => JSON.parse(line)

function sceneOf(guest: Guest, index: number, canaries: Canaries): Scene {
  const root = join(canaries.root, `door-${index}`)
  const folders = (guest.door === 'differs' ? ['a', 'b'] : ['a']).map((name) => join(root, name))
  for (const folder of folders) {
    for (const name of ['in', 'out', 'tmp']) mkdirSync(join(folder, name), { recursive: true })
    const isNeighbour = guest.door === 'again'
    writeFileSync(join(folder, 'stdin'), isNeighbour ? canaries.neighbourSecret : '')
    if (isNeighbour) writeFileSync(join(folder, 'in', 'given'), canaries.neighbourSecret)
  }
  const module = join(root, 'guest.wasm')
  writeFileSync(module, bytesOf(guest))
  const nest = makeNest(root, canaries.secret)
  const { name, door } = guest as Guest & { door: Scene['planned']['door'] }
  const port = canaries.port
  // it puts its own folder in the place of FOLDER
  const args = [nest.args.file, nest.args.folder, 'FOLDER/tmp', `${port}`, 'FOLDER/out']
  const planned = { name, door, module, args, folders, root: '/', port }
  return { guest, nest, before: nest.look(), planned }
}

/** What shows that the guest reached its canary. */
function signOf(scene: Scene, hit: string | undefined, canaries: Canaries): string | undefined {
  const { canary, door } = scene.guest
  const now = scene.nest.look()
  const isTouched = JSON.stringify(now) !== JSON.stringify(scene.before)
  if (canary === 'file' || canary === 'folder') {
    if (isTouched) return 'touched'
  }
  if (hit === undefined) return undefined
  if (door === 'again' || door === 'root') {
    const words = [canaries.secret, canaries.neighbourSecret, REACHED]
    return words.some((word) => hit.includes(word)) ? 'read or reached' : undefined
  }
  return hit.slice(0, 40)
}
