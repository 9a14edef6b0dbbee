/**
 * Joining a federation from a machine that has nothing but a join line: a key is made here, the
 * inviter enters it in the charter, and the folder holds all that a process needs to start.
 */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import {
  admit,
  Charter,
  type Did,
  decodeBlock,
  encodeBlock,
  open,
  parse,
  textOf,
} from '@planetary-mesh/spec'
import { openLevelDisk } from '../level/level-disk.ts'
import { openNode } from '../libp2p/node.ts'
import { ConfigError, type DaemonConfigInput, writeConfig } from './config.ts'
import { topicOf } from './daemon.ts'
import { configFileOf, keyFileOf, storeFolderOf, writeCharter } from './folder.ts'
import { INVITED_ROLES, type InvitedRole, parseJoinLine } from './join-line.ts'
import { JOIN_PROTOCOL, JoinAnswer } from './join-protocol.ts'
import { readKeyFile, writeKeyFile } from './key-file.ts'
import { hasFile } from './write-file.ts'

const SEED_BYTES = 32

export type Joined = { did: Did; name: string; role: InvitedRole; genesis: string }

/**
 * Makes `folder` the state folder of a new member called `name`. It may be tried again in the same
 * folder until it succeeds: the key stays the same. `config` says what the owner sets beyond that.
 * Refuses INVITE_MALFORMED, PEER_AWAY, what the inviter refuses (INVITE_UNKNOWN, INVITE_EXPIRED,
 * NAME_TAKEN, …), STORE_LOCKED; throws ConfigError where the folder holds a process already.
 */
export async function joinFederation(given: {
  line: string
  folder: string
  name: string
  config?: Omit<DaemonConfigInput, 'name' | 'roles' | 'genesis' | 'writer' | 'bootstrap'>
  signal?: AbortSignal
}): Promise<Joined> {
  const { folder, name, config = {} } = given
  const line = parseJoinLine(given.line)
  const { role, address, secret } = line
  if (await hasFile(configFileOf(folder))) {
    throw new ConfigError(`${folder} holds a process already`, 'start it, or give another folder')
  }
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const keyFile = keyFileOf(folder)
  if (!(await hasFile(keyFile))) await writeKeyFile(keyFile, randomBytes(SEED_BYTES))
  const { seed, signer } = await readKeyFile(keyFile)
  const genesis = textOf(line.genesis)
  const location = config.price?.location ?? ''
  const question = encodeBlock({ secret, name, role, location }).bytes

  await using opening = new AsyncDisposableStack()
  const disk = await openLevelDisk(storeFolderOf(folder))
  opening.defer(() => disk.close())
  const node = await openNode({
    seed,
    listen: [],
    topic: topicOf(genesis),
    isMember: () => false,
    validate: () => 'ignore',
    disk,
  })
  opening.defer(() => node.close())
  const bytes = await node.request(address, JOIN_PROTOCOL, question, given.signal)
  const answer = parse(JoinAnswer, decodeBlock(bytes), 'join answer')
  const charter = open(Charter, answer.charter, { cid: line.genesis })
  admit(charter.body.writer === line.writer, 'CHARTER_UNKNOWN', 'the line names another writer')
  await writeCharter(folder, charter)
  const bootstrap = [...new Set([address, ...answer.addresses])]
  const roles = INVITED_ROLES[role]
  const { writer } = line
  await writeConfig(configFileOf(folder), {
    ...config,
    ...{ name, roles: [...roles], genesis, writer, bootstrap },
  })
  return { did: signer.did, name, role, genesis }
}
