/**
 * The types of properties and arguments: one check from a written value to a plain one. Whatever is
 * wrong is reported once and gives undefined; a value already reported passes silently.
 */
import { isDid, LIMITS } from '@planetary-mesh/spec/bare'
import type { Value } from './ast.ts'
import type { Problems } from './diagnostic.ts'
import { fileFault, isFileName } from './file-words.ts'
import { listWords, shown } from './messages.ts'
import { nearest } from './nearest.ts'
import { byteLength } from './source.ts'
import { UNIT_MS } from './units.ts'

export type Type =
  | { readonly is: 'text'; readonly bytesMax: number }
  | { readonly is: 'whole'; readonly min: number; readonly max: number; readonly unit?: string }
  /** A part of one: `0.4` or `40%`; exact, in ppm. */
  | { readonly is: 'share' }
  /** `10min`, or the same as a text; in ms. */
  | { readonly is: 'duration' }
  /** A count of seconds or a duration; in ms. */
  | { readonly is: 'seconds' }
  | { readonly is: 'choice'; readonly of: readonly string[] }
  /** The CID of a file, as written. */
  | { readonly is: 'file' }
  /** CIDs of files by file name. */
  | { readonly is: 'files'; readonly countMax: number }
  | { readonly is: 'scope' }
  /** A name or DID; a `did:key` must be whole. */
  | { readonly is: 'person' }
  | { readonly is: 'list'; readonly of: Type; readonly countMax: number }
  /** Anything, as written. */
  | { readonly is: 'any' }
  /** A whole number from 0. */
  | { readonly is: 'amount' }
  /** Part of the language, but not compiled by this version. */
  | { readonly is: 'later' }

export type Plain = string | number | readonly Plain[] | { readonly [key: string]: Plain }

const SCOPE = /^[a-z0-9][a-z0-9:._/-]{0,127}$/
/** The name of a scope. */
export const isScope = (text: string) => SCOPE.test(text)
const BYTE_ORDER_MARK = '\u{FEFF}'

/** Checks `value`, which stands for `key`, against `type`. */
export function check(
  value: Value,
  type: Type,
  key: string,
  problems: Problems,
): Plain | undefined {
  if (value.is === 'broken') return undefined
  switch (type.is) {
    case 'text':
      return checkText(value, type.bytesMax, key, problems)
    case 'whole':
      return checkWhole(value, type, key, problems)
    case 'share':
      return checkShare(value, key, problems)
    case 'duration':
      return checkDuration(value, key, problems)
    case 'seconds':
      if (value.is !== 'whole') return checkDuration(value, key, problems)
      return inMs(value.digits, 's', value, key, problems)
    case 'choice':
      return checkChoice(value, type.of, key, problems)
    case 'file':
      return checkFile(value, key, problems)
    case 'files':
      return checkFiles(value, type.countMax, key, problems)
    case 'scope': {
      const text = checkText(value, LIMITS.textBytesMax, key, problems)
      if (text === undefined || isScope(text)) return text
      problems.add('CCL0408', value.range, key, describe(value))
      return undefined
    }
    case 'person':
      return checkPerson(value, key, problems)
    case 'list':
      return checkList(value, type, key, problems)
    case 'any':
      return plainOf(value, problems)
    case 'amount': {
      const bounds = { min: 0, max: LIMITS.amountMax }
      return checkWhole(value, { is: 'whole', ...bounds }, key, problems)
    }
    case 'later':
      problems.add('CCL0601', value.range, `\`${key}\``)
      return undefined
  }
}

/** A value in a sentence, such as: the text "medium". */
export function describe(value: Value): string {
  switch (value.is) {
    case 'string':
      return `the text "${shown(value.text)}"`
    case 'whole':
    case 'decimal':
      return `\`${shown(value.digits)}\``
    case 'percent':
      return `\`${shown(value.digits)}%\``
    case 'duration':
      return `the duration \`${shown(value.count + value.unit)}\``
    case 'flag':
      return `\`${value.flag}\``
    case 'name':
      return `the name \`${shown(value.text)}\``
    case 'list':
      return 'a list'
    case 'object':
      return 'an object'
    case 'broken':
      return 'nothing'
  }
}

function wrong(value: Value, key: string, expected: string, help: string, problems: Problems) {
  problems.add('CCL0401', value.range, shown(key), expected, describe(value), help)
  return undefined
}

function checkText(value: Value, bytesMax: number, key: string, problems: Problems) {
  if (value.is !== 'string') return wrong(value, key, 'a text', quoteHelp(value, key), problems)
  const bytes = byteLength(value.text)
  if (bytes > bytesMax) problems.add('CCL0407', value.range, key, bytes, bytesMax)
  // no block can hold it: decoders of UTF-8 would drop it
  else if (value.text.startsWith(BYTE_ORDER_MARK)) problems.add('CCL0413', value.range, key)
  else return value.text
  return undefined
}

function quoteHelp(value: Value, key: string): string {
  const bare = value.is === 'name' || value.is === 'whole' || value.is === 'decimal'
  if (!bare) return `write \`${key}: "…"\``
  return `put it in quotes: \`"${shown(value.is === 'name' ? value.text : value.digits)}"\``
}

type Whole = Extract<Type, { is: 'whole' }>

