/**
 * `meshctl run`: one module in the sandbox alone, without a mesh. The clock starts at 0 and the
 * seed is the module's CID, so that the same command gives the same result everywhere.
 * Source: decisions 20.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseAmount } from '../cli/amounts.ts'
import type { Exit } from '../cli/exit.ts'
import { collected, example } from '../cli/options.ts'
import type { Ports } from '../cli/program.ts'

export const PAGE_BYTES = 65_536

/** `wasmer` answers through @wasmer/wasi, for comparison; its fuel and outcome are its own. */
const BACKENDS = ['mesh', 'wasmer'] as const

export type RunOptions = {
  arg?: string[]
  env?: string[]
  stdin?: string
  dir?: string[]
  input?: string[]
  fuel?: number
  memory?: number
  output?: string
  backend?: (typeof BACKENDS)[number]
  force?: true
  json?: true
}

export function addRun(program: Command, ends: (exit: Exit) => void, ports: Ports): void {
  program
    .command('run')
    .summary('run a WebAssembly module in the sandbox, without a mesh')
    .description(
      'Runs a WebAssembly module in the sandbox, without a mesh. Host files are copied into the\n' +
        "guest's virtual files and never touched. Exit code 0 if the guest exited with 0, else 1.",
    )
    .argument('<module>', 'a WebAssembly file, binary or text, or - for stdin')
    .argument('[args...]', 'more arguments for the guest, after those of --arg')
    .option('--arg <text>', 'an argument for the guest (repeatable)', collected)
    .option('--env <name=value>', 'a variable for the guest (repeatable)', collected)
    .option('--stdin <file>', "the guest's stdin, - for our own (default: empty)")
    .option('--dir <guest=hostdir>', 'copy a folder to GUEST (repeatable)', collected)
    .option('--input <[name=]file>', 'copy a file to /in/NAME (repeatable)', collected)
    .option('--fuel <amount>', 'the most fuel it may use (default: 100G)', parseAmount)
    .option('--memory <bytes>', 'the most memory it may use (default: 512MiB)', parseMemory)
    .addOption(
      new Option('--backend <name>', 'which sandbox; only the default is reproducible')
        .choices(BACKENDS)
        .default('mesh'),
    )
    .option('-o, --output <dir>', 'write the files that it left in /out to this folder')
    .option('--force', 'let --output write over files that are there')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl run job.wasm --input ballots.csv --fuel 5G --json'))
    .action(async (module: string, args: string[], options: RunOptions) => {
      const { runModule } = await import('./run-module.ts')
      const given = { ...options, arg: [...(options.arg ?? []), ...args] }
      ends(await runModule(module, given, ports.openSandbox))
    })
}

function parseMemory(text: string): number {
  const bytes = parseAmount(text)
  if (bytes < PAGE_BYTES) throw new InvalidArgumentError('The least is one page of 64KiB.')
  return bytes
}
