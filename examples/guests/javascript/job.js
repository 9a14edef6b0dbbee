/**
 * Counts the lines and words of a file. Inputs stand under /in, what is left under /out is the
 * job's result; the rest is a JavaScript engine without a network.
 */
import { getArguments } from 'wasi:cli/environment@0.2.3'
import { getDirectories } from 'wasi:filesystem/preopens@0.2.3'

const CHUNK = 65_536n

export const run = {
  run() {
    const [, name] = getArguments()
    if (name === undefined) {
      console.error('usage: job FILE')
      throw 'a job that throws exits with 1'
    }
    const text = readText('/in', name)
    const lines = text.split('\n').length - 1
    const words = text.split(/\s+/).filter((word) => word !== '').length
    console.log(`${name}: ${lines} lines, ${words} words`)
    writeText('/out', 'counts.json', `${JSON.stringify({ name, lines, words })}\n`)
  },
}

function directory(path) {
  const found = getDirectories().find(([, name]) => name === path)
  return found[0]
}

function readText(folder, name) {
  const file = directory(folder).openAt({ symlinkFollow: true }, name, {}, { read: true })
  const decoder = new TextDecoder()
  let text = ''
  for (let at = 0n; ; ) {
    const [bytes, ended] = file.read(CHUNK, at)
    text += decoder.decode(bytes, { stream: !ended })
    at += BigInt(bytes.length)
    if (ended) return text
  }
}

function writeText(folder, name, text) {
  const file = directory(folder).openAt({}, name, { create: true, truncate: true }, { write: true })
  file.write(new TextEncoder().encode(text), 0n)
}
