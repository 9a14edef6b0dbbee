/**
 * What a guest would do that got out of its module into the program of its slot: JavaScript that
 * reaches for the canaries. Only the walls of the process are left then: the permission flags and
 * the empty environment with which it is started.
 */
import type { Canary } from './guest.ts'

/** Where the canaries are, and what is at hand. */
export type Ground = {
  file: string
  folder: string
  port: number
  /** A path that does not exist yet, of each attempt's own. */
  written: string
  /** A folder that a slot may read. */
  allowed: string
  /** A module, in base64, that says what is in the file. */
  module: string
}

export type BreakOut = {
  name: string
  canary: Canary
  /**
   * Runs in the slot's process as the text that it is here, so it sees nothing of this file. What
   * it says is a hit if the secret is in it, or its file is there, or it is `CONNECTED`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: it loads whatever is built in, by name
  attempt: (load: (name: string) => any, at: Ground) => unknown
}

export const CONNECTED = 'connected'

export const BREAK_OUTS: readonly BreakOut[] = [
  {
    name: 'reading a file',
    canary: 'file',
    attempt: (load, at) => load('node:fs').readFileSync(at.file, 'latin1'),
  },
  {
    name: 'reading a file by a promise',
    canary: 'file',
    attempt: (load, at) => load('node:fs/promises').readFile(at.file, 'latin1'),
  },
  {
    name: 'a path of bytes',
    canary: 'file',
    attempt: (load, at) => load('node:fs').readFileSync(Buffer.from(at.file), 'latin1'),
  },
  {
    name: 'climbing out of what may be read',
    canary: 'file',
    attempt: (load, at) =>
      load('node:fs').readFileSync(`${at.allowed}${'/..'.repeat(32)}${at.file}`, 'latin1'),
  },
  {
    name: 'another name of the root',
    canary: 'file',
    attempt: (load, at) => load('node:fs').readFileSync(`/proc/self/root${at.file}`, 'latin1'),
  },
  {
    name: 'the names in a folder',
    canary: 'folder',
    attempt: (load, at) => load('node:fs').readdirSync(at.folder).join(),
  },
  {
    name: 'where a link points',
    canary: 'folder',
    attempt: (load, at) => load('node:fs').readlinkSync(`${at.folder}/pointer`),
  },
  {
    name: 'writing a file',
    canary: 'folder',
    attempt: (load, at) => load('node:fs').writeFileSync(at.written, 'x'),
  },
  {
    name: 'carrying a file off',
    canary: 'file',
    attempt: (load, at) => load('node:fs').copyFileSync(at.file, at.written),
  },
  {
    name: 'a second name for a file',
    canary: 'file',
    attempt: (load, at) => load('node:fs').linkSync(at.file, at.written),
  },
  {
    name: 'a link to a file',
    canary: 'folder',
    attempt: (load, at) => load('node:fs').symlinkSync(at.file, at.written),
  },
  {
    name: 'a report of the process',
    canary: 'folder',
    attempt: (_load, at) => {
      Object.assign(process.report, { excludeNetwork: true }).writeReport(at.written)
    },
  },
  {
    name: 'a database',
    canary: 'folder',
    attempt: (load, at) => {
      const { DatabaseSync } = load('node:sqlite')
      new DatabaseSync(at.written).exec('create table reached (it)')
    },
  },
  {
    name: 'another process',
    canary: 'file',
    attempt: (load, at) =>
      load('node:child_process').spawnSync('/bin/cat', [at.file], { encoding: 'latin1' }).stdout,
  },
  {
    name: 'another thread',
    canary: 'file',
    attempt: (load, at) => {
      const { Worker } = load('node:worker_threads')
      const text = `const load = process.getBuiltinModule
        const { parentPort, workerData } = load('node:worker_threads')
        const { readFileSync } = load('node:fs')
        parentPort.postMessage(readFileSync(workerData, 'latin1'))`
      const worker = new Worker(text, { eval: true, workerData: at.file })
      return new Promise((resolve, reject) => {
        worker.on('message', resolve).on('error', reject)
      })
    },
  },
  {
    name: "Node's own host of preview1",
    canary: 'file',
    attempt: (load, at) => {
      const fs = load('node:fs')
      const { WASI } = load('node:wasi')
      const preopens = { '/': '/' }
      const wasi = new WASI({
        version: 'preview1',
        args: ['job', at.file],
        preopens,
        stdout: fs.openSync(at.written, 'w'),
      })
      const { WebAssembly } = globalThis as unknown as {
        WebAssembly: {
          Module: new (bytes: Uint8Array) => object
          Instance: new (module: object, imports: object) => object
        }
      }
      const module = new WebAssembly.Module(Buffer.from(at.module, 'base64'))
      wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()))
      return fs.readFileSync(at.written, 'latin1')
    },
  },
  {
    name: 'connecting to a port',
    canary: 'port',
    attempt: (load, at) =>
      new Promise((resolve, reject) => {
        const socket = load('node:net').connect(at.port, '127.0.0.1')
        socket.on('connect', () => resolve('connected')).on('error', reject)
      }),
  },
  {
    name: 'asking a web server',
    canary: 'port',
    attempt: (load, at) =>
      new Promise((resolve, reject) => {
        const request = load('node:http').get(`http://127.0.0.1:${at.port}/`)
        request.on('error', reject).on('socket', (socket: NodeJS.EventEmitter) => {
          socket.on('connect', () => resolve('connected'))
        })
      }),
  },
  {
    name: 'the environment',
    canary: 'environment',
    attempt: () => JSON.stringify(process.env),
  },
  {
    name: 'the environment as the kernel has it',
    canary: 'environment',
    attempt: (load) => load('node:fs').readFileSync('/proc/self/environ', 'latin1'),
  },
]