function checkWhole(value: Value, type: Whole, key: string, problems: Problems) {
  const unit = type.unit === undefined ? '' : ` of ${type.unit}`
  const to = type.max === LIMITS.amountMax ? '' : ` to ${type.max}`
  const expected = `a whole number${unit} from ${type.min}${to}`
  if (value.is !== 'whole') {
    const digits = value.is === 'string' && /^-?\d+$/.test(value.text)
    const help = digits
      ? `write it without quotes: \`${shown(value.text)}\``
      : `write \`${key}: ${Math.max(type.min, Math.min(type.max, 100))}\``
    return wrong(value, key, expected, help, problems)
  }
  const number = exact(value.digits)
  if (number === undefined && !value.digits.startsWith('-') && type.max === LIMITS.amountMax) {
    problems.add('CCL0406', value.range, key)
  } else if (number === undefined || number < type.min || number > type.max) {
    problems.add('CCL0405', value.range, key, expected, describe(value))
  } else return number
  return undefined
}

/** The integer, or undefined beyond ±(2^53 - 1). `-0` is 0. */
function exact(digits: string): number | undefined {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number + 0 : undefined
}

function checkShare(value: Value, key: string, problems: Problems) {
  const expected = 'a share from 0 to 1, such as `0.4` or `40%`'
  if (value.is !== 'decimal' && value.is !== 'whole' && value.is !== 'percent') {
    return wrong(value, key, expected, `write \`${key}: 0.4\``, problems)
  }
  const [before = '', after = ''] = value.digits.split('.')
  const places = value.is === 'percent' ? 4 : 6
  const fraction = after.replace(/0+$/, '')
  if (fraction.length > places) {
    problems.add('CCL0411', value.range, key)
    return undefined
  }
  const ppm = exact(before + fraction.padEnd(places, '0'))
  if (ppm !== undefined && ppm >= 0 && ppm <= 1_000_000 && !/^-.*[1-9]/.test(value.digits)) {
    return ppm
  }
  problems.add('CCL0405', value.range, key, expected, describe(value))
  return undefined
}

function checkDuration(value: Value, key: string, problems: Problems) {
  if (value.is === 'duration') return inMs(value.count, value.unit, value, key, problems)
  const match = value.is === 'string' ? /^(\d{1,16})(ms|s|min|h|d|w)$/.exec(value.text) : null
  if (match !== null) return inMs(match[1] as string, match[2] as string, value, key, problems)
  problems.add('CCL0410', value.range, key, describe(value))
  return undefined
}

function inMs(count: string, unit: string, value: Value, key: string, problems: Problems) {
  const ms = Number(count) * (UNIT_MS.get(unit) as number)
  if (ms >= 1 && ms <= LIMITS.amountMax) return ms
  if (ms > LIMITS.amountMax) problems.add('CCL0406', value.range, key)
  else problems.add('CCL0405', value.range, key, 'a duration of at least 1ms', describe(value))
  return undefined
}

function checkChoice(value: Value, of: readonly string[], key: string, problems: Problems) {
  if (value.is !== 'string') {
    const expected = `one of ${listWords(of, 'or')}`
    return wrong(value, key, expected, quoteHelp(value, key), problems)
  }
  if (of.includes(value.text)) return value.text
  problems.add('CCL0404', value.range, key, describe(value), nearest(value.text, of), of)
  return undefined
}

function checkFile(value: Value, key: string, problems: Problems) {
  if (value.is !== 'string') {
    return wrong(value, key, 'the CID of a file', quoteHelp(value, key), problems)
  }
  const [why, help] = fileFault(value.text)
  if (why === '') return value.text
  problems.add('CCL0402', value.range, key, why, help)
  return undefined
}

function checkFiles(value: Value, countMax: number, key: string, problems: Problems) {
  if (value.is !== 'object') {
    const help = `write \`${key}: { "data.csv": "bafy…" }\``
    return wrong(value, key, 'files by name', help, problems)
  }
  if (value.entries.length > countMax) {
    problems.add('CCL0412', value.range, key, value.entries.length, countMax)
    return undefined
  }
  const files: Record<string, Plain> = Object.create(null)
  const places = new Map<string, (typeof value.entries)[number]>()
  let whole = true
  for (const entry of value.entries) {
    const name = entry.key.text
    const first = places.get(name)
    const good = isFileName(name)
    const cid = check(entry.value, { is: 'file' }, name, problems)
    if (first !== undefined) {
      const other = { message: 'it is given here first', range: first.key.range }
      problems.addWith('CCL0308', entry.key.range, other, shown(name), `\`${key}\``)
    } else if (!good) {
      problems.add('CCL0409', entry.key.range, shown(name), `\`${key}\``)
    } else if (cid !== undefined) files[name] = cid
    places.set(name, entry)
    whole &&= cid !== undefined && Object.hasOwn(files, name)
  }
  return whole ? { ...files } : undefined
}

function checkPerson(value: Value, key: string, problems: Problems) {
  const text = checkText(value, LIMITS.textBytesMax, key, problems)
  if (text === undefined || !text.startsWith('did:key:') || isDid(text)) return text
  problems.add('CCL0403', value.range, key, `\`${shown(text)}\` is not a key`)
  return undefined
}

type List = Extract<Type, { is: 'list' }>

function checkList(value: Value, type: List, key: string, problems: Problems) {
  if (value.is !== 'list') {
    return wrong(value, key, 'a list', `write \`${key}: ["…", "…"]\``, problems)
  }
  if (value.items.length > type.countMax) {
    problems.add('CCL0412', value.range, key, value.items.length, type.countMax)
    return undefined
  }
  const items = value.items.map((item) => check(item, type.of, key, problems))
  return items.includes(undefined) ? undefined : (items as Plain[])
}

/** A value that nobody interprets, as data: lists and objects stay such, all else is text. */
function plainOf(value: Value, { source }: Problems): Plain {
  if (value.is === 'string') return value.text
  if (value.is === 'list') return value.items.map((item) => plainOf(item, { source } as Problems))
  return source.text.slice(value.range.start, value.range.end)
}
