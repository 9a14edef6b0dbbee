/** What `bin/ccl.js` imports: runs the command line of this process. */
import { runCcl } from './run-ccl.ts'

process.exitCode = await runCcl(process.argv.slice(2), 'ccl')
