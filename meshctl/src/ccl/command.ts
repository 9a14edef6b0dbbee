/** `meshctl ccl`: checks, compiles, formats, tests and tries CCL. */
import type { Command } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { collected, example } from '../cli/options.ts'

export { addNew } from './new-command.ts'

type Json = { json?: boolean }

const JSON_OPTION = ['--json', 'print one JSON object'] as const
const UNIT_OPTION = ['-u, --unit <name>', 'the policy or selection, if there are several'] as const
const FILE = ['<file>', 'a CCL text, or - for stdin'] as const

export function addCcl(program: Command, ends: (exit: Exit) => void): void {
  const ccl = program
    .command('ccl')
    .summary('check, compile, test and format CCL, the policy language')
    .description('Checks, compiles, tests and formats CCL, the policy language.')
  ccl
    .command('check')
    .description('Says whether a CCL text compiles, and if not, where and why.')
    .argument(...FILE)
    .option(...JSON_OPTION)
    .addHelpText('after', example('meshctl ccl check job.ccl'))
    .action(async (file: string, { json }: Json) => {
      const { checkFile } = await import('./compile-file.ts')
      ends(await checkFile(file, json))
    })
  ccl
    .command('lint')
    .description('Checks, and gives advice: rules without a reason, rules that no test sees.')
    .argument(...FILE)
    .option(...JSON_OPTION)
    .addHelpText('after', example('meshctl ccl lint policy.ccl'))
    .action(async (file: string, { json }: Json) => {
      const { checkFile } = await import('./compile-file.ts')
      ends(await checkFile(file, json, true))
    })
  ccl
    .command('build')
    .description('Compiles a CCL text to a WebAssembly module.')
    .argument(...FILE)
    .option('-o, --output <file>', 'where the module goes, - for stdout (default: FILE.wasm)')
    .option(...UNIT_OPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', example('meshctl ccl build job.ccl -o job.wasm'))
    .action(async (file: string, options: Json & { output?: string; unit?: string }) => {
      const { buildFile } = await import('./compile-file.ts')
      ends(await buildFile(file, options))
    })
  ccl
    .command('fmt')
    .description('Writes CCL texts in their one layout; - goes to stdout.')
    .argument('<files...>', 'CCL texts')
    .option('--check', 'write nothing; exit code 1 if a text would change')
    .option('--repair', 'mend typographic quotes, dashes, spaces and decimal commas first')
    .addHelpText('after', example('meshctl ccl fmt policy.ccl'))
    .action(async (files: string[], options: { check?: true; repair?: true }) => {
      const { formatFiles } = await import('./format-files.ts')
      ends(await formatFiles(files, options))
    })
  ccl
    .command('test')
    .description('Runs the tests that stand in CCL texts.')
    .argument('<files...>', 'CCL texts')
    .option(...JSON_OPTION)
    .addHelpText('after', example('meshctl ccl test policy.ccl'))
    .action(async (files: string[], { json }: Json) => {
      const { testFiles } = await import('./test-files.ts')
      ends(await testFiles(files, json))
    })
  addAsking(ccl, ends)
}

/** Commands that ask a text something. */
function addAsking(ccl: Command, ends: (exit: Exit) => void): void {
  ccl
    .command('eval')
    .description('Decides one request: exit code 0 for allow, 1 for deny.')
    .argument(...FILE)
    .option('-i, --input <file>', 'the request as JSON')
    .option('-s, --set <path=value>', 'one value of the request; several times', collected)
    .option(...UNIT_OPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', example('meshctl ccl eval quota.ccl -s request.amount=5 -i request.json'))
    .action(async (file: string, options: Json & { input?: string; set?: string[] }) => {
      const { evalFile } = await import('./eval-file.ts')
      ends(await evalFile(file, options))
    })
  ccl
    .command('cost')
    .description('Says how many steps each rule takes at most, and what that is in cu.')
    .argument(...FILE)
    .option(...JSON_OPTION)
    .addHelpText('after', example('meshctl ccl cost policy.ccl'))
    .action(async (file: string, { json }: Json) => {
      const { costFile } = await import('./show-file.ts')
      ends(await costFile(file, json))
    })
  ccl
    .command('inspect')
    .description('Lists what is in a text, and what of it nothing acts on.')
    .argument(...FILE)
    .option(...JSON_OPTION)
    .addHelpText('after', example('meshctl ccl inspect job.ccl'))
    .action(async (file: string, { json }: Json) => {
      const { inspectFile } = await import('./show-file.ts')
      ends(await inspectFile(file, json))
    })
}
