/** `ccl fmt`: writes texts in their one layout; `--repair` mends what mails left in them. */
import { check } from '../check.ts'
import { format } from '../format/format.ts'
import { repair } from '../format/repair.ts'
import { EXIT, type Exit } from './exit.ts'
import { print, printJson } from './terminal.ts'
import { noteErrors, readText, writeFile } from './text-files.ts'

type Options = { check: boolean; repair: boolean; json: boolean }
/** `text` is there for stdin, whose layout goes nowhere else. */
type Laid = { file: string; changed: boolean; text?: string }

/** With `check` nothing is written: exit code 1 if a file would change. `-` goes to stdout. */
export async function formatFiles(files: readonly string[], options: Options): Promise<Exit> {
  const { json } = options
  const laid: Laid[] = []
  for (const file of files) {
    const text = await readText(file)
    const mended = options.repair ? repair(text) : text
    const laidOut = format(mended)
    if (laidOut === null) {
      const { diagnostics } = check(mended, { file })
      if (json) printJson({ ok: false, file, diagnostics })
      else noteErrors(diagnostics, mended)
      return EXIT.usage
    }
    const changed = laidOut !== text
    const toStdout = file === '-' && !options.check
    laid.push({ file, changed, ...(toStdout ? { text: laidOut } : {}) })
    if (toStdout && !json) print(laidOut)
    if (!options.check && file !== '-' && changed) {
      await writeFile(file, new TextEncoder().encode(laidOut))
    }
    if (options.check && changed && !json) print(`${file}: not formatted\n`)
  }
  const ok = !options.check || laid.every(({ changed }) => !changed)
  if (json) printJson({ ok, files: laid })
  return ok ? EXIT.done : EXIT.negative
}
