/**
 * A person's own folder, opened: who she is, which federation she trusts, what she may spend, and
 * how the nodes that run here are asked. Nothing is written here. Source: decisions 8, 11, 16.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ControlClient, isMissing, openControlClient, readKeyFile } from '@planetary-mesh/peer'
import {
  attempt,
  Charter,
  type CID,
  open,
  parseCid,
  Refusal,
  type Signer,
  Token,
} from '@planetary-mesh/spec'
import { UsageError } from '../cli/errors.ts'
import { type HomeConfig, readHomeConfig } from './home-config.ts'
import { charterFile, homeFolder, keyFile, pinFile, tokensFolder } from './places.ts'
import { findNode } from './running.ts'

export type Home = {
  readonly folder: string
  readonly config: HomeConfig
  /** The node that speaks for her, as she named it or as the config does. */
  readonly node: string
  readonly genesis: CID
  /** The genesis charter; refuses CHARTER_UNKNOWN where only its CID is pinned. */
  charter(): Charter
  signer(): Signer
  /** Every token that is kept here, the newest expiry first. */
  tokens(): readonly Token[]
  /**
   * Asks a node that runs here, by name, DID or prefix; her own without one. Refuses NODE_AWAY
   * when it does not run. Whoever opens it closes it.
   */
  control(name?: string): Promise<ControlClient>
}

/** Opens a home. Refuses HOME_MISSING before `meshctl init`, and with a code what was altered. */
export async function openHome(given: { folder?: string; node?: string } = {}): Promise<Home> {
  const folder = resolve(given.folder ?? homeFolder())
  const config = await readHomeConfig(folder)
  const node = given.node ?? config.node
  const [genesis, key, tokens] = await Promise.all([
    readPin(folder),
    readKeyFile(keyFile(folder)),
    readTokens(folder),
  ])
  const charter = await readCharter(folder, genesis)
  return {
    folder,
    config,
    node,
    genesis,
    charter() {
      if (charter !== undefined) return charter
      throw new Refusal('CHARTER_UNKNOWN', `${genesis} is pinned, but its block is not here`)
    },
    signer: () => key.signer,
    tokens: () => tokens,
    async control(name = node) {
      const { control } = await findNode(folder, name, charter)
      return openControlClient(control)
    },
  }
}

async function readPin(folder: string): Promise<CID> {
  const text = await readFile(pinFile(folder), 'utf8').catch((thrown) => {
    if (!isMissing(thrown)) throw thrown
    throw new Refusal('HOME_MISSING', `${folder} pins no charter`)
  })
  const cid = attempt(() => parseCid(text.trim()))
  if (cid instanceof Refusal) throw new UsageError(`${pinFile(folder)}: ${cid.detail}`)
  return cid
}

/** The block is checked against the pin: whoever alters the file changes nothing else. */
async function readCharter(folder: string, genesis: CID): Promise<Charter | undefined> {
  const bytes = await readFile(charterFile(folder)).catch((thrown) => {
    if (isMissing(thrown)) return undefined
    throw thrown
  })
  return bytes && inFile(charterFile(folder), () => openCharter(bytes, genesis))
}

const openCharter = (bytes: Uint8Array, cid: CID) => open(Charter, Uint8Array.from(bytes), { cid })

/** What a file of hers is refused for, with the file. */
function inFile<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    throw new Refusal(cause.code, `${path}: ${cause.detail}`, { cause })
  }
}

async function readTokens(folder: string): Promise<Token[]> {
  const names = await readdir(tokensFolder(folder)).catch((thrown) => {
    if (isMissing(thrown)) return []
    throw thrown
  })
  const tokens: Token[] = []
  for (const name of names.filter((one) => one.endsWith('.dag-cbor')).sort()) {
    const path = join(tokensFolder(folder), name)
    const bytes = await readFile(path)
    tokens.push(inFile(path, () => open(Token, Uint8Array.from(bytes))))
  }
  const expiry = ({ body }: Token) => body.expiresAtMs ?? Number.POSITIVE_INFINITY
  return tokens.sort((a, b) => expiry(b) - expiry(a))
}
