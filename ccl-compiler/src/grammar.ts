/**
 * The grammar: tokens to a tree. It knows no kinds, properties or actions, only their shapes; the
 * tables say what the words mean. What stands where it should not is dealt with in parser-slips.ts.
 */
import { isRecognitionException } from 'chevrotain'
import type { Argument, Block, Call, Document, Entry, Item, Name, Pair, Value } from './ast.ts'
import { CONSTRUCTS } from './constructs.ts'
import type { Problems } from './diagnostic.ts'
import { DocComments, numberValue, rangeOf, textValue } from './literals.ts'
import { GiveUp, SlipParser } from './parser-slips.ts'
import type { Scan } from './scan.ts'
import * as T from './tokens.ts'

type Items = { readonly items: Item[]; readonly broken: boolean }

class CclParser extends SlipParser {
  constructor() {
    super()
    this.performSelfAnalysis()
  }

  parse(scan: Scan, problems: Problems): Document {
    this.problems = problems
    this.docs = new DocComments(scan.comments, problems.source)
    this.input = scan.tokens
    return this.items()
  }

  readonly items = this.RULE('items', (): Items => {
    const items: Item[] = []
    let broken = false
    this.MANY(() => {
      const item = this.SUBRULE(this.item)
      if (item === null) broken = true
      else items.push(item)
    })
    return { items, broken }
  })

  /** A pair, block or call; null if it was given up or is no part of this version. */
  readonly item = this.RULE('item', (): Item | null => {
    const depth = this.LA(1).payload as number
    try {
      return this.OR({
        DEF: [
          { GATE: () => this.startsConstruct(), ALT: () => this.SUBRULE(this.construct) },
          { ALT: () => this.SUBRULE(this.named) },
          { ALT: () => this.SUBRULE(this.strayWord) },
        ],
        MAX_LOOKAHEAD: 1,
        IGNORE_AMBIGUITIES: true,
      })
    } catch (error) {
      if (isRecognitionException(error as Error)) {
        this.refused((error as unknown as { token: Parameters<typeof rangeOf>[0] }).token)
      } else if (!(error instanceof GiveUp)) throw error
      this.skipItem(depth)
      return null
    }
  })

  readonly named = this.RULE('named', (): Item => {
    const first = this.CONSUME(T.Name)
    const key: Name = { text: first.image, range: rangeOf(first) }
    const doc = this.ACTION(() => this.docs.before(first.startOffset))
    return this.OR({
      DEF: [
        {
          GATE: () => this.startsBlock(),
          ALT: (): Item => this.SUBRULE(this.block, { ARGS: [key, doc] }),
        },
        { ALT: (): Item => this.SUBRULE(this.call, { ARGS: [key, doc] }) },
        { ALT: (): Item => this.SUBRULE(this.pair, { ARGS: [key, doc] }) },
        { ALT: (): Item => this.ACTION(() => this.keyAlone(key)) },
      ],
      MAX_LOOKAHEAD: 1,
      IGNORE_AMBIGUITIES: true,
    })
  })

  readonly block = this.RULE('block', (kind: Name, doc: string | null): Block => {
    const label = this.OPTION(() => this.SUBRULE(this.key)) ?? null
    this.CONSUME(T.OpenBrace)
    const { items, broken } = this.SUBRULE(this.items) ?? { items: [], broken: false }
    this.CONSUME(T.CloseBrace)
    this.OPTION1(() => this.CONSUME(T.Semicolon))
    return { is: 'block', kind, label, items, doc, broken }
  })

  readonly call = this.RULE('call', (action: Name, doc: string | null): Call => {
    this.CONSUME(T.OpenParen)
    const args: Argument[] = []
    this.MANY(() => {
      const argument = this.SUBRULE(this.argument)
      args.push(argument)
      this.OPTION(() => this.CONSUME(T.Comma))
      this.ACTION(() => this.elementEnded('arguments', T.CloseParen, argument.value))
    })
    this.ACTION(() => this.expectClosed(T.CloseParen, 'an argument `name: value`'))
    this.CONSUME(T.CloseParen)
    this.OPTION1(() => this.CONSUME(T.Semicolon))
    this.ACTION(() => this.callEnded(action))
    return { is: 'call', action, args, doc }
  })

  readonly argument = this.RULE(
    'argument',
    (): Argument =>
      this.OR({
        DEF: [
          {
            GATE: () => !this.startsPath(),
            ALT: () => {
              const first = this.CONSUME(T.Name)
              const name: Name = { text: first.image, range: rangeOf(first) }
              return { name, value: this.SUBRULE(this.assigned, { ARGS: [name, false] }) }
            },
          },
          { ALT: () => ({ name: null, value: this.SUBRULE(this.value) }) },
        ],
        IGNORE_AMBIGUITIES: true,
      }),
  )

  readonly pair = this.RULE('pair', (key: Name, doc: string | null): Pair => {
    const value = this.SUBRULE(this.assigned, { ARGS: [key, true] })
    this.OPTION(() =>
      this.OR([{ ALT: () => this.CONSUME(T.Semicolon) }, { ALT: () => this.CONSUME(T.Comma) }]),
    )
    this.ACTION(() => this.pairEnded(value))
    return { is: 'pair', key, value, doc }
  })

