/**
 * What hostile guests reach for, all outside of what they are given: a folder with a file, a port,
 * a variable. Each holds a secret, and can tell whether somebody was there.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Nest = {
  readonly folder: string
  readonly args: { readonly file: string; readonly folder: string }
  /** All names below, with what they hold and when that changed: equal when nobody was there. */
  look(): string[]
}

/** A folder, made in `root`, with a file, a folder with one name, and a link that names `secret`. */
export function makeNest(root: string, secret: string): Nest {
  const folder = join(root, 'nest')
  const inner = join(folder, 'folder')
  mkdirSync(inner, { recursive: true })
  mkdirSync(join(inner, 'empty'))
  const file = join(folder, 'secret.txt')
  writeFileSync(file, `${secret}\n`)
  writeFileSync(join(inner, `name-${secret}`), '')
  symlinkSync(`nowhere-${secret}`, join(inner, 'pointer'))
  return { folder, args: { file, folder: inner }, look: () => lookAt(folder) }
}

function lookAt(path: string): string[] {
  const { mtimeMs, size, nlink } = lstatSync(path)
  const own = `${path} ${mtimeMs} ${size} ${nlink}`
  if (lstatSync(path).isSymbolicLink()) return [`${own} ${readlinkSync(path)}`]
  if (!lstatSync(path).isDirectory()) return [`${own} ${readFileSync(path, 'latin1')}`]
  return [own, ...readdirSync(path).flatMap((name) => lookAt(join(path, name)))]
}

export type Canaries = {
  readonly secret: string
  /** What the job before was given, and no other may see. */
  readonly neighbourSecret: string
  readonly root: string
  readonly nest: Nest
  readonly port: number
  /** How often somebody connected to the port. */
  connections(): number
  close(): Promise<void>
}

const VARIABLE = 'MESH_CANARY'

/** Puts all canaries up; the caller closes them. This process has the variable meanwhile. */
export async function openCanaries(): Promise<Canaries> {
  const secret = `canary-${randomBytes(12).toString('hex')}`
  const neighbourSecret = `neighbour-${randomBytes(12).toString('hex')}`
  const root = mkdtempSync(join(tmpdir(), 'mesh-canary-'))
  const nest = makeNest(root, secret)
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.env[VARIABLE] = secret
  return {
    secret,
    neighbourSecret,
    root,
    nest,
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async close() {
      delete process.env[VARIABLE]
      server.close()
      await once(server, 'close')
      rmSync(root, { recursive: true })
    },
  }
}
