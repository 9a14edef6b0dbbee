/** Tests in the language: what is given, and what must come out. */

import type { Name } from '../ast.ts'
import { rangeOf } from '../literals.ts'
import { shown } from '../messages.ts'
import * as T from '../tokens.ts'
import type { Expectation, Setting, TestCase, TestDecl } from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import type { Reader } from './reader.ts'

type Parts = {
  subject: Name | null
  settings: Setting[]
  expects: Expectation[]
  cases: TestCase[]
}

/** `test "…" { policy: p; caller: …; expect allow by r; case "…" { … } }` */
export function parseTest(reader: Reader): TestDecl {
  const start = reader.next()
  const name = reader.text('what the test is about')
  const { subject, settings, expects, cases } = parts(reader, start.payload as number, true)
  return { is: 'test', name, subject, settings, expects, cases }
}

function parts(reader: Reader, depth: number, outer: boolean): Parts {
  const found: Parts = { subject: null, settings: [], expects: [], cases: [] }
  reader.expect('{', 'after the name of the test')
  reader.until(depth + 1, () => part(reader, found, outer))
  reader.expect('}', 'at the end of the test')
  return found
}

function part(reader: Reader, found: Parts, outer: boolean): void {
  if (reader.is('expect')) {
    found.expects.push(expectation(reader))
  } else if (outer && reader.is('case')) {
    const start = reader.next()
    const name = reader.isKind(T.Text)
      ? reader.text('the name of a case')
      : { text: `${found.cases.length + 1}`, range: rangeOf(start) }
    const { settings, expects } = parts(reader, start.payload as number, false)
    found.cases.push({ name, settings, expects })
  } else if (outer && (reader.is('policy') || reader.is('selection')) && reader.is(':', 1)) {
    reader.next()
    reader.next()
    found.subject = reader.name('a policy or selection')
    reader.expect(';', 'the name')
  } else setting(reader, found.settings)
}

function expectation(reader: Reader): Expectation {
  const start = reader.next()
  if (reader.is('allow') || reader.is('deny')) {
    const effect = reader.next().image === 'allow' ? 'allow' : 'deny'
    const by = reader.take('by') ? reader.name('a rule') : null
    reader.expect(';', 'what is expected')
    return { is: 'effect', effect, by, range: reader.from(start) }
  }
  if (reader.is('asks') && reader.isKind(T.Name, 1)) {
    reader.next()
    const action = reader.name('an action')
    reader.expect(';', 'what is expected')
    return { is: 'asks', action, range: reader.from(start) }
  }
  const scored = reader.is('score') && !reader.is('(', 1) && !reader.is('.', 1)
  if (scored) reader.next()
  const value = parseExpression(reader)
  reader.expect(';', 'what is expected')
  const range = reader.from(start)
  return scored ? { is: 'score', value, range } : { is: 'holds', condition: value, range }
}

/** `caller: anna;`, `usage.total: cu(5);`, or `usage { total: cu(5); }` */
function setting(reader: Reader, settings: Setting[], before = ''): void {
  const first = reader.peek()
  if (!reader.isKind(T.Name)) reader.unexpected('an input, such as `caller: …;`, or `expect …;`')
  reader.next()
  let text = before + first.image
  if (before === '' && first.image === 'used_within' && reader.take('(')) {
    const period = parseExpression(reader)
    if (period.is !== 'duration') return reader.unexpected('a duration, such as `24h`')
    text = `usage.within.${period.ms}`
    reader.expect(')', 'after the duration')
  }
  while (reader.take('.')) {
    if (!reader.isKind(T.Name)) reader.unexpected('a name after `.`')
    text += `.${reader.next().image}`
  }
  const path: Name = { text, range: reader.from(first) }
  if (before === '' && reader.take('{')) {
    reader.until((first.payload as number) + 1, () => setting(reader, settings, `${text}.`))
    reader.expect('}', `at the end of \`${shown(text)}\``)
    return
  }
  reader.expect(':', `after \`${shown(text)}\``)
  settings.push({ path, value: parseExpression(reader) })
  reader.expect(';', `\`${shown(text)}\``)
}
