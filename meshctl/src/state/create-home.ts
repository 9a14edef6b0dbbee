/**
 * Makes a home: all of it or nothing, and never over one that is there. Keys are readable by their
 * owner alone.
 */
import { link, mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type DaemonConfigInput, writeConfig, writeKeyFile } from '@planetary-mesh/peer'
import {
  type Charter,
  type CID,
  type Did,
  Refusal,
  signerFromSeed,
  type Token,
} from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { makeFolder } from '../files/make-folder.ts'
import type { Federation } from './found-federation.ts'
import { homeConfigText } from './home-config.ts'
import {
  charterFile,
  configFile,
  issuerKeyFile,
  isThere,
  keyFile,
  nodeFolder,
  pinFile,
  tokensFolder,
} from './places.ts'

const PRIVATE = { mode: 0o600 } as const
const ANY_PORT = '/ip4/127.0.0.1/tcp/0'
const NODE_DEFAULT = 'mesh-node-1'
/** What a process of a machine that runs all of them may use. */
const LIMITS_LOCAL = { slots: 1, memory_mib: 1024 }

/** What her home holds beside the processes' folders; without a charter's block, its CID alone. */
export type Belongings = {
  seed: Uint8Array
  federation: string
  genesis: CID
  charter: Charter | undefined
  tokens: readonly Token[]
  /** The node that speaks for her. */
  node?: string
}

/** Refuses HOME_TAKEN when any of it is there already. `write` fills the folder it is given. */
async function createWhole(home: string, write: (draft: string) => Promise<void>): Promise<void> {
  await ensureFree(home, [configFile(home), keyFile(home)])
  const isNew = !(await isThere(home))
  const draft = await draftIn(home)
  try {
    await write(draft)
    // config.toml is what says that there is a home: it comes last
    const last = basename(configFile(home))
    const names = (await readdir(draft)).sort((a, b) => Number(a === last) - Number(b === last))
    const places = names.map((name) => join(home, name))
    await ensureFree(home, places)
    await claim(home, draft)
    for (const name of names) await rename(join(draft, name), join(home, name))
  } finally {
    await rm(draft, { recursive: true, force: true })
    // what was refused leaves no empty folder; one with a home in it stays
    if (isNew) await rmdir(home).catch(() => {})
  }
}

/** Her key under its name, if nothing is called so: of two that make a home at once, one does. */
async function claim(home: string, draft: string): Promise<void> {
  try {
    await link(keyFile(draft), keyFile(home))
  } catch (thrown) {
    if (Object(thrown).code !== 'EEXIST') throw thrown
    throw new Refusal('HOME_TAKEN', `${home} holds ${basename(keyFile(home))}`)
  }
}

/**
 * A folder in the home itself: a home may be a disk of its own, in a folder that is not hers. What
 * stands where the home is to be is a usage error.
 */
async function draftIn(home: string): Promise<string> {
  try {
    await makeFolder(home, 0o700)
    return await mkdtemp(join(home, '.new-'))
  } catch (thrown) {
    const code = Object(thrown).code
    throw new UsageError(
      `cannot make the home '${home}': ${code === 'ENOTDIR' || code === 'EEXIST' ? 'a file is in the way' : code}`,
      'say another folder in PLANETARY_MESH_HOME',
    )
  }
}

async function ensureFree(home: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (await isThere(path)) throw new Refusal('HOME_TAKEN', `${home} holds ${basename(path)}`)
  }
}

/** A home in somebody else's federation: no process runs here yet. Refuses HOME_TAKEN. */
export async function createMemberHome(home: string, given: Belongings): Promise<Did> {
  await createWhole(home, (draft) => writeBelongings(draft, given))
  return signerFromSeed(given.seed).did
}

/** A home with a federation of its own: the state folder of each of its processes, too. */
export async function createFoundersHome(home: string, founded: Federation): Promise<void> {
  const { charter, member, issuer, token, machines } = founded
  await createWhole(home, async (draft) => {
    await writeBelongings(draft, {
      seed: member.seed,
      federation: charter.body.name,
      genesis: charter.cid,
      charter,
      tokens: [token],
    })
    await writeKeyFile(issuerKeyFile(draft), issuer.seed)
    for (const machine of machines) await writeProcess(draft, charter, machine)
  })
}

async function writeBelongings(draft: string, given: Belongings): Promise<void> {
  const { genesis, charter, tokens } = given
  await writeKeyFile(keyFile(draft), given.seed)
  await writeFile(pinFile(draft), `${genesis}\n`)
  if (charter !== undefined) await writeFile(charterFile(draft), charter.bytes)
  await mkdir(tokensFolder(draft))
  for (const { cid, bytes } of tokens) {
    await writeFile(join(tokensFolder(draft), `${cid}.dag-cbor`), bytes, PRIVATE)
  }
  const config = { node: given.node ?? NODE_DEFAULT, federation: given.federation }
  await writeFile(configFile(draft), homeConfigText(config), PRIVATE)
}

async function writeProcess(
  draft: string,
  charter: Charter,
  { name, roles, location, seed, offer }: Federation['machines'][number],
): Promise<void> {
  const folder = nodeFolder(draft, name)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeKeyFile(keyFile(folder), seed)
  await writeFile(charterFile(folder), charter.bytes)
  await writeConfig(configFile(folder), {
    name,
    roles: roles.filter((role) => isPart(role)),
    genesis: `${charter.cid}`,
    writer: charter.body.writer,
    listen: [ANY_PORT],
    limits: LIMITS_LOCAL,
    price: {
      location,
      ...(offer !== null && { ppm: offer.pricePpm, fuel_per_ms: offer.fuelPerMs }),
    },
  })
}

type Part = DaemonConfigInput['roles'][number]
const PARTS: readonly string[] = ['home', 'executor', 'ledger', 'witness', 'verifier']

/** Whether a role of the charter is one that a process plays. */
const isPart = (role: string): role is Part => PARTS.includes(role)
