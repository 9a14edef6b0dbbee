/** `meshctl demo`: the main job on a mesh of its own, shown from bids to result. */
import type { Command } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { example } from '../cli/options.ts'

export function addDemo(program: Command, ends: (exit: Exit) => void): void {
  program
    .command('demo')
    .summary('run the main example on a mesh of its own')
    .description(
      'Compiles an example, submits it to a mesh of three nodes and three federation members in ' +
        'this process, and checks its receipt. Exit code 0 only if both check marks are ✓.',
    )
    .option('--out <car>', 'write every block to this CAR file (default: into a new folder)')
    .option('--example <dir>', 'a folder with a job.ccl (default: the voting analysis)')
    .option('--json', 'print one JSON object at the end')
    .addHelpText('after', example('meshctl demo --out demo.car'))
    .action(async (options: { out?: string; example?: string; json?: true }) => {
      const { runDemo } = await import('./run-demo.ts')
      ends(await runDemo(options))
    })
}
