/** `meshctl put` and `get`: files into a CAR file, and out of it. */
import type { Command } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { example } from '../cli/options.ts'
import type { GetOptions } from './get.ts'
import type { PutOptions } from './put.ts'

export function addPut(program: Command, ends: (exit: Exit) => void): void {
  program
    .command('put')
    .summary('add files to a CAR file and print their CIDs')
    .description(
      'Adds files and folders to a CAR file and prints their CIDs. The file is made if it is not ' +
        'there; what it holds already stays.',
    )
    .argument('<files...>', 'files or folders, - for stdin')
    .option('--to <car>', 'the CAR file to add to')
    .option('--from <car>', 'the same as --to: the file that get and verify read --from')
    .option('--out <car>', 'the same as --to')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl put ballots.csv job.wasm --to files.car'))
    .action(async (files: string[], options: PutOptions) => {
      const { put } = await import('./put.ts')
      ends(await put(files, options))
    })
}

export function addGet(program: Command, ends: (exit: Exit) => void): void {
  program
    .command('get')
    .summary('get a file, a folder or a record out of a CAR file')
    .description(
      'Gets a file, a folder or a record out of a CAR file. A file goes to stdout or to -o ' +
        'FILE, a folder to -o DIR (without it, its files are listed), a record is printed as JSON.',
    )
    .argument('<cid>', 'the CID, or its beginning of at least 8 characters')
    .requiredOption('--from <car>', 'the CAR file to read')
    .option('-o, --output <path>', 'where the file or the folder goes')
    .option('--force', 'write over what is there')
    .option('--json', 'print one JSON object about it')
    .addHelpText('after', example('meshctl get bafkreib… --from demo.car -o report.txt'))
    .action(async (cid: string, options: GetOptions) => {
      const { get } = await import('./get.ts')
      ends(await get(cid, options))
    })
}
