/**
 * Counts the lines and words of a file. Inputs stand under /in; what is left under /out is the
 * job's result.
 */
import { args, IN, OUT, readText, STDERR, STDOUT, write, writeText } from './host'
import { proc_exit } from './wasi_snapshot_preview1'

const SPACES = ' \t\n\v\f\r'

main(args())

function main(given: string[]): void {
  if (given.length !== 2) {
    write(STDERR, 'usage: job FILE\n')
    proc_exit(2)
  }
  const name = given[1]
  const text = readText(IN, name)
  if (text === null) {
    write(STDERR, `${name}: cannot be read\n`)
    proc_exit(1)
  } else count(name, text)
}

function count(name: string, text: string): void {
  let lines = 0
  let words = 0
  let inWord = false
  for (let i = 0; i < text.length; i++) {
    const letter = text.charAt(i)
    const isSpace = SPACES.includes(letter)
    if (letter === '\n') lines++
    if (!isSpace && !inWord) words++
    inWord = !isSpace
  }
  write(STDOUT, `${name}: ${lines} lines, ${words} words\n`)
  const json = `{"name":"${name}","lines":${lines},"words":${words}}\n`
  if (!writeText(OUT, 'counts.json', json)) proc_exit(1)
}
