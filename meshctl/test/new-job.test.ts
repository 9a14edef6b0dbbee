/** `meshctl new job`: the folder it makes builds with what its README says, and runs. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { runHere, sharedSandbox } from './run-here.ts'
import { scratchFolder } from './start-meshctl.ts'

const ROOT = join(import.meta.dirname, '../..')
const work = scratchFolder()
const openSandbox = sharedSandbox()
const note = join(work, 'note.txt')
writeFileSync(note, 'one two\nthree\n')

/** Why a guest cannot be built here; false where it can. */
const without = (what: string, isThere: boolean) => (isThere ? false : `${what} is not installed`)
const hasClang = existsSync('/usr/bin/clang-14') && existsSync('/usr/lib/wasm32-wasi/crt1.o')
const assemblyScript = join(ROOT, 'examples/02-member-budget/node_modules')

async function make(lang: string): Promise<string> {
  const folder = join(work, 'made', lang)
  const { status, stdout, stderr } = await runHere(['new', 'job', '--lang', lang, folder])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /npx meshctl run build\/job\.wasm --input README\.md README\.md\n$/)
  return folder
}

/** Builds it, runs it on a small file, and looks at all that it says. */
async function buildAndRun(folder: string, command: string, ...args: string[]) {
  // what it starts runs on the Node that runs us
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`
  const env = { ...process.env, PATH }
  const built = spawnSync(command, args, { cwd: folder, encoding: 'utf8', env })
  assert.equal(built.status, 0, built.stderr)
  const module = join(folder, 'build/job.wasm')
  const { stdout } = await runHere(['run', module, '--input', note, 'note.txt', '--json'], {
    openSandbox,
  })
  const { outcome, exitCode, stdout: said, outputs } = JSON.parse(stdout)
  assert.deepEqual({ outcome, exitCode }, { outcome: 'exited', exitCode: 0 })
  assert.equal(said, 'note.txt: 2 lines, 3 words\n')
  assert.deepEqual(
    outputs.map((file: { path: string; cid: string }) => [file.path, file.cid]),
    [['counts.json', 'bafkreiagauebrarliap7y26rjhuge6fihz4ioa3v6oekxalq5drf42rrhq']],
  )
}

test('a job in C builds and runs at once', {
  skip: without('clang for WASI', hasClang),
}, async () => {
  await buildAndRun(await make('c'), 'sh', 'build.sh')
})

const noAsc = without('AssemblyScript, in examples/02-member-budget,', existsSync(assemblyScript))
test('a job in AssemblyScript builds and runs at once', { skip: noAsc }, async () => {
  const folder = await make('as')
  symlinkSync(assemblyScript, join(folder, 'node_modules'), 'junction')
  await buildAndRun(folder, 'npm', 'run', '--silent', 'build')
})

test('a job in JavaScript comes with its world and its build, without what was built', async () => {
  const names = readdirSync(await make('js')).sort()
  assert.deepEqual(names, ['README.md', 'build.js', 'job.js', 'package.json', 'wit'])
})

test('its first line leads a shell into the folder, whatever that is called', async () => {
  const { status, stdout } = await runHere(['new', 'job', '--lang', 'js', '--', `-"it's"`], {
    cwd: work,
  })
  assert.equal(status, 0)
  const [, line = ''] = /next:\n {2}(.*)\n/.exec(stdout) ?? []
  const shell = spawnSync('sh', ['-c', `${line} && ls`], { cwd: work, encoding: 'utf8' })
  assert.equal(shell.stdout, 'README.md\nbuild.js\njob.js\npackage.json\nwit\n')
})

test('a folder that is there is left alone, and so is a language that is not known', async () => {
  const folder = join(work, 'mine')
  assert.equal((await runHere(['new', 'job', '--lang', 'js', folder])).status, 0)
  const again = await runHere(['new', 'job', '--lang', 'c', folder])
  assert.equal(again.status, 2)
  assert.match(again.stderr, /is there already/)
  assert(!existsSync(join(folder, 'job.c')))
  const inFile = await runHere(['new', 'job', '--lang', 'c', join(folder, 'job.js/below/job')])
  assert.equal(inFile.status, 2)
  assert.match(inFile.stderr, /cannot write '.*job\.js\/below\/job': ENOTDIR/)
  assert.equal((await runHere(['new', 'job', '--lang', 'cobol', join(work, 'x')])).status, 2)
  assert.match((await runHere(['new', 'job', '--help'])).stdout, /\$ npx meshctl new job --lang c/)
})
