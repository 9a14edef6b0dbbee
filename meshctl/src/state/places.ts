/** Where a person's things lie: `$PLANETARY_MESH_HOME`, else `~/.planetary-mesh` (decisions 16). */
import { stat } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'

export const homeFolder = () =>
  process.env.PLANETARY_MESH_HOME || join(homedir() || userInfo().homedir, '.planetary-mesh')

/** TOML: which node speaks for her, and how her federation is called. */
export const configFile = (home: string) => join(home, 'config.toml')

/** Her Ed25519 key, 0600: the file that `writeKeyFile` of the room peer writes. */
export const keyFile = (home: string) => join(home, 'key')

/** The genesis charter that she trusts: its CID, one line of text. */
export const pinFile = (home: string) => join(home, 'genesis.cid')

/** The block of that charter, where it is known. */
export const charterFile = (home: string) => join(home, 'charter.dag-cbor')

/** Sealed tokens that she holds, a block in each file. */
export const tokensFolder = (home: string) => join(home, 'tokens')

/** The key that issues tokens in a federation that was founded here, 0600. */
export const issuerKeyFile = (home: string) => join(home, 'issuer.key')

/** One folder for the state of each process that runs here, called as it is in the charter. */
export const nodesFolder = (home: string) => join(home, 'nodes')

export const nodeFolder = (home: string, name: string) => join(nodesFolder(home), name)

/** What a process that was started in the background writes to its stderr. */
export const nodeLogFile = (folder: string) => join(folder, 'log.jsonl')

/** The LevelDB of a process. */
export const storeFolder = (folder: string) => join(folder, 'store')

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )
