/** `meshctl demo`: the main job on a mesh of its own, shown from bids to result. */
import { type Command, InvalidArgumentError } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { example } from '../cli/options.ts'
import type { DemoOptions } from './run-demo.ts'

export function addDemo(program: Command, ends: (exit: Exit) => void): void {
  program
    .command('demo')
    .summary('run the main example on a mesh of its own')
    .description(
      'Compiles an example, submits it to a mesh of three nodes and three federation members, ' +
        'six processes on this machine in a new home, and checks its receipt. Nothing of them is ' +
        'left afterwards. Exit code 0 only if both check marks are ✓.',
    )
    .option('--out <car>', 'write every block to this CAR file (default: into a new folder)')
    .option('--example <dir>', 'a folder with a job.ccl (default: the voting analysis)')
    .option('--stop <names>', 'stop these processes first, as a test: a,b', listed)
    .option('--extra <name=words>', 'words for the program of one process, as a test', extraOf)
    .option('--json', 'print one JSON object at the end')
    .addHelpText('after', example('meshctl demo --out demo.car'))
    .action(async (options: Pick<DemoOptions, 'out' | 'example' | 'stop' | 'extra' | 'json'>) => {
      const { runDemo } = await import('./run-demo.ts')
      ends(await runDemo(options))
    })
}

const listed = (text: string) => text.split(',').filter((name) => name !== '')

/** `mesh-node-2=--log-level debug`, once for each process. */
function extraOf(
  text: string,
  before: ReadonlyMap<string, readonly string[]> = new Map(),
): ReadonlyMap<string, readonly string[]> {
  const [, name = '', words = ''] = /^([^=]+)=(.+)$/.exec(text) ?? []
  if (name === '') throw new InvalidArgumentError('Expected NAME=WORDS.')
  return new Map(before).set(name, words.split(' '))
}
