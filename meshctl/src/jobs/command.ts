/** The commands of a job's life over a running mesh, from submit to result. */
import { LIMITS, PRIORITIES } from '@planetary-mesh/spec/bare'
import { type Command, Option } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { wholeNumber } from '../cli/numbers.ts'
import { collected, example } from '../cli/options.ts'
import type { AcceptOptions } from './accept.ts'
import type { JobIdOptions } from './bids.ts'
import type { LogsOptions, ResultOptions } from './outputs.ts'
import type { StatusOptions } from './status.ts'
import type { SubmitOptions } from './submit.ts'
import type { MeshOptions } from './with-mesh.ts'

type Ends = (exit: Exit) => void

const LIST_DEFAULT = 50

export function addJobs(program: Command, ends: Ends): void {
  addSubmit(program, ends)
  addBidding(program, ends)
  addWatching(program, ends)
  addOutputs(program, ends)
  addToken(program, ends)
}

/** What every command that asks a node has. */
function asking(command: Command, shown: string): Command {
  return command
    .option('--node <name>', 'ask this node: name, DID or prefix (default: the one in your config)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example(`meshctl ${shown}`))
}

/** And of one job. */
const ofJob = (command: Command, shown: string) =>
  asking(
    command.requiredOption('--job-id <id>', "the job's CID, or its beginning of 8 characters"),
    shown,
  )

function addSubmit(program: Command, ends: Ends): void {
  const command = program
    .command('submit-job')
    .summary('submit a job to the mesh')
    .description(
      'Submits a job: a module with its inputs, or what a CCL program asks for. Manifest and hold\n' +
        'are sealed with your key here. Prints the job id; with --wait, follows it to its end.',
    )
    .option('--wasm <file|cid>', 'the module; a CID names one that the mesh has')
    .option('--ccl <file>', 'submit what this CCL program asks for')
    .option('--description <text>', 'what the job is, for people')
    .option(
      '--resource-amount <units>',
      `the most it may cost (default: ${LIMITS.resourceAmountDefault})`,
      wholeNumber(1),
    )
    .option('--input <[name=]file|cid>', 'a file at /in/NAME (repeatable)', collected)
    .option('--arg <text>', 'an argument for the guest (repeatable)', collected)
    .option('--env <name=value>', 'a variable for the guest (repeatable)', collected)
    .option('--stdin <file|cid>', "the guest's stdin (default: empty)")
    .addOption(new Option('--priority <word>', 'default: medium').choices(PRIORITIES))
    .option('--scope <name>', 'where the units are spent (default: that of the token)')
    .addOption(
      new Option('--resource-type <word>', 'default: compute').choices([
        'compute',
        'storage',
        'bandwidth',
      ]),
    )
    .option('--token <cid>', 'the token that pays (default: the one with the most left)')
    .option('--min-memory <mb>', 'memory a node must have (default: 512)', wholeNumber(1, 2048))
    .option('--min-cpu <cores>', 'free cores a node must have (default: 2)', wholeNumber(0, 1024))
    .option('--deadline <seconds>', 'default: 600', wholeNumber(1, 10 ** 9))
    .option('--max-bid <units>', 'the highest price (default: the amount)', wholeNumber(0))
    .option('--auto', 'let home take the best bid, without you')
    .option('--wait', 'follow the job to its end')
    .option('--detach', 'do not (the default)')
    .option('--dry-run', 'say what would run and cost, and send nothing')
  asking(
    command,
    'submit-job --wasm example.wasm --description "Data analysis" --resource-amount 500',
  ).action(async (options: SubmitOptions) => {
    const { submitJob } = await import('./submit.ts')
    ends(await submitJob(options))
  })
}

function addBidding(program: Command, ends: Ends): void {
  ofJob(
    program
      .command('get-bids')
      .summary('show the bids on a job')
      .description('Shows the bids that are signed for this job, or why nobody bids.'),
    'get-bids --job-id bafyreib…',
  ).action(async (options: JobIdOptions) => {
    const { getBids } = await import('./bids.ts')
    ends(await getBids(options))
  })
  ofJob(
    program
      .command('accept-bid')
      .summary('give your job to a bidder')
      .description(
        'Gives your job to a bidder and follows it to its receipt. Exit code 0 only if both check\n' +
          'marks are ✓ and the guest exited with 0. Ctrl-C stops the following, not the job.',
      )
      .requiredOption('--node-id <name>', "the bidder's name, DID or prefix")
      .option('--detach', 'do not follow'),
    'accept-bid --job-id bafyreib… --node-id mesh-node-2',
  ).action(async (options: AcceptOptions) => {
    const { acceptBid } = await import('./accept.ts')
    ends(await acceptBid(options))
  })
  ofJob(
    program
      .command('cancel-job')
      .summary('cancel your job')
      .description('Cancels your job. Before it runs nothing is charged; after, what it used.'),
    'cancel-job --job-id bafyreib…',
  ).action(async (options: JobIdOptions) => {
    const { cancelJob } = await import('./status.ts')
    ends(await cancelJob(options))
  })
}

function addWatching(program: Command, ends: Ends): void {
  ofJob(
    program
      .command('job-status')
      .summary('show where a job stands')
      .description('Shows where a job stands, and the check marks once it has a receipt.')
      .option('--follow', 'follow it to its end; exit code as of accept-bid'),
    'job-status --job-id bafyreib… --follow',
  ).action(async (options: StatusOptions) => {
    const { jobStatus } = await import('./status.ts')
    ends(await jobStatus(options))
  })
  asking(
    program
      .command('list-jobs')
      .summary('list the jobs in the log, the newest first')
      .description('Lists the jobs that are in the log, the newest first.')
      .option(
        '--limit <n>',
        `how many (default: ${LIST_DEFAULT})`,
        wholeNumber(1, LIMITS.controlListMax),
        LIST_DEFAULT,
      )
      .option('--mine', 'only those that you submitted'),
    'list-jobs --limit 10',
  ).action(async (options: MeshOptions & { limit: number; mine?: true }) => {
    const { listJobs } = await import('./list.ts')
    ends(await listJobs(options))
  })
}

function addOutputs(program: Command, ends: Ends): void {
  ofJob(
    program
      .command('logs')
      .summary("print a job's stdout and stderr")
      .description(
        'Prints what the guest wrote to stdout and stderr, once it has ended; with --follow as it\n' +
          'runs. That is signed by nobody until the receipt is there, and is compared with it then.\n' +
          'Control characters are shown, not obeyed, unless --raw.',
      )
      .option('--follow', 'print what it writes while it runs, and wait for the end')
      .option('--raw', 'the bytes as they are'),
    'logs --job-id bafyreib… --follow',
  ).action(async (options: LogsOptions) => {
    const { printLogs } = await import('./outputs.ts')
    ends(await printLogs(options))
  })
  ofJob(
    program
      .command('result')
      .summary('list or write the files a job left in /out')
      .description(
        'Lists the files that a job left in /out, or writes them to a folder. A result whose\n' +
          'receipt does not verify is refused.',
      )
      .option('-o, --output <dir>', 'write them to this folder')
      .option('--force', 'write over files that are there'),
    'result --job-id bafyreib… -o results',
  ).action(async (options: ResultOptions) => {
    const { writeResult } = await import('./outputs.ts')
    ends(await writeResult(options))
  })
}

function addToken(program: Command, ends: Ends): void {
  const token = program
    .command('token')
    .summary('show your resource tokens')
    .description('Shows your resource tokens: what you may spend, and where.')
  asking(
    token.command('list').description('Lists your tokens and what is left on them.'),
    'token list --json',
  ).action(async (options: MeshOptions) => {
    const { listTokens } = await import('./tokens.ts')
    ends(await listTokens(options))
  })
  asking(
    token
      .command('show')
      .description('Shows one of your tokens.')
      .argument('<id>', 'its CID, or its beginning of at least 8 characters'),
    'token show bafyreib…',
  ).action(async (id: string, options: MeshOptions) => {
    const { showToken } = await import('./tokens.ts')
    ends(await showToken(id, options))
  })
}
