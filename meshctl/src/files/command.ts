/** `meshctl put` and `get`: files into the mesh or a CAR file, and out of them. */
import type { Command } from 'commander'
import type { Exit } from '../cli/exit.ts'
import { example } from '../cli/options.ts'
import type { GetOptions } from './get.ts'
import type { PutOptions } from './put.ts'

export function addPut(program: Command, ends: (exit: Exit) => void): void {
  program
    .command('put')
    .summary('put files into the mesh or a CAR file and print their CIDs')
    .description(
      'Puts files and folders into the mesh, or with --to into a CAR file, and prints their CIDs.\n' +
        'The CAR file is made if it is not there; what it holds already stays.',
    )
    .argument('<files...>', 'files or folders, - for stdin')
    .option('--to <car>', 'the CAR file to add to (default: your node)')
    .option('--from <car>', 'the same as --to: the file that get and verify read --from')
    .option('--out <car>', 'the same as --to')
    .option('--node <name>', 'without --to: the node that keeps them (default: your own)')
    .option('--json', 'print one JSON object')
    .addHelpText('after', example('meshctl put ballots.csv job.wasm'))
    .action(async (files: string[], options: PutOptions) => {
      const { put } = await import('./put.ts')
      ends(await put(files, options))
    })
}

export function addGet(program: Command, ends: (exit: Exit) => void): void {
  program
    .command('get')
    .summary('get a file, a folder or a record by its CID')
    .description(
      'Gets a file, a folder or a record from the mesh, or with --from out of a CAR file. A file\n' +
        'goes to stdout or to -o FILE, a folder to -o DIR (without it, its files are listed), a\n' +
        'record is printed as JSON.',
    )
    .argument('<cid>', 'the CID; of a CAR file its beginning is enough')
    .option('--from <car>', 'the CAR file to read (default: ask the mesh)')
    .option('--node <name>', 'without --from: the node to ask (default: your own)')
    .option('-o, --output <path>', 'where the file or the folder goes')
    .option('--force', 'write over what is there')
    .option('--json', 'print one JSON object about it')
    .addHelpText('after', example('meshctl get bafkreib… -o report.txt'))
    .action(async (cid: string, options: GetOptions) => {
      const { get } = await import('./get.ts')
      ends(await get(cid, options))
    })
}
