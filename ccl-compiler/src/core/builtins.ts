/** The functions of the language, for the checker, the reference and "did you mean". */
import { NUMBERS } from '../ir/ir.ts'

export type Builtin = { readonly form: string; readonly about: string }

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map([
  ['div_down', { form: 'div_down(a, b)', about: 'a ÷ b, rounded down' }],
  ['div_up', { form: 'div_up(a, b)', about: 'a ÷ b, rounded up' }],
  ['div_even', { form: 'div_even(a, b)', about: 'a ÷ b, rounded to nearest, halves to even' }],
  ['part_down', { form: 'part_down(a, 33%)', about: 'that share of a, rounded down' }],
  ['part_up', { form: 'part_up(a, 33%)', about: 'that share of a, rounded up' }],
  ['sum', { form: 'sum(list)', about: 'all entries added; 0 of an empty list' }],
  ['count', { form: 'count(list)', about: 'how many entries there are' }],
  ['any', { form: 'any(list)', about: 'true if one entry is true' }],
  ['all', { form: 'all(list)', about: 'true if every entry is true' }],
  ['least', { form: 'least(list)', about: 'the smallest entry; none of an empty list' }],
  ['most', { form: 'most(list)', about: 'the largest entry; none of an empty list' }],
  ['first', { form: 'first(list)', about: 'the first entry; none of an empty list' }],
  ['get', { form: 'get(map, key)', about: 'the value of that key; none if there is none' }],
  ['keys', { form: 'keys(map)', about: 'the keys of a map, as a list' }],
  ['values', { form: 'values(map)', about: 'the values of a map, as a list' }],
  ['some', { form: 'some(value)', about: 'an option that holds the value' }],
  ['has', { form: 'has(option)', about: 'true if the option holds a value' }],
  ['used_within', { form: 'used_within(24h)', about: 'what the caller used in the last 24 hours' }],
  ...NUMBERS.filter((name) => name !== 'time').map((name): [string, Builtin] => [
    name,
    { form: `${name}(number)`, about: `the same number as ${name}` },
  ]),
  ['time', { form: 'time(number)', about: 'that many ms after 1970 began' }],
])
