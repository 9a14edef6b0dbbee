/**
 * Runs hostile guests without the sandbox, each with the defence left out that its door names:
 * `open-door.ts PLAN`, a file of JSON with a `DoorPlan`. Prints a line of JSON for each
 * guest; one that waits starts, and prints another when it comes to an end.
 * Only for guests of the corpus, which do no harm but to the canaries that they are told of.
 */
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Script } from 'node:vm'
import { WASI } from 'node:wasi'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import type { Door } from './guest.ts'

export type DoorPlan = {
  /** How long a guest runs that has no end, until it is interrupted. */
  endlessMs: number
  guests: {
    name: string
    door: Door
    module: string
    args: string[]
    /** Folders of its own, two for who runs twice: `in`, `out`, `tmp`, and what it says. */
    folders: string[]
    root: string
    port: number
  }[]
}
/** `problem` is why it did not even start, or what it trapped with. */
export type DoorFound = { name: string; hit?: string; problem?: string }

const HEARD_MAX = 1000
const TICK_MS = 20

type Planned = DoorPlan['guests'][number]
type Exports = Record<string, unknown> & { _start(): void }
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object
    Instance: new (module: object, imports: object) => { exports: Exports }
    Global: new (type: object, value: unknown) => { value: unknown }
    Memory: new (type: object) => { buffer: ArrayBuffer }
    Table: new (type: object, value?: unknown) => object
  }
}

/** A thread that waits: `gate` opens once all are there, so that who spins hinders none. */
type Waiter = { guest: Planned; gate: Int32Array }
const waiter: Waiter | null = workerData
if (waiter !== null) wait(waiter)
else await runAll(JSON.parse(readFileSync(process.argv[2] as string, 'utf8')))

/** One after the other; those that wait at the same time, each in a thread that it may block. */
async function runAll({ guests, endlessMs }: DoorPlan): Promise<void> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const ready: Promise<unknown>[] = []
  for (const guest of guests) {
    if (guest.door === 'waits') {
      const worker = new Worker(new URL(import.meta.url), { workerData: { guest, gate } })
      ready.push(once(worker, 'message'))
      continue
    }
    await throughDoor(guest, endlessMs).then(
      (hit) => tell({ name: guest.name, ...(hit === undefined ? {} : { hit }) }),
      (thrown: Error) => tell({ name: guest.name, problem: thrown.message }),
    )
  }
  await Promise.all(ready)
  Atomics.store(gate, 0, 1)
  Atomics.notify(gate, 0)
}

/** Tells that it starts and, which should not be, that it came to an end. */
function wait({ guest, gate }: Waiter): void {
  parentPort?.postMessage('ready')
  Atomics.wait(gate, 0, 0)
  tell({ name: guest.name, hit: 'started' })
  try {
    said(guest, guest.folders[0] as string)
    tell({ name: guest.name, problem: 'it came to an end' })
  } catch (thrown) {
    tell({ name: guest.name, problem: (thrown as Error).message })
  }
}

function tell(found: DoorFound): void {
  writeSync(1, `${JSON.stringify(found)}\n`)
}

/** What shows that the guest got where it wants; undefined when it did not. */
async function throughDoor(guest: Planned, endlessMs: number): Promise<string | undefined> {
  switch (guest.door) {
    case 'endless':
      return interrupted(guest, endlessMs)
    case 'stack':
      return overflowed(guest)
    case 'linked':
      return linked(guest)
    case 'differs': {
      const [one, other] = guest.folders as [string, string]
      const first = said(guest, one)
      // the clock of a file system ticks more slowly than others
      await pause(TICK_MS)
      const second = said(guest, other)
      return first === second ? undefined : 'differs'
    }
    default: {
      const text = said(guest, guest.folders[0] as string)
      // a flood says what matters last
      return text === '' ? undefined : `${text.slice(0, HEARD_MAX)} ${text.slice(-HEARD_MAX)}`
    }
  }
}

