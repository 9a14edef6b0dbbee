/** `meshctl new`: the first lines of a CCL program, or the folder of a job's own program. */
import { type Command, Option } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { wholeNumber } from '../cli/numbers.ts'
import { collected, example } from '../cli/options.ts'
import type { NewOptions } from './new-program.ts'

/** The languages of the templates of `new job`. */
const LANGUAGES = ['c', 'as', 'js'] as const
export type Language = (typeof LANGUAGES)[number]

export function addNew(program: Command, ends: (exit: Exit) => void): void {
  const made = program
    .command('new')
    .summary('begin a job: its program, or the CCL that submits it')
    .description('Begins something new.')
  made
    .command('ccl')
    .description('Prints, or writes, a CCL program that submits a module; change it as you like.')
    .requiredOption('--wasm <file>', 'the module')
    .option('--input <[name=]file>', 'an input at /in/NAME (repeatable)', collected)
    .option('--arg <text>', 'an argument for the guest (repeatable)', collected)
    .option('--description <text>', 'what the job is, for people')
    .option('--resource-amount <units>', 'the most it may cost (default: 100)', wholeNumber(1))
    .option('-o, --output <file>', 'where it goes (default: stdout)')
    .option('--force', 'write over what is there')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl new ccl --wasm job.wasm --input data.csv -o job.ccl'))
    .action(async (options: NewOptions) => {
      const { newProgram } = await import('./new-program.ts')
      ends(await newProgram(options))
    })
  made
    .command('job')
    .description(
      'Makes a folder with a small job and what builds it: in C, AssemblyScript or JavaScript.',
    )
    .argument('[folder]', 'where it goes; it must not be there yet', 'job')
    .addOption(new Option('--lang <name>', 'the language').choices(LANGUAGES).makeOptionMandatory())
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl new job --lang c word-count'))
    .action(async (folder: string, options: { lang: Language; json?: true }) => {
      const { newJob } = await import('../jobs/new-job.ts')
      ends(await newJob(folder, options))
    })
}
