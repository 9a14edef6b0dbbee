/** `meshctl ccl`: the command `ccl` of the compiler's own room, under another name. */
import type { Command } from 'commander'
import type { Exit } from '../cli/exit.ts'

export { addNew } from './new-command.ts'

const NAME = 'ccl'

/** Words after `ccl` are not ours: they are passed on as they are, `--help` too. */
export function addCcl(program: Command, ends: (exit: Exit) => void): void {
  program
    .enablePositionalOptions()
    .command(NAME)
    .summary('check, compile, test and format CCL, the policy language')
    .helpOption(false)
    .argument('[words...]')
    .passThroughOptions()
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const { runCcl } = await import('@planetary-mesh/ccl-compiler/cli')
      ends(await runCcl(words, `${program.name()} ${NAME}`))
    })
}
