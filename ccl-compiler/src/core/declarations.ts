/**
 * All declarations of a text by name. Constants are computed and functions checked when somebody
 * first asks for them, so their order in the text does not matter and a cycle is found on the way.
 */
import { LIMITS } from '@planetary-mesh/spec/bare'
import type { Name } from '../ast.ts'
import type { Problems } from '../diagnostic.ts'
import { Stop } from '../ir/arithmetic.ts'
import { regionOf } from '../ir/cost.ts'
import { constantOf } from '../ir/interpret.ts'
import {
  type Expr,
  type Fn,
  mapOf,
  NUMBERS,
  type RecordType,
  type Type,
  typeName,
  WORDS,
} from '../ir/ir.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import type { Range } from '../source.ts'
import type * as A from './ast.ts'
import { checkExpr } from './check-expression.ts'
import { checkFn } from './check-function.ts'
import { asValue, literal } from './literal.ts'
import { Scope } from './scope.ts'

const TYPES = [...NUMBERS, ...WORDS, 'bool']
const GENERIC = ['list', 'option']
/** How many declarations may wait for each other: no stack runs out on a chain of them. */
const CHAIN_MAX = 64

export type Signature = { readonly params: readonly Type[]; readonly result: Type }
type State<T> = { state: 'new' | 'busy' | 'done'; used: boolean; made: T | null }

export class Declarations {
  readonly problems: Problems
  /** Something was given up: a missing name may stand there. */
  readonly broken: boolean
  /** A whole declaration was. */
  readonly lost: boolean
  readonly fns: Fn[]
  readonly units: A.Unit[] = []
  readonly tests: A.TestDecl[] = []
  /** Governance and budgets, which become units when constants are known. */
  readonly communities: (A.GovernanceDecl | A.BudgetDecl)[] = []
  readonly #consts = new Map<string, State<Expr> & { decl: A.ConstDecl }>()
  readonly #fns = new Map<
    string,
    State<number> & { decl: A.FnDecl; signature?: Signature | null }
  >()
  readonly #records = new Map<string, State<RecordType> & { decl: A.RecordDecl }>()
  readonly #people = new Map<string, { did: A.Expr; made?: Expr | null }>()
  readonly #chain: string[]
  /** What may still be spent on constants, in the whole text. */
  readonly #steps: { left: number }
  readonly #outer: Declarations | null

  /** With `outer`, the constants of a policy: they see what is declared around them. */
  constructor(core: A.Core, problems: Problems, outer: Declarations | null = null) {
    this.problems = problems
    this.broken = core.broken
    this.lost = core.lost
    this.fns = outer?.fns ?? []
    this.#chain = outer === null ? [] : outer.#chain
    this.#outer = outer
    this.#steps = outer === null ? { left: LIMITS.cclConstantStepsMax } : outer.#steps
    const places = new Map<string, Range>()
    const fresh = (name: Name, what: string): boolean => {
      const first = places.get(name.text)
      if (first === undefined) {
        places.set(name.text, name.range)
        return true
      }
      const other = { message: 'the first stands here', range: first }
      problems.addWith('CCL0318', name.range, other, shown(name.text), what)
      return false
    }
    const state = { state: 'new', used: false, made: null } as const
    for (const decl of core.decls) {
      if (decl.is === 'people') {
        for (const { name, did } of decl.entries) {
          if (fresh(name, 'name')) this.#people.set(name.text, { did })
        }
      } else if (decl.is === 'test') this.tests.push(decl)
      else if (decl.is === 'governance') {
        decl.proposals.forEach(({ name }) => void fresh(name, 'proposal'))
        this.communities.push(decl)
      } else if (decl.is === 'budget') {
        if (fresh(decl.name, 'budget')) this.communities.push(decl)
      } else if (fresh(decl.name, decl.is)) {
        if (decl.is === 'const') this.#consts.set(decl.name.text, { decl, ...state })
        else if (decl.is === 'fn') this.#fns.set(decl.name.text, { decl, ...state })
        else if (decl.is === 'record') this.#records.set(decl.name.text, { decl, ...state })
        else this.units.push(decl)
      }
    }
  }

