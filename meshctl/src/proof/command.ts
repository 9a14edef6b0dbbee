/** `meshctl verify` and `meshctl receipt show`: what a file or a mesh proves about a job. */
import type { Command } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { example } from '../cli/options.ts'
import type { Ports } from '../cli/program.ts'

export type VerifyOptions = {
  from?: string
  node?: string
  charter?: string
  replay: boolean
  json?: true
}

const ID = "a job's or receipt's CID, or its beginning of at least 8 characters"
const ID_OR_FIRST = `${ID}; of a file, by default its first root`
const NODE = 'without --from: ask this node (default: the one in your config)'

export function addVerify(program: Command, ends: (exit: Exit) => void, ports: Ports): void {
  program
    .command('verify')
    .summary('check a receipt, running the job again')
    .description(
      'Checks a receipt from a CAR file, or over your node from a store that is not the\n' +
        "executor's: the chain of records, the log, the verdicts, and the run itself by doing it\n" +
        'again. Exit code 0 only if both check marks are ✓, else 1.',
    )
    .argument('[id]', ID_OR_FIRST)
    .option('--from <car>', 'the CAR file to read (default: ask the mesh)')
    .option('--node <name>', NODE)
    .option('--charter <cid>', 'the genesis charter that you trust (default: the one you pinned)')
    .option('--no-replay', 'do not run the job again')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl verify --from demo.car --charter bafyreif…'))
    .action(async (receipt: string | undefined, options: VerifyOptions) => {
      const { verify } = await import('./verify.ts')
      ends(await verify(receipt, options, ports.openSandbox))
    })
}

export function addReceipt(program: Command, ends: (exit: Exit) => void): void {
  const receipt = program
    .command('receipt')
    .summary('show a receipt')
    .description('Shows receipts.')
  receipt
    .command('show')
    .description(
      "Shows a receipt's fields. Lines marked (derived) are not in the receipt: this reader " +
        'found them in the log.',
    )
    .argument('[id]', ID_OR_FIRST)
    .option('--from <car>', 'the CAR file to read (default: ask the mesh)')
    .option('--node <name>', NODE)
    .option('--charter <cid>', 'the genesis charter that you trust (default: the one you pinned)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl receipt show bafyreic… --from demo.car'))
    .action(async (id: string | undefined, options: VerifyOptions) => {
      const { show } = await import('./verify.ts')
      ends(await show(id, options))
    })
}
