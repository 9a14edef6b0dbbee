/** `meshctl ccl`: checks and compiles CCL. */
import type { Command } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { example } from '../cli/options.ts'

export function addCcl(program: Command, ends: (exit: Exit) => void): void {
  const ccl = program
    .command('ccl')
    .summary('check and compile CCL, the policy language')
    .description('Checks and compiles CCL, the policy language.')
  ccl
    .command('check')
    .description('Says whether a CCL text compiles, and if not, where and why.')
    .argument('<file>', 'a CCL text, or - for stdin')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl ccl check job.ccl'))
    .action(async (file: string, { json }: { json?: true }) => {
      const { checkFile } = await import('./compile-file.ts')
      ends(await checkFile(file, json))
    })
  ccl
    .command('build')
    .description('Compiles a CCL text to a WebAssembly module.')
    .argument('<file>', 'a CCL text, or - for stdin')
    .option('-o, --output <file>', 'where the module goes, - for stdout (default: FILE.wasm)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl ccl build job.ccl -o job.wasm'))
    .action(async (file: string, options: { output?: string; json?: true }) => {
      const { buildFile } = await import('./compile-file.ts')
      ends(await buildFile(file, options))
    })
}
