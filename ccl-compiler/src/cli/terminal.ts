/** What is written where: answers to stdout, everything about them to stderr. */

import type { AskedEffect } from '../requests.ts'

export function print(text: string): void {
  process.stdout.write(text)
}

export function note(text: string): void {
  process.stderr.write(text)
}

export function printJson(value: unknown): void {
  print(`${JSON.stringify(value, null, 2)}\n`)
}

export function printBytes(bytes: Uint8Array): void {
  process.stdout.write(bytes)
}

export const counted = (count: number, noun: string) =>
  `${count} ${noun.endsWith('y') && count !== 1 ? `${noun.slice(0, -1)}ies` : plural(count, noun)}`

const plural = (count: number, noun: string) => `${noun}${count === 1 ? '' : 's'}`

/** 1234567 as `1,234,567`. */
export const withCommas = (amount: number) => String(amount).replace(/\B(?=(\d{3})+$)/g, ',')

/** An action that a document asks for, with its arguments. */
export function effectText({ action, args }: AskedEffect): string {
  const given = Object.entries(args).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return `${action}(${given.join(', ')})`
}

/** JSON has no whole numbers of 64 bits: those beyond 2^53 become texts. */
export const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_, part) => {
      if (typeof part !== 'bigint') return part
      const number = Number(part)
      return Number.isSafeInteger(number) ? number : String(part)
    }),
  )
