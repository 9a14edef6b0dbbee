/**
 * A whole mesh in one process with a control API over real HTTP at bruno's (home and executor) or
 * anybody else's machine, and requests written by hand.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { type ControlClient, openControlClient } from '@planetary-mesh/peer'
import { type Control, type ControlOptions, openControl } from '@planetary-mesh/peer/network'
import { type Code, ErrorJson, openAny, Refusal } from '@planetary-mesh/spec'
import { fakeExec } from '../../test/mesh/fake-exec.ts'
import { type MeshOptions, openTestMesh, type TestMesh } from '../../test/mesh/harness.ts'
import { type Keeping, openKeeping } from '../src/keeping/find-keeper.ts'
import { type KeepFiles, openKeepFiles } from '../src/keeping/keep-files.ts'

export const TOKEN = 'a-token-for-tests-only'

export type Stand = {
  mesh: TestMesh
  /** At bruno's. */
  control: Control
  client: ControlClient
  /** What the APIs logged. */
  notices: string[]
  open(name: string, over?: Partial<ControlOptions>): Promise<[Control, ControlClient]>
  [Symbol.asyncDispose](): Promise<void>
}

/** Jobs are run without a sandbox, by `exec` where it is given; `over` is for bruno's API. */
export async function openStand(
  options: MeshOptions = {},
  over: Partial<ControlOptions> = {},
): Promise<Stand> {
  const mesh = await openTestMesh({ exec: (_name, { blocks }) => fakeExec(blocks), ...options })
  const opened: { control: Control; client: ControlClient }[] = []
  const notices: string[] = []
  const machineOf = (did: string) =>
    [...mesh.machines.values()].find(({ signer }) => signer.did === did)

  const open: Stand['open'] = async (name, over = {}) => {
    const { process, blocks } = mesh.machine(name)
    const control = await openControl({
      process,
      blocks,
      network: {
        isConnected: (did) => machineOf(did) !== undefined,
        multiaddrs: () => ['/ip4/127.0.0.1/tcp/4001'],
        async *pullLog(from, fromSize, signal) {
          const machine = machineOf(from)
          if (machine === undefined) throw new Refusal('PEER_AWAY', `nobody is ${from}`)
          yield* machine.process.logBlocks(fromSize, signal)
        },
      },
      about: { name, roles: [...process.states.keys()], version: '0.1.0', startedAtMs: 1 },
      storage: () => ({ usedBytes: 1, maxBytes: null }),
      keeping: keepingIn(mesh, name),
      token: TOKEN,
      port: 0,
      log: ({ message, detail }) => notices.push(`${message}: ${detail}`),
      ...over,
    })
    const client = openControlClient({ url: control.url, token: TOKEN })
    opened.push({ control, client })
    return [control, client]
  }

  const [control, client] = await open('bruno', over)
  return {
    mesh,
    control,
    client,
    notices,
    open,
    async [Symbol.asyncDispose]() {
      for (const { client } of opened) client.close()
      await Promise.all(opened.map(({ control }) => control.close()))
      await mesh.close()
    },
  }
}

/** How a home finds a keeper among the machines of `mesh`, and how each of them keeps. */
export function keepingIn(mesh: TestMesh, home: string): Keeping {
  const { signer } = mesh.machine(home)
  const charterNow = () => mesh.charter
  const machines = new Map<string, KeepFiles>()
  for (const { signer, blocks, process } of mesh.machines.values()) {
    const keepFiles = openKeepFiles({
      blocks,
      open: (bytes) => openAny(bytes),
      charterNow,
      isLogged: (job) => process.replica.ledger.jobs.has(job),
      storage: () => ({ usedBytes: 1, maxBytes: null }),
      nowMs: mesh.clock.nowMs,
    })
    machines.set(signer.did, keepFiles)
  }
  return openKeeping({
    self: signer.did,
    charterNow,
    isConnected: (did) => machines.has(did),
    ask: async (did, { bytes }, signal) => machines.get(did)?.(signer.did, bytes, signal),
    clock: mesh.clock,
    log: () => {},
  })
}

export type Raw = {
  method?: string
  headers?: OutgoingHttpHeaders
  /** Without `Authorization`. */
  tokenless?: boolean
  body?: Uint8Array | string
}

/** Begins a request by hand; its answer has begun, and `incoming` is what follows. */
export async function begin({ port }: Control, path: string, raw: Raw = {}) {
  const headers = {
    ...(raw.tokenless === true ? {} : { authorization: `Bearer ${TOKEN}` }),
    ...raw.headers,
  }
  const { method = 'GET' } = raw
  const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false })
  sent.end(raw.body)
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage]
  return { sent, incoming }
}

/** A request by hand and its whole answer. */
export async function ask(control: Control, path: string, raw: Raw = {}) {
  const { incoming } = await begin(control, path, raw)
  const parts: Uint8Array[] = []
  for await (const part of incoming) parts.push(part)
  const body = Buffer.concat(parts)
  return { status: incoming.statusCode as number, headers: incoming.headers, body }
}

/** The status and code of a request that is refused, whose body is an Error as the spec says. */
export async function refusedWith(control: Control, path: string, raw: Raw = {}) {
  const { status, headers, body } = await ask(control, path, raw)
  const { error } = ErrorJson.parse(JSON.parse(body.toString('utf8')))
  return { status, headers, error, line: `${status} ${error.code}` }
}

/** Asserts that it is refused with this code. */
export const refuses = (ask: () => Promise<unknown>, code: Code) =>
  assert.rejects(ask, (error) => error instanceof Refusal && error.code === code)
