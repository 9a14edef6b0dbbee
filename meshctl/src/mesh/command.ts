/** The commands that make, run and look at a mesh: init, up, down, node, federation, and so on. */
import { LIMITS } from '@planetary-mesh/spec/bare'
import { type Command, InvalidArgumentError } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { wholeNumber } from '../cli/numbers.ts'
import { example } from '../cli/options.ts'
import type { InitOptions } from './init.ts'
import type { NodeStartOptions } from './node-start.ts'
import type { UpOptions } from './up.ts'

type Ends = (exit: Exit) => void
type AskOptions = { node?: string; json?: true }

const JSON_FLAG = ['--json', 'print one JSON object'] as const
const NODE_FLAG = ['--node <node>', 'the node to ask: name, DID or prefix'] as const

export function addInit(program: Command, ends: Ends): void {
  program
    .command('init')
    .summary('make a home: a key, a charter to trust, a token')
    .description(
      'Makes your home: a key of your own and, unless you name the charter of a federation that ' +
        'is there, a federation on this machine with three nodes, three federation members and ' +
        'a token of 1,000,000 compute units for 30 days. Never writes over a home that is there.',
    )
    .option('--charter <cid|file>', 'trust this genesis charter instead of founding a federation')
    .option('--name <name>', 'what you are called in the charter', 'member-1')
    .option('--federation <name>', 'what the federation is called', 'local')
    .option('--policy <file>', 'policies in CCL for the federation that is founded')
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl init --name alice'))
    .action(async (options: InitOptions) => {
      const { init } = await import('./init.ts')
      ends(await init(options))
    })
}

export function addUp(program: Command, ends: Ends): void {
  program
    .command('up')
    .summary('start the processes of your home')
    .description(
      'Starts the processes of your home, and makes the home if there is none. Waits until each ' +
        'of them serves. They end with this command, unless --detach leaves them running; what ' +
        'they say goes to nodes/NAME/log.jsonl in the home.',
    )
    .option('--nodes <n>', 'how many mesh nodes (default: all, 3 in a new home)', parseCount)
    .option('--federation <n>', 'how many federation members (default: all, 3)', parseCount)
    .option('--listen <address>', 'where they listen, as a multiaddr (default: loopback)')
    .option('--detach', 'leave them running and return')
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl up --detach'))
    .action(async (options: UpOptions) => {
      const { up } = await import('./up.ts')
      ends(await up(options))
    })
}

export function addDown(program: Command, ends: Ends): void {
  program
    .command('down')
    .summary('stop the processes of your home')
    .description('Stops every process of your home that runs, and waits until none is left.')
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl down'))
    .action(async (options: { json?: true }) => {
      const { down } = await import('./down.ts')
      ends(await down(options))
    })
}

export function addNode(program: Command, ends: Ends): void {
  const node = program.command('node').summary('a node on this machine').description('Runs nodes.')
  node
    .command('start')
    .description(
      'Runs a node on this machine until it is stopped. With --join it is first entered in the ' +
        'federation that the line invites to; afterwards it starts without.',
    )
    .option('--join <line>', 'what `meshctl federation invite` printed on another machine')
    .option('--name <name>', 'what it is called in the charter (default: as this machine)')
    .option('--listen <address>', 'where it listens, as a multiaddr (default: loopback)')
    .option('--location <place>', 'where it says it is')
    .option('--home <folder>', 'the home it belongs to (default: yours)')
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl node start --join mesh-join:… --name lab-1'))
    .action(async (options: NodeStartOptions) => {
      const { startNode } = await import('./node-start.ts')
      ends(await startNode(options))
    })
}

export function addFederation(program: Command, ends: Ends): void {
  const federation = program
    .command('federation')
    .summary('invite to the federation, and see how it is')
    .description('The federation: who may join it, how it is, what it judged.')
  federation
    .command('invite')
    .description('Prints one line with which one machine may join. Keep it like a password.')
    .option('--role <role>', 'as what: executor, home, verifier or witness', 'executor')
    .option('--expires <time>', 'for how long: 90s, 10m, 1h, 7d; 30d at most', '1h')
    .option('--node <node>', 'the process that invites (default: one with the key of an admin)')
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl federation invite --expires 10m'))
    .action(async (options: AskOptions & { role: string; expires: string }) => {
      const { invite, parseExpires } = await import('./federation.ts')
      ends(await invite({ ...options, expires: parseExpires(options.expires) }))
    })
  federation
    .command('status')
    .description('Shows the charter in force, the log, and who of the federation is there.')
    .option(...NODE_FLAG)
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl federation status'))
    .action(async (options: AskOptions) => {
      const { status } = await import('./federation.ts')
      ends(await status(options))
    })
  federation
    .command('verdicts')
    .description('Shows the newest receipts and what each verifier says of them.')
    .option(
      '--limit <n>',
      'how many receipts (default: 20)',
      wholeNumber(1, LIMITS.controlListMax),
      20,
    )
    .option(...NODE_FLAG)
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl federation verdicts --limit 5'))
    .action(async (options: AskOptions & { limit: number }) => {
      const { verdicts } = await import('./federation.ts')
      ends(await verdicts(options))
    })
}

export function addListNodes(program: Command, ends: Ends): void {
  program
    .command('list-nodes')
    .summary('list the machines of the federation')
    .description('Lists the machines of the federation with their state and what they offer.')
    .option(...NODE_FLAG)
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl list-nodes'))
    .action(async (options: AskOptions) => {
      const { listNodes } = await import('./list-nodes.ts')
      ends(await listNodes(options))
    })
}

export function addPolicy(program: Command, ends: Ends): void {
  const policy = program
    .command('policy')
    .summary('show the rules for using tokens')
    .description('The policies of the charter in force.')
  policy
    .command('show')
    .description('Shows by which rules tokens may be used, by scope and resource, and who issues.')
    .option(...NODE_FLAG)
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl policy show'))
    .action(async (options: AskOptions) => {
      const { showPolicies } = await import('./policy.ts')
      ends(await showPolicies(options))
    })
}

export function addGc(program: Command, ends: Ends): void {
  program
    .command('gc')
    .summary('delete outputs that are older than the charter keeps them')
    .description(
      'Deletes outputs of jobs that are older than the charter keeps them from the stores of ' +
        'this home. A process that runs keeps its store: stop it first.',
    )
    .option('--dry-run', 'only say what would be deleted')
    .option(...JSON_FLAG)
    .addHelpText('after', example('meshctl gc --dry-run'))
    .action(async (options: { dryRun?: true; json?: true }) => {
      const { collectGarbage } = await import('./gc.ts')
      ends(await collectGarbage(options))
    })
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected a number from 1 to 9999.')
}
