/**
 * Whether the largest and deepest texts stay within their time and memory: each is compiled in a
 * process that cannot have more. Run by hand:
 * `node tools/node.js --conditions=source ccl-compiler/test/fuzz-huge.ts`.
 */
import { spawnSync } from 'node:child_process'
import { compile } from '@planetary-mesh/ccl-compiler'
import { hugeTexts } from './huge-texts.ts'

const HUGE = hugeTexts()
const MB = 1024 * 1024
const CPU_MS_PER_KB = 50
/** What is there before a text is: Node, and the compiler itself. */
const LOADED_MB = 20
/** 64 MB and 64 times the text. */
const memoryMaxMb = (bytes: number) => Math.ceil(64 + (64 * bytes) / MB)

/** In a process that has compiled something small before: CPU time that this text takes, in ms. */
function measure(text: string): number {
  compile('execution { }')
  const before = process.cpuUsage()
  compile(text)
  const { user, system } = process.cpuUsage(before)
  return Math.round((user + system) / 1000)
}

/** Undefined when the process ran out of memory. */
function inOwnProcess(what: string, heapMb: number): number | undefined {
  const heap = `--max-old-space-size=${heapMb}`
  const args = [heap, '--conditions=source', import.meta.filename, what]
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 60_000,
  })
  return status === 0 ? Number(stdout) : undefined
}

const [what] = process.argv.slice(2)
if (what !== undefined) console.log(measure(HUGE.find(([name]) => name === what)?.[1] ?? ''))
else {
  let beyond = 0
  for (const [name, text] of HUGE) {
    const bytes = Buffer.byteLength(text)
    const memoryMb = memoryMaxMb(bytes)
    const cpuMs = inOwnProcess(name, LOADED_MB + memoryMb)
    const isWithin = cpuMs !== undefined && cpuMs <= CPU_MS_PER_KB * Math.max(1, bytes / 1024)
    if (!isWithin) beyond++
    const took = cpuMs === undefined ? 'more' : `${cpuMs} ms`
    console.log(
      `${isWithin ? 'within' : 'BEYOND'}  ${name}: ${Math.round(bytes / 1024)} KB in ${took} ` +
        `and at most ${memoryMb} MB`,
    )
  }
  console.log(`${HUGE.length - beyond} of ${HUGE.length} within 50 ms/KB and 64 MB + 64 × the text`)
  process.exitCode = beyond === 0 ? 0 : 1
}