  /** Checks what nobody asked for too. */
  checkAll(): void {
    for (const [name, person] of this.#people) {
      if (person.made === undefined) this.constant(name)
    }
    for (const [name, entry] of this.#records) {
      const { used } = entry
      this.record(name)
      entry.used = used
    }
    for (const name of this.#consts.keys()) this.constant(name)
    for (const name of this.#fns.keys()) this.fn(name)
  }

  warnUnused(): void {
    // of what was imported, nobody has to use everything
    const unused = ({ text, range }: Name, what: string) =>
      text.includes('.') ? undefined : this.problems.add('CCL0518', range, shown(text), what)
    for (const { decl, used } of this.#consts.values()) if (!used) unused(decl.name, 'constant')
    for (const { decl, used } of this.#fns.values()) if (!used) unused(decl.name, 'function')
    for (const { decl, used } of this.#records.values()) if (!used) unused(decl.name, 'record')
  }

  values(): string[] {
    return [...this.#consts.keys(), ...this.#people.keys(), ...(this.#outer?.values() ?? [])]
  }

  callables(): string[] {
    return [...this.#fns.keys(), ...this.#records.keys(), ...(this.#outer?.callables() ?? [])]
  }

  isConstant(name: string): boolean {
    const here = this.#consts.has(name) || this.#people.has(name)
    return here || (this.#outer?.isConstant(name) ?? false)
  }

  /** The value of a constant or person; null if it is broken. Ask `isConstant` first. */
  constant(name: string, use = false): Expr | null {
    const person = this.#people.get(name)
    if (person !== undefined) {
      if (person.made === undefined) person.made = this.#did(person.did)
      return person.made
    }
    const entry = this.#consts.get(name)
    if (entry === undefined) return this.#outer?.constant(name, use) ?? null
    entry.used ||= use
    return this.#make(entry, entry.decl.name, () => {
      const { type, value } = entry.decl
      const want = type === null ? null : this.type(type)
      if (type !== null && want === null) return null
      return this.evaluate(value, want, 'a constant')
    })
  }

  #did(node: A.Expr): Expr | null {
    if (node.is === 'text') return checkExpr(node, { is: 'did' }, this, new Scope(null))
    if (node.is !== 'broken') this.problems.add('CCL0424', node.range, 'the DID of a person')
    return null
  }

  /** Checks and computes an expression without inputs. */
  evaluate(node: A.Expr, want: Type | null, what: string): Expr | null {
    const scope = new Scope(null)
    const before = this.problems.errors
    const expr = checkExpr(node, want, this, scope)
    if (expr === null || this.problems.errors > before) return null
    const known = asValue(expr)
    if (known !== undefined) return expr
    // nothing runs that may be wrong
    if (this.problems.hasErrors) return null
    const { made, steps } = constantOf(this.fns, regionOf(expr), scope.locals, this.#steps.left)
    this.#steps.left = Math.max(0, this.#steps.left - steps)
    if (!(made instanceof Stop)) return literal(expr.type, made)
    if (made.why === 'overflow') this.problems.add('CCL0420', node.range, what)
    else this.problems.add('CCL0421', node.range, made.why.replaceAll('_', ' '))
    return null
  }

  hasFn(name: string): boolean {
    return this.#fns.has(name) || (this.#outer?.hasFn(name) ?? false)
  }

  signature(name: string): Signature | null {
    const entry = this.#fns.get(name)
    if (entry === undefined) return this.#outer?.signature(name) ?? null
    entry.used = true
    if (entry.signature === undefined) entry.signature = this.#signatureOf(entry.decl)
    return entry.signature
  }

  #signatureOf({ params, result }: A.FnDecl): Signature | null {
    const types = params.map(({ type }) => this.type(type))
    const returned = this.type(result)
    return types.includes(null) || returned === null
      ? null
      : { params: types as Type[], result: returned }
  }

  /** The place of a function in `fns`, after checking it; null if it is broken. */
  fn(name: string): number | null {
    const entry = this.#fns.get(name)
    if (entry === undefined) return this.#outer?.fn(name) ?? null
    if (entry.signature === undefined) entry.signature = this.#signatureOf(entry.decl)
    return this.#make(entry, entry.decl.name, () => {
      if (entry.signature === null || entry.signature === undefined) return null
      const made = checkFn(entry.decl, entry.signature, this)
      return made === null ? null : this.fns.push(made) - 1
    })
  }

  isRecord(name: string): boolean {
    return this.#records.has(name) || (this.#outer?.isRecord(name) ?? false)
  }

  record(name: string): RecordType | null {
    const entry = this.#records.get(name)
    if (entry === undefined) return this.#outer?.record(name) ?? null
    entry.used = true
    return this.#make(entry, entry.decl.name, () => {
      const seen = new Map<string, Range>()
      const fields: { name: string; type: Type }[] = []
      for (const field of entry.decl.fields) {
        const first = seen.get(field.name.text)
        if (first !== undefined) {
          const other = { message: 'the first stands here', range: first }
          this.problems.addWith('CCL0318', field.name.range, other, field.name.text, 'field')
        }
        seen.set(field.name.text, field.name.range)
        const type = this.type(field.type)
        if (type === null) return null
        fields.push({ name: field.name.text, type })
      }
      return { is: 'record', name, fields }
    })
  }

  /** A type by its name; null after reporting that there is none. */
  type({ name, args }: A.TypeNode): Type | null {
    const { text, range } = name
    if (this.isRecord(text) && args.length === 0) return this.record(text)
    if (GENERIC.includes(text) && args.length === 1) {
      const of = this.type(args[0] as A.TypeNode)
      if (of === null) return null
      return text === 'list' ? { is: 'list', of } : { is: 'option', of }
    }
    const [first, second] = args
    if (text === 'map' && first !== undefined && second !== undefined) {
      const [key, value] = [this.type(first), this.type(second)]
      if (key === null || value === null) return null
      const made = mapOf(key, value)
      if (made === null) this.problems.add('CCL0541', first.name.range, typeName(key))
      return made
    }
    if (TYPES.includes(text) && args.length === 0) return { is: text } as Type
    const known = [...TYPES, ...GENERIC, 'map', ...this.#records.keys()]
    if (!this.lost) this.problems.add('CCL0316', range, shown(text), nearest(text, known), known)
    return null
  }

  #make<T>(entry: State<T>, name: Name, make: () => T | null): T | null {
    if (entry.state === 'done') return entry.made
    if (entry.state === 'busy') {
      const cycle = [...this.#chain.slice(this.#chain.indexOf(name.text)), name.text]
      this.problems.add('CCL0511', name.range, cycle.map(shown))
      return null
    }
    if (this.#chain.length >= CHAIN_MAX) {
      this.problems.add('CCL0522', name.range, 'declarations that need each other', CHAIN_MAX)
      return null
    }
    entry.state = 'busy'
    this.#chain.push(name.text)
    entry.made = make()
    this.#chain.pop()
    entry.state = 'done'
    return entry.made
  }
}
