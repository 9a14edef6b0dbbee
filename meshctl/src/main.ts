/** What `bin/start.js` imports: runs the command line of this process. */
import { runMeshctl } from './cli/program.ts'

process.exitCode = await runMeshctl(process.argv.slice(2))
