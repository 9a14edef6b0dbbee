/**
 * The One True AWK runs the programs of its own test folder, all but those that start another
 * process or jump. Its grammar is made by bison, as its own makefile has it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Program } from './program.ts'
import { run } from './sources.ts'

/** What starts a process: pipes to and from commands, `system`. */
const STARTS_PROCESS = /\|\s*(getline|["(a-z])|system\s*\(/
/**
 * They come to an `exit`, which AWK makes a longjmp (see wasi-lacks/setjmp.h); the last prints what
 * `random` gives, which is another in each C library.
 */
const LEFT_OUT = new Set([
  ...['p.41', 'p.48a', 'p.48b', 't.beginexit', 't.exit', 't.exit1', 't.format4', 't.longstr'],
  't.randk',
])

export const awk: Program = {
  name: 'awk',
  package: 'original-awk',
  prepare(directory) {
    run('bison', ['-d', 'awkgram.y', '-o', 'awkgram.tab.c', '-Wno-other'], directory)
    run('cc', ['-O1', '-w', 'maketab.c', '-o', 'maketab'], directory)
    run('sh', ['-c', './maketab awkgram.tab.h > proctab.c'], directory)
  },
  sources: () => [
    ...['awkgram.tab.c', 'b.c', 'main.c', 'parse.c', 'proctab.c'],
    ...['tran.c', 'lib.c', 'run.c', 'lex.c'],
  ],
  *cases(directory): Iterable<Case> {
    const tests = join(directory, 'testdir')
    const inputs = ['test.countries', 'test.data'].map((path) => ({
      path,
      bytes: readFileSync(join(tests, path)),
    }))
    for (const name of readdirSync(tests).sort()) {
      if (!/^[pt]\./.test(name) || LEFT_OUT.has(name)) continue
      const bytes = readFileSync(join(tests, name))
      if (STARTS_PROCESS.test(bytes.toString('latin1'))) continue
      const data = name.startsWith('p.') ? ['test.countries', 'test.countries'] : ['test.data']
      yield {
        says: name,
        args: ['-f', name, ...data],
        inputs: [...inputs, { path: name, bytes }],
      }
    }
  },
}
