/**
 * SQLite's own shell makes a database of 10 MB below `out/`, fills it, queries it, and opens it
 * again; the file is the same to the byte.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case, Program } from './program.ts'
import { run } from './sources.ts'

const SIZE_BYTES = 10_000_000
const here = new URL('./sql/', import.meta.url)
const script = (name: string) => readFileSync(new URL(name, here))

export const sqlite: Program = {
  name: 'sqlite',
  package: 'sqlite3',
  prepare(directory) {
    run('./configure', ['--disable-tcl'], directory)
    run('make', ['sqlite3.c', 'shell.c'], directory)
  },
  sources: (directory) => ['sqlite3.c', 'shell.c'].map((name) => join(directory, name)),
  flags: [
    ...['-DSQLITE_THREADSAFE=0', '-DSQLITE_OMIT_LOAD_EXTENSION', '-DSQLITE_OMIT_WAL'],
    ...['-DSQLITE_MAX_MMAP_SIZE=0', '-DSQLITE_OMIT_POPEN', '-DSQLITE_NOHAVE_SYSTEM'],
    ...['-DSQLITE_ENABLE_FTS5', '-DSQLITE_ENABLE_RTREE'],
  ],
  *cases(): Iterable<Case> {
    let database: Uint8Array = new Uint8Array(0)
    // WASI has no locks on files
    const unlocked = ['-vfs', 'unix-none']
    yield {
      says: 'creates, fills, queries and re-opens 10 MB',
      args: ['-batch', 'out/ballots.db'],
      wasmArgs: unlocked,
      stdin: Buffer.concat([script('fill.sql'), script('reopen.sql'), script('query.sql')]),
      check({ code, outputs, stdout }) {
        assert.equal(code, 0)
        assert.match(Buffer.from(stdout).toString(), /^ok$/m, 'the integrity check')
        database = outputs.get('ballots.db') ?? database
        assert(database.length >= SIZE_BYTES, `${database.length} bytes`)
      },
    }
    yield {
      says: 'reads that database as an input',
      args: ['-batch', '-readonly', 'ballots.db'],
      wasmArgs: unlocked,
      inputs: [{ path: 'ballots.db', bytes: database }],
      stdin: script('query.sql'),
    }
    yield {
      says: 'refuses to write to an input',
      args: ['-batch', '-readonly', 'ballots.db'],
      wasmArgs: unlocked,
      inputs: [{ path: 'ballots.db', bytes: database }],
      stdin: Buffer.from('DELETE FROM ballots;\n'),
      check: ({ code }) => assert.equal(code, 1),
    }
  },
}
