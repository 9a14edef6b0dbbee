/** Amounts as people type them: a whole number, alone or with k, M, G or KiB, MiB, GiB. */
import { InvalidArgumentError } from 'commander'

const FACTORS: Record<string, number> = {
  '': 1,
  k: 10 ** 3,
  M: 10 ** 6,
  G: 10 ** 9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
}

/** `2M` is 2,000,000 and `2MiB` 2,097,152. For commander: throws InvalidArgumentError. */
export function parseAmount(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,16})([kMG]|[KMG]iB)?$/.exec(text) ?? []
  const amount = Number(digits) * (FACTORS[unit] ?? Number.NaN)
  if (digits === '' || !Number.isSafeInteger(amount)) {
    throw new InvalidArgumentError('Expected a whole number, alone or with k, M, G, KiB, MiB, GiB.')
  }
  return amount
}

/** 1234567 as `1,234,567`, everywhere the same. */
export function withCommas(amount: number): string {
  return String(amount).replace(/\B(?=(\d{3})+$)/g, ',')
}
