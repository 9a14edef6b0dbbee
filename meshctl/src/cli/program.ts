/** The whole command: which commands there are, and how each of them ends. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addCcl } from '../ccl/command.ts'
import { addNew } from '../ccl/new-command.ts'
import { addDemo } from '../demo/command.ts'
import { addGet, addPut } from '../files/command.ts'
import { addJobs } from '../jobs/command.ts'
import {
  addDown,
  addFederation,
  addGc,
  addInit,
  addListNodes,
  addNode,
  addPolicy,
  addUp,
} from '../mesh/command.ts'
import { addReceipt, addVerify } from '../proof/command.ts'
import { addRun } from '../run/command.ts'
import { EXIT, type Exit } from './exit.ts'
import { example } from './options.ts'
import { note, print } from './terminal.ts'
import type { OpenSandbox } from './with-sandbox.ts'

/** What a command takes from outside; each of it is the real thing where it is left out. */
export type Ports = { openSandbox?: OpenSandbox }

/** Runs what `args` say (without program names) and gives the exit code; never throws. */
export async function runMeshctl(args: readonly string[], ports: Ports = {}): Promise<Exit> {
  let exit: Exit = EXIT.done
  const words = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  const json = words.includes('--json')
  const program = meshctl((ended) => {
    exit = ended
  }, ports)
  try {
    await program.parseAsync(args, { from: 'user' })
    return exit
  } catch (thrown) {
    // --help, and help that was printed because a command is missing
    if (thrown instanceof CommanderError && thrown.code.startsWith('commander.help')) {
      return thrown.exitCode === 0 ? EXIT.done : EXIT.usage
    }
    if (thrown instanceof CommanderError && thrown.code === 'commander.version') return EXIT.done
    const { jsonOf, sentenceOf, tell } = await import('./errors.ts')
    const told = tell(thrown)
    if (json) print(jsonOf(told))
    else note(sentenceOf(told))
    return told.exit
  }
}

function meshctl(ends: (exit: Exit) => void, ports: Ports): Command {
  const program = new Command('meshctl')
    .description('The hands of Planetary Mesh: run jobs, and check what others ran.')
    .version(versionOf(), '--version', 'print the version')
    .addHelpText('after', example('meshctl demo'))
    .exitOverride()
    // what is wrong is told once, by `runMeshctl`
    .configureOutput({ outputError: () => {} })
    .helpCommand(true)
  addDemo(program, ends)
  addInit(program, ends)
  addUp(program, ends)
  addDown(program, ends)
  addListNodes(program, ends)
  addPolicy(program, ends)
  addFederation(program, ends)
  addNode(program, ends)
  addGc(program, ends)
  addJobs(program, ends)
  addRun(program, ends, ports)
  addVerify(program, ends, ports)
  addReceipt(program, ends)
  addCcl(program, ends)
  addNew(program, ends)
  addPut(program, ends)
  addGet(program, ends)
  return program
}

function versionOf(): string {
  const file = new URL('../../package.json', import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}
