/** What a job would be, before anything of it is sent: one paragraph. */
import { LIMITS, type Manifest } from '@planetary-mesh/spec'
import { withCommas } from '../cli/amounts.ts'
import { sizeText, timeText } from '../cli/progress.ts'
import { printable } from '../cli/terminal.ts'
import type { Purse } from './choose-token.ts'
import { ruleText } from './rule-text.ts'

/**
 * What would run, the most it can cost, what would be left on the token, and who decides.
 * `free` is what the token has left before this job.
 */
export function dryRunText(
  { body }: Manifest,
  given: { purse: Purse; free: number; home: string },
): string {
  const { amount, resourceType, module, inputs, memoryPagesMax } = body
  const bytes = inputs.reduce((sum, { file }) => sum + file.bytes, 0)
  const memory = withCommas(Math.floor((memoryPagesMax * 64) / 1024))
  const left = withCommas(given.free - amount)
  const granted = withCommas(given.purse.token.body.amount)
  return wrapped(
    `Nothing was sent. The job '${printable(body.description)}' would run the module ` +
      `${module.cid} (${sizeText(module.bytes)}) on ${inputsText(inputs.length, bytes)} ` +
      `with at most ${memory} MiB of memory, for at most ${timeText(body.deadlineMs)} and ` +
      `${withCommas(body.fuelMax / LIMITS.fuelPerUnit)} units of work. ` +
      `It can cost at most ${withCommas(amount)} ${units(amount)} of ${resourceType}; a node may ` +
      `ask ${withCommas(body.priceMax)} or less. While it runs ${withCommas(amount)} are held: ` +
      `${left} of ${granted} would be left on token ${given.purse.token.cid}, and what it does ` +
      `not use comes back. ${deciderText(body, given.home)}`,
  )
}

function deciderText({ chooser, rule }: Manifest['body'], home: string): string {
  if (chooser === 'submitter') {
    return 'You decide which bid is taken, with accept-bid: until then nothing runs.'
  }
  const how = rule === null ? ruleText(rule) : `its rule (${ruleText(rule)})`
  return `${home}, or any other home, takes the best bid by ${how}: you may close your laptop.`
}

const units = (amount: number) => (amount === 1 ? 'unit' : 'units')

function inputsText(count: number, bytes: number): string {
  if (count === 0) return 'no input'
  return `${count} ${count === 1 ? 'input' : 'inputs'} (${sizeText(bytes)})`
}

const COLUMNS = 100

/** Lines of at most 100 columns, broken between words. */
export function wrapped(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > COLUMNS) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return `${[...lines, line].join('\n')}\n`
}
