/**
 * The program of a slot in a checkout: `child.ts`, its types stripped from Node's compile cache
 * where they are already. See src/slot/stripped-sources.ts.
 */
import module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const room = fileURLToPath(new URL('..', import.meta.url))
module.enableCompileCache(join(dirname(room), 'node_modules', '.cache', 'node-compile'))
await import('../src/slot/child.ts')