  /** `: value`; of a pair, which is `free`, also `value` alone. */
  readonly assigned = this.RULE('assigned', (key: Name, free: boolean): Value => {
    this.OPTION(() =>
      this.OR([{ ALT: () => this.CONSUME(T.Colon) }, { ALT: () => this.CONSUME(T.Assign) }]),
    )
    this.ACTION(() => this.expectColon(key, free))
    return this.OR1([
      { GATE: () => !this.lacksValue(), ALT: (): Value => this.SUBRULE(this.value) },
      { ALT: (): Value => this.ACTION(() => this.missingValue(key)) },
    ])
  })

  readonly value = this.RULE('value', (): Value => {
    const value: Value = this.OR([
      {
        ALT: () => {
          const text = this.CONSUME(T.Text)
          return this.ACTION(() => textValue(text, this.problems))
        },
      },
      {
        ALT: () => {
          const minus = this.OPTION(() => this.CONSUME(T.Minus)) ?? null
          return numberValue(this.CONSUME(T.Numeral), minus)
        },
      },
      { ALT: () => this.SUBRULE(this.path) },
      { ALT: () => this.SUBRULE(this.list) },
      { ALT: () => this.SUBRULE(this.object) },
    ])
    this.ACTION(() => this.expectNoOperator(value.range.start))
    return value
  })

  readonly path = this.RULE('path', (): Value => {
    const first = this.CONSUME(T.Name)
    let last = first
    let text = first.image
    this.MANY(() => {
      this.CONSUME(T.Dot)
      last = this.CONSUME1(T.Name)
      text += `.${last.image}`
    })
    const range = { start: first.startOffset, end: T.endOf(last) }
    if (text === 'true' || text === 'false') return { is: 'flag', flag: text === 'true', range }
    return { is: 'name', text, range }
  })

  readonly list = this.RULE('list', (): Value => {
    const open = this.CONSUME(T.OpenBracket)
    const items: Value[] = []
    this.MANY(() => {
      const item = this.SUBRULE(this.value)
      items.push(item)
      this.OPTION(() => this.CONSUME(T.Comma))
      this.ACTION(() => this.elementEnded('entries', T.CloseBracket, item))
    })
    this.ACTION(() => this.expectClosed(T.CloseBracket, 'a value'))
    const close = this.CONSUME(T.CloseBracket)
    return { is: 'list', items, range: { start: open.startOffset, end: T.endOf(close) } }
  })

  readonly object = this.RULE('object', (): Value => {
    const open = this.CONSUME(T.OpenBrace)
    const entries: Entry[] = []
    this.MANY(() => {
      const key = this.SUBRULE(this.key)
      const value = this.SUBRULE(this.assigned, { ARGS: [key, false] })
      entries.push({ key, value })
      this.OPTION(() => this.CONSUME(T.Comma))
      this.ACTION(() => this.elementEnded('entries', T.CloseBrace, value))
    })
    this.ACTION(() => this.expectClosed(T.CloseBrace, 'an entry `name: value`'))
    const close = this.CONSUME(T.CloseBrace)
    return { is: 'object', entries, range: { start: open.startOffset, end: T.endOf(close) } }
  })

  /** A name, or a text where a name may hold anything. */
  readonly key = this.RULE(
    'key',
    (): Name =>
      this.OR([
        {
          ALT: () => {
            const name = this.CONSUME(T.Name)
            return { text: name.image, range: rangeOf(name) }
          },
        },
        {
          ALT: () => {
            const token = this.CONSUME(T.Text)
            return this.ACTION(() => {
              const value = textValue(token, this.problems)
              return { text: value.is === 'string' ? value.text : '', range: value.range }
            })
          },
        },
      ]),
  )

  /** A part of the language that is read over: reported once, with everything inside. */
  readonly construct = this.RULE('construct', (): null => {
    const word = this.CONSUME(T.Construct)
    this.ACTION(() => {
      const what = CONSTRUCTS.get(word.image) as string
      this.problems.add('CCL0601', rangeOf(word), `${what} (\`${word.image}\`)`)
    })
    this.MANY(() => this.CONSUME(T.Filler))
    this.OPTION(() => this.SUBRULE(this.skippedBody))
    this.MANY1(() => {
      this.CONSUME(T.Else)
      this.MANY2(() => this.CONSUME1(T.Filler))
      this.SUBRULE1(this.skippedBody)
    })
    this.OPTION1(() => this.CONSUME1(T.Semicolon))
    return null
  })

  readonly skippedBody = this.RULE('skippedBody', (): void => {
    this.CONSUME(T.OpenBrace)
    this.MANY(() =>
      this.OR([
        { ALT: () => this.CONSUME(T.Filler) },
        { ALT: () => this.CONSUME(T.Semicolon) },
        { ALT: () => this.SUBRULE(this.skippedBody) },
      ]),
    )
    this.CONSUME(T.CloseBrace)
  })

  readonly strayWord = this.RULE('strayWord', (): never => {
    const token = this.OR(
      [
        T.Text,
        T.Numeral,
        T.Operator,
        T.OpenBrace,
        T.OpenParen,
        T.OpenBracket,
        T.Semicolon,
        T.Comma,
        T.Colon,
        T.Dot,
        T.Minus,
        T.Assign,
      ].map((type, index) => ({ ALT: () => this.consume(index, type) })),
    )
    return this.ACTION(() => this.stray(token))
  })
}

let parser: CclParser | undefined

/** The tree of a scanned text; what could not be read is reported and left out. */
export function parse(scan: Scan, problems: Problems): Document {
  // to make the parser takes longer than to read a small policy, which has no use for it
  if (scan.tokens.length === 0) return { items: [], broken: false }
  parser ??= new CclParser()
  return parser.parse(scan, problems)
}
