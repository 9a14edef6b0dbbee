/**
 * Seeded programs of the typed core, as text, and requests for them: every operator, type and
 * statement, with numbers near the ends of 64 bits so that many decisions end in an error.
 */
import { type SeededRandom, seededRandom } from '../../examples/seeded-random.ts'
import type { Type, Value } from '../src/ir/ir.ts'

export const PEOPLE = [
  'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG',
  'did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf',
]
const TEXTS = ['', 'a', 'anna', 'a name of more than eight bytes', 'größe 🌾']
const CIDS = [
  'bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze',
  'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
]
/** Long enough to be looked up by hash; one entry twice. */
const MANY = [
  ...TEXTS,
  'bruno',
  'chiara',
  'dora',
  'emil',
  'fatou',
  'anna',
  'a longer name than most',
]
  .map((text) => JSON.stringify(text))
  .join(', ')
const CONSTANTS = [
  ['paper', 'cid'],
  ['draft', 'cid'],
  ['many', 'list<text>'],
  ['few', 'list<int>'],
] as const
const INPUTS: readonly (readonly [name: string, type: string])[] = [
  ['n', 'int'],
  ['k', 'int'],
  ['flag', 'bool'],
  ['doc', 'cid'],
  ['name', 'text'],
  ['share', 'percent'],
  ['wait', 'duration'],
  ['xs', 'list<int>'],
  ['flags', 'list<bool>'],
  ['words', 'list<text>'],
  ['ms', 'list<M>'],
  ['maybe', 'option<int>'],
  ['nick', 'option<text>'],
  ['stock', 'map<text, int>'],
  ['due', 'map<did, cu>'],
]
const FIXED: readonly (readonly [name: string, type: string])[] = [
  ['caller', 'did'],
  ['now', 'time'],
  ['request.amount', 'cu'],
  ['usage.total', 'cu'],
  ['used_within(1h)', 'cu'],
  ['roles.stewards', 'list<did>'],
]
const BIDS: readonly (readonly [name: string, type: string])[] = [
  ['bid.price', 'cu'],
  ['bid.est_time', 'duration'],
  ['bid.reputation', 'int'],
  ['bid.node', 'did'],
  ['bid.on_time', 'percent'],
  ['now', 'time'],
]
const HEAD = `people { anna: "${PEOPLE[0]}"; bruno: "${PEOPLE[1]}"; chiara: "${PEOPLE[2]}"; }
const paper: cid = "${CIDS[0]}"; const draft: cid = "${CIDS[1]}";
const many: list<text> = [${MANY}];
const few: list<int> = [1, 5, 1_000];
record M { a: int; who: did; on: bool; w: cu; o: option<int>; }`
const NUMERIC = ['int', 'cu', 'duration', 'percent']
const SCALARS = [...NUMERIC, 'time', 'bool', 'text', 'did']

type Names = readonly (readonly [name: string, type: string])[]

