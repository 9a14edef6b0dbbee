/** `ccl fmt`: writes texts in their one layout; `--repair` mends what mails left in them. */
import { check, format, formatDiagnostics, repair } from '@planetary-mesh/ccl-compiler'
import { EXIT, type Exit } from '../cli/exit.ts'
import { note, print } from '../cli/terminal.ts'
import { writeNew } from '../files/write-outputs.ts'
import { readText, summary } from './read-text.ts'

type Options = { check?: true; repair?: true }

/** With `check` nothing is written: exit code 1 if a file would change. `-` goes to stdout. */
export async function formatFiles(files: readonly string[], options: Options): Promise<Exit> {
  let exit: Exit = EXIT.done
  for (const file of files) {
    const text = await readText(file)
    const mended = options.repair === true ? repair(text) : text
    const laidOut = format(mended)
    if (laidOut === null) {
      const { diagnostics } = check(mended, { file })
      note(`${formatDiagnostics(diagnostics, mended)}${summary(diagnostics)}\n`)
      return EXIT.usage
    }
    if (options.check === true) {
      if (laidOut === text) continue
      print(`${file}: not formatted\n`)
      exit = EXIT.refused
    } else if (file === '-') print(laidOut)
    else if (laidOut !== text) await writeNew(file, new TextEncoder().encode(laidOut), true)
  }
  return exit
}