function openWasi({ args, root, door }: Planned, folder: string) {
  const stdout = openSync(join(folder, 'said'), 'w')
  // who waits for a word has a stdin that never ends; nobody else reads from it
  const stdin = door === 'waits' ? 0 : openSync(join(folder, 'stdin'), 'r')
  // some close it, or put a file in its place
  const stderr = openSync('/dev/null', 'w')
  const own = (name: string) => join(folder, name)
  const wasi = new WASI({
    version: 'preview1',
    args: ['job', ...args.map((word) => word.replace('FOLDER', folder))],
    env: process.env,
    // the order that the sandbox has them in
    preopens: {
      '/': door === 'again' ? folder : root,
      '.': own('in'),
      '/in': own('in'),
      '/out': own('out'),
      '/tmp': own('tmp'),
    },
    stdin,
    stdout,
    stderr,
  })
  return { wasi, close: () => closeSync(stdout) }
}

/** Runs a guest on node:wasi; what it said, of a neighbour what it said as the second job. */
function said(guest: Planned, folder: string): string {
  const { wasi, close } = openWasi(guest, folder)
  const module = new WebAssembly.Module(readFileSync(guest.module))
  const heard = () => readFileSync(join(folder, 'said'), 'latin1')
  const instance = new WebAssembly.Instance(module, wasi.getImportObject())
  start(wasi, instance)
  const first = heard()
  if (guest.door !== 'again') {
    close()
    return first
  }
  instance.exports._start()
  close()
  return heard().slice(first.length)
}

/** node:wasi starts nothing that has no memory to write to. */
function start(wasi: WASI, instance: { exports: Exports }): void {
  if ('memory' in instance.exports) wasi.start(instance)
  else instance.exports._start()
}

/** The module as it is, with the imports of node:wasi and of every generous host. */
async function started(guest: Planned, call: (start: () => Exports) => void): Promise<string[]> {
  const folder = guest.folders[0] as string
  const { wasi, close } = openWasi(guest, folder)
  const signs: string[] = []
  const waits: Promise<void>[] = []
  const connects = () => {
    waits.push(connected(guest.port).then(() => void signs.push('connected')))
    return 0
  }
  const given = wasi.getImportObject() as { wasi_snapshot_preview1: object }
  const memory = new WebAssembly.Memory({ initial: 1 })
  new Uint8Array(memory.buffer).fill(1)
  const imports = {
    wasi_snapshot_preview1: Object.assign({}, given.wasi_snapshot_preview1, {
      sock_connect: connects,
      sock_send: connects,
    }),
    env: { connect: connects, memory, table: tableOfAnother() },
    mesh: { connect: connects },
    'mesh:meter': { w: new WebAssembly.Global({ value: 'i64', mutable: true }, 0n) },
    'node:fs': { read: () => void signs.push(readFileSync(guest.args[0] as string, 'utf8')) },
  }
  call(() => {
    const module = new WebAssembly.Module(readFileSync(guest.module))
    const instance = new WebAssembly.Instance(module, imports)
    const { exports } = instance
    start(wasi, instance)
    const { reached } = exports as { reached?: { value: number } }
    if (reached?.value) signs.push('reached')
    return exports
  })
  await Promise.all(waits)
  close()
  const text = readFileSync(join(folder, 'said'), 'latin1')
  return text === '' ? signs : [...signs, text]
}

function connected(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    }).on('error', reject)
  })
}

/** A table with a function in it that the guest did not write. */
function tableOfAnother(): object {
  const name = [...Buffer.from('f')]
  const module = new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
    ...[7, 5, 1, 1, ...name, 0, 0, 10, 4, 1, 2, 0, 11],
  ])
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), {})
  return new WebAssembly.Table({ element: 'anyfunc', initial: 1 }, exports.f)
}

async function linked(guest: Planned): Promise<string | undefined> {
  const signs = await started(guest, (start) => void start())
  return signs[0]
}

/** V8's watchdog ends what has no end. */
async function interrupted(guest: Planned, endlessMs: number): Promise<string | undefined> {
  let hit: string | undefined
  await started(guest, (start) => {
    Object.assign(globalThis, { start })
    try {
      new Script('start()').runInThisContext({ timeout: endlessMs })
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw thrown
      hit = 'interrupted'
    }
  })
  return hit
}

async function overflowed(guest: Planned): Promise<string | undefined> {
  let hit: string | undefined
  await started(guest, (start) => {
    try {
      start()
    } catch (thrown) {
      if (!(thrown instanceof RangeError)) throw thrown
      hit = thrown.message
    }
  })
  return hit
}