export class Generator {
  readonly #random: SeededRandom
  #fresh = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  below(bound: number): number {
    return this.#random.below(bound)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** The text of a program with one policy `p` or selection `s`. */
  program(): string {
    const fns = [this.#fn('f', 'int'), this.#fn('g', this.pick(SCALARS))]
    const inputs = INPUTS.map(([name, type]) => `  input ${name}: ${type};`).join('\n')
    if (this.below(6) === 0) {
      const names = [...INPUTS, ...BIDS]
      const requires = this.#times(1 + this.below(2), (index) => {
        return `  require q${index}: ${this.#expr('bool', 3, names)} because "no";`
      })
      const score = `  score: ${this.#expr(this.pick(NUMERIC), 3, names)};`
      const ties = `  tie_break: [${this.#expr('int', 2, names)}, bid.node];`
      const order = `  order: "${this.pick(['ascending', 'descending'])}";`
      const body = [inputs, ...requires, score, order, ties].join('\n')
      return [HEAD, ...fns, `selection s {\n${body}\n}`].join('\n')
    }
    const names = [...INPUTS, ...FIXED]
    const rules = this.#times(2 + this.below(3), (index) => {
      const effect = index === 0 || this.below(3) > 0 ? 'allow' : 'deny'
      const unless = this.below(3) === 0 ? ` unless ${this.#expr('bool', 2, names)}` : ''
      return `  rule r${index}: ${effect} when ${this.#expr('bool', 4, names)}${unless};`
    })
    const on = ['allow', 'deny']
      .filter(() => this.below(3) === 0)
      .map((effect) => this.#on(effect, names))
    const head = `policy p for token("compute") {\n${inputs}`
    return [HEAD, ...fns, head, ...rules, ...on, '}'].join('\n')
  }

  /** Actions of every type, one behind a condition, one in a loop. */
  #on(effect: string, names: Names): string {
    const each = this.#name()
    const inner: Names = [...names, [each, 'int']]
    return [
      `  on ${effect} {`,
      `    log(message: ${this.#expr('text', 2, names)});`,
      `    if ${this.#expr('bool', 2, names)} { mint_tokens(amount: ${this.#expr('cu', 2, names)}, to: caller); }`,
      `    for ${each} in ${this.#expr('list<int>', 2, names)} limit ${this.pick([2, 100])} {`,
      `      transfer(from: caller, to: ${this.#expr('did', 1, inner)}, amount: credits(${this.#expr('int', 2, inner)}));`,
      '    }',
      `    anchor_data(data: ${this.#expr('cid', 1, names)});`,
      '  }',
    ].join('\n')
  }

  #times(count: number, make: (index: number) => string): string[] {
    return Array.from({ length: count }, (_, index) => make(index))
  }

  #name(): string {
    return `v${this.#fresh++}`
  }

  /** `f` and `g` take an int and a list; statements of every kind. */
  #fn(name: string, type: string): string {
    const params: Names = [
      ['i', 'int'],
      ['l', 'list<int>'],
    ]
    const total = this.#name()
    const each = this.#name()
    const own: Names = [...params, [total, 'int']]
    const calls = name === 'g'
    const body = [
      `let ${total} = ${this.#expr('int', 2, params, calls)};`,
      `for ${each} in ${this.#expr('list<int>', 2, params, calls)} limit ${this.pick([1, 3, 50])} {`,
      `  if ${this.#expr('bool', 2, [...own, [each, 'int']], calls)} {`,
      `    ${total} = ${this.#expr('int', 2, [...own, [each, 'int']], calls)};`,
      this.below(3) === 0 ? `  } else { return ${this.#expr(type, 1, own, calls)}; }` : '  }',
      '}',
      `return ${this.#expr(type, 3, own, calls)};`,
    ]
    this.#results.set(name, type)
    return `fn ${name}(i: int, l: list<int>) -> ${type} {\n${body.join('\n')}\n}`
  }

  readonly #results = new Map<string, string>()

  #expr(type: string, depth: number, names: Names, calls = true): string {
    const known = [...names, ...CONSTANTS].filter(([, of]) => of === type).map(([name]) => name)
    const recurse = (of: string, more: Names = []) =>
      this.#expr(of, depth - 1, [...names, ...more], calls)
    if (depth <= 0) {
      return known.length > 0 && this.below(4) > 0 ? this.pick(known) : this.#literal(type)
    }
    if (known.length > 0 && this.below(4) === 0) return this.pick(known)
    const fold = (how: string, of: string) => {
      const [source, item] = this.pick([
        ['list<int>', 'int'],
        ['list<M>', 'M'],
      ] as const)
      const variable = this.#name()
      const more: Names =
        item === 'int'
          ? [[variable, 'int']]
          : [
              [`${variable}.a`, 'int'],
              [`${variable}.who`, 'did'],
              [`${variable}.on`, 'bool'],
              [`${variable}.w`, 'cu'],
              [`${variable}.o`, 'option<int>'],
            ]
      const limit = this.below(6) === 0 ? ` limit ${this.pick([1, 2, 40])}` : ''
      const filter = this.below(2) === 0 ? ` if ${recurse('bool', more)}` : ''
      const inner = `for ${variable} in ${recurse(source)}${limit}${filter}: ${recurse(of, more)}`
      return how === '' ? `[${inner}]` : `${how}(${inner})`
    }
    const options: (() => string)[] = []
    if (calls) {
      for (const [fn, of] of this.#results) {
        if (of === type) options.push(() => `${fn}(${recurse('int')}, ${recurse('list<int>')})`)
      }
    }
    if (type === 'bool') {
      const two = (op: string) => `(${recurse('bool')} ${op} ${recurse('bool')})`
      options.push(
        () => two('and'),
        () => two('or'),
        () => `(not ${recurse('bool')})`,
        () => {
          const of = this.pick([...NUMERIC, 'time'])
          return `(${recurse(of)} ${this.pick(['<', '<=', '>', '>=', '==', '!='])} ${recurse(of)})`
        },
        () => {
          const of = this.pick(['text', 'did', 'bool', 'cid'])
          return `(${recurse(of)} ${this.pick(['==', '!='])} ${recurse(of)})`
        },
        () => {
          const of = this.pick(['int', 'did', 'text', 'bool'])
          return `(${recurse(of)} in ${recurse(`list<${of}>`)})`
        },
        () => `has(${recurse(this.pick(['option<int>', 'option<text>']))})`,
        () => `(${recurse('text')} in ${recurse('map<text, int>')})`,
        () => `has(get(${recurse('map<did, cu>')}, ${recurse('did')}))`,
        () => fold(this.pick(['any', 'all']), 'bool'),
        () => `${this.pick(['any', 'all'])}(${recurse('list<bool>')})`,
        () => `(${recurse('option<bool>')} otherwise ${recurse('bool')})`,
      )
    } else if (NUMERIC.includes(type)) {
      const two = (op: string) => `(${recurse(type)} ${op} ${recurse(type)})`
      options.push(
        () => two('+'),
        () => two('-'),
        () => `(-${recurse(type)})`,
        () =>
          `${this.pick(['div_down', 'div_up', 'div_even'])}(${recurse(type)}, ${recurse('int')})`,
        () => `${this.pick(['part_down', 'part_up'])}(${recurse(type)}, ${recurse('percent')})`,
        () => fold('sum', type),
        () => `(${fold(this.pick(['least', 'most', 'first']), type)} otherwise ${recurse(type)})`,
        () => `${type}(${recurse(this.pick(NUMERIC))})`,
      )
      if (type !== 'percent') options.push(() => `(${recurse(type)} * ${recurse('int')})`)
      if (type === 'int') {
        options.push(
          () => `(${recurse('int')} * ${recurse('int')})`,
          () => `div_down(${recurse('cu')}, ${recurse('cu')})`,
          () => fold('count', this.pick(SCALARS)),
          () => `count(${recurse('list<text>')})`,
          () => `sum(${recurse('list<int>')})`,
          () => `sum(values(${recurse('map<text, int>')}))`,
          () => `count(${recurse('map<did, cu>')})`,
          () => `(${recurse('option<int>')} otherwise ${recurse('int')})`,
        )
      }
      if (type === 'duration') options.push(() => `(${recurse('time')} - ${recurse('time')})`)
    } else if (type === 'time') {
      options.push(() => `(${recurse('time')} ${this.pick(['+', '-'])} ${recurse('duration')})`)
    } else if (type === 'text') {
      options.push(() => `(${recurse('option<text>')} otherwise ${recurse('text')})`)
    } else if (type === 'did') {
      options.push(() => `(${fold('first', 'did')} otherwise ${recurse('did')})`)
    } else if (type.startsWith('option<')) {
      const of = type.slice(7, -1)
      options.push(() => `some(${recurse(of)})`)
      if (of !== 'text') options.push(() => fold(of === 'int' ? 'most' : 'first', of))
      if (of === 'int') {
        options.push(
          () => `first(${recurse('list<int>')})`,
          () => `get(${recurse('map<text, int>')}, ${recurse('text')})`,
        )
      }
    } else if (type.startsWith('list<')) {
      const of = type.slice(5, -1)
      options.push(() => `[${this.#times(1 + this.below(3), () => recurse(of)).join(', ')}]`)
      if (of === 'text') options.push(() => `keys(${recurse('map<text, int>')})`)
      if (of !== 'M') options.push(() => fold('', of))
      else {
        const variable = this.#name()
        options.push(() => {
          const filter = recurse('bool', [[`${variable}.on`, 'bool']])
          return `[for ${variable} in ${recurse('list<M>')} if ${filter}: ${variable}]`
        })
      }
    }
    if (options.length > 0) return this.pick(options)()
    return known.length > 0 ? this.pick(known) : this.#literal(type, names)
  }

  #literal(type: string, names: Names = []): string {
    switch (type) {
      case 'int':
        return this.pick(['0', '1', '-1', '2', '7', '1_000'])
      case 'cu':
        return `cu(${this.pick(['0', '5', '-3', '1_000'])})`
      case 'percent':
        return this.pick(['0%', '50%', '33.3333%', '100%', '0.25'])
      case 'duration':
        return this.pick(['0s', '1ms', '10min', '2d'])
      case 'time':
        return `time(${this.pick(['0', '86_400_000', '1_700_000_000_000'])})`
      case 'bool':
        return this.pick(['true', 'false'])
      case 'text':
        return JSON.stringify(this.pick(TEXTS))
      case 'cid':
        return 'paper'
      case 'did': {
        const known = names.find(([, of]) => of === 'did')?.[0]
        return known ?? this.pick(['anna', 'bruno', 'chiara'])
      }
      case 'M': {
        const [a, who] = [this.#literal('int'), this.#literal('did')]
        return `M(a: ${a}, who: ${who}, on: ${this.pick(['true', 'false'])}, w: cu(2))`
      }
      case 'map<text, int>':
        return `{ ${JSON.stringify(this.pick(TEXTS))}: ${this.#literal('int')} }`
      case 'map<did, cu>':
        return `{ anna: ${this.#literal('cu')}, bruno: ${this.#literal('cu')} }`
      default: {
        const of = type.slice(type.indexOf('<') + 1, -1)
        return type.startsWith('list') ? `[${this.#literal(of)}]` : `some(${this.#literal(of)})`
      }
    }
  }

  /** A value of the type, now and then at the ends of its range. */
  value(type: Type): Value {
    switch (type.is) {
      case 'bool':
        return this.below(2) === 0
      case 'text':
        return this.pick(TEXTS)
      case 'did':
        return this.pick(PEOPLE)
      case 'cid':
        return this.pick(CIDS)
      case 'list':
        return this.#times2(this.below(5), () => this.value(type.of))
      case 'option':
        return this.below(3) === 0 ? null : { some: this.value(type.of) }
      case 'record':
        return type.fields.map((field) => this.value(field.type))
      default:
        if (this.below(12) === 0)
          return this.pick([2n ** 63n - 1n, -(2n ** 63n), 2n ** 62n, 2n ** 32n])
        return BigInt(this.below(40) - 10) * this.pick([1n, 1n, 100n, 86_400_000n])
    }
  }

  #times2(count: number, make: () => Value): Value[] {
    return Array.from({ length: count }, make)
  }
}
