/** A C program does to files what POSIX programs do, from wasi-libc down to the virtual tree. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runInProcess } from '../../src/index.ts'
import { guest, runInput, text } from '../run-input.ts'

const SAID = `mkdir: 0
mkdir again: File exists
write: 5
append: 3
exclusive: File exists
link: 0
symlink: 0
symlink out: Capabilities insufficient
rename over: 0
d/l: No such file or directory
d/b: 'alphabet'
names 2 size 8
rmdir full: Directory not empty
rmdir file: Not a directory
unlink directory: Is a directory
rename into itself: Invalid argument
pwrite: 2
readv: 12
'alp' 'habet' 0 88
seek before the start: Invalid argument
seek to the end: 12
truncate: 0
allocate: 0
size 9
times: 0
read at 11.000000005, written at 12
closed: Bad file descriptor
l@ c f0 f1 f2 f3 f4 f5 and after the first 1
l@ c and after the first 1
ready: 2
slept 7 s
input: Read-only file system
output: 11
`

test('a POSIX program finds files, links, listings, times and waits as it expects them', () => {
  const input = runInput({
    module: guest('posix'),
    stdin: Buffer.from('12'),
    files: [{ path: '/in/given', bytes: Buffer.from('12') }],
  })
  const result = runInProcess(input)
  assert.equal(text(result.stdout), SAID)
  assert.deepEqual(result.outcome, { type: 'exited', code: 0 })
  assert.deepEqual(
    result.outputs.map(({ path, bytes }) => [path, text(bytes)]),
    [['left', 'left behind']],
  )
  const { measured: _, ...again } = runInProcess(input)
  const { measured: __, ...once } = result
  assert.deepEqual(again, once, 'and the same, to the bit, when it runs again')
})
