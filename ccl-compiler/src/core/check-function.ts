/** Functions: statements, that every way returns, and that nothing stands behind a `return`. */
import { blockOf } from '../ir/cost.ts'
import type { AskedAction, Block, Expr, Fn, Handler, Stmt, Type } from '../ir/ir.ts'
import { typeName } from '../ir/ir.ts'
import { shown } from '../messages.ts'
import { nearest } from '../nearest.ts'
import { ASKED } from './asked-actions.ts'
import type * as A from './ast.ts'
import { BOOL, checkExpr, checkLimit } from './check-expression.ts'
import type { Declarations, Signature } from './declarations.ts'
import { type Inputs, Scope } from './scope.ts'

type Context = {
  readonly decls: Declarations
  readonly scope: Scope
  /** What a function returns; null in `on allow` and `on deny`. */
  readonly result: Type | null
  /** The actions that a program asks for, in the order of their first use. */
  readonly actions: AskedAction[]
}
type Checked = { readonly block: Block | null; readonly returns: boolean }

export function checkFn(decl: A.FnDecl, signature: Signature, decls: Declarations): Fn | null {
  const scope = new Scope(null, decl.lost)
  decl.params.forEach(({ name }, index) => {
    scope.declare(name, signature.params[index] as Type, false, decls.problems)
  })
  const before = decls.problems.errors
  const context = { decls, scope, result: signature.result, actions: [] }
  const { block, returns } = checkBlock(decl.body, context)
  if (!returns && block !== null && !decl.lost) {
    decls.problems.add('CCL0513', decl.name.range, shown(decl.name.text))
  }
  if (block === null || decls.problems.errors > before) return null
  const { params, result } = signature
  return { name: decl.name.text, params, result, locals: scope.locals, body: block }
}

function checkBlock(body: readonly A.Stmt[], context: Context): Checked {
  const { decls, scope } = context
  const statements: Stmt[] = []
  let whole = true
  let returns = false
  scope.enter()
  for (const node of body) {
    if (returns) {
      decls.problems.add('CCL0515', node.range)
      whole = false
      break
    }
    const made = statement(node, context)
    if (made === null) whole = false
    else statements.push(made.statement)
    // a broken `return` still returns
    returns = made === null ? node.is === 'return' : made.returns
  }
  scope.leave(decls.problems)
  return { block: whole ? blockOf(statements) : null, returns }
}

function statement(node: A.Stmt, context: Context): { statement: Stmt; returns: boolean } | null {
  const { decls, scope, result } = context
  switch (node.is) {
    case 'ask':
      return ask(node, context)
    case 'return': {
      if (result === null) {
        decls.problems.add('CCL0526', node.range)
        return null
      }
      const value = checkExpr(node.value, result, decls, scope)
      return value && { statement: { op: 'return', value }, returns: true }
    }
    case 'let': {
      const type = node.type === null ? null : decls.type(node.type)
      const value = checkExpr(node.value, type, decls, scope)
      if (value === null) {
        scope.broken.add(node.name.text)
        return null
      }
      const slot = scope.declare(node.name, value.type, true, decls.problems)
      return { statement: { op: 'set', slot, value }, returns: false }
    }
    case 'assign': {
      const local = scope.find(node.name.text)
      if (local === undefined) return unassignable(node.name, context)
      if (!local.mutable) {
        decls.problems.add('CCL0516', node.name.range, shown(node.name.text))
        return null
      }
      const value = checkExpr(node.value, local.type, decls, scope)
      return value && { statement: { op: 'set', slot: local.slot, value }, returns: false }
    }
    case 'if':
      return checkIf(node, context)
    case 'for':
      return checkFor(node, context)
  }
}

/** Every argument is given by its name, once. */
function ask(node: Extract<A.Stmt, { is: 'ask' }>, context: Context) {
  const { decls, scope, result, actions } = context
  const { problems } = decls
  const { text, range } = node.action
  const wanted = ASKED.get(text)
  if (wanted === undefined) {
    problems.add('CCL0303', range, shown(text), nearest(text, ASKED.keys()), [...ASKED.keys()])
    return null
  }
  if (result !== null) {
    problems.add('CCL0525', range, text)
    return null
  }
  const given = new Map<string, Expr | null>()
  for (const { name, value } of node.args) {
    const next = [...wanted.keys()].find((arg) => !given.has(arg)) ?? 'name'
    if (name === null) {
      problems.add('CCL0310', value.range, text, next)
      return null
    }
    const type = wanted.get(name.text)
    if (type === undefined) {
      const near = nearest(name.text, wanted.keys())
      problems.add('CCL0304', name.range, shown(name.text), text, near, [...wanted.keys()])
      return null
    }
    if (given.has(name.text)) {
      problems.add('CCL0308', name.range, name.text, `\`${text}\``)
      return null
    }
    given.set(name.text, checkExpr(value, type, decls, scope))
  }
  const missing = [...wanted.keys()].filter((arg) => !given.has(arg))
  if (missing.length > 0) problems.add('CCL0309', range, text, missing)
  const args = [...wanted.keys()].map((arg) => given.get(arg) ?? null)
  if (args.includes(null)) return null
  let action = actions.findIndex(({ name }) => name === text)
  if (action < 0) {
    action = actions.push({ name: text, args: [...wanted].map(([name, type]) => ({ name, type })) })
    action--
  }
  const statement: Stmt = { op: 'ask', action, args: args as Expr[] }
  return { statement, returns: false }
}

/** `on allow` or `on deny` of a policy. */
export function checkHandler(
  decl: A.OnDecl,
  decls: Declarations,
  inputs: Inputs,
  actions: AskedAction[],
): Handler | null {
  const scope = new Scope(inputs, decl.lost)
  const { block } = checkBlock(decl.body, { decls, scope, result: null, actions })
  return block === null ? null : { body: block, locals: scope.locals }
}

function unassignable(name: { text: string; range: A.Expr['range'] }, context: Context): null {
  const { decls, scope } = context
  if (decls.isConstant(name.text)) decls.problems.add('CCL0516', name.range, shown(name.text))
  else if (!decls.lost && !scope.lenient && !scope.broken.has(name.text)) {
    decls.problems.add('CCL0315', name.range, shown(name.text), nearest(name.text, scope.names()))
    scope.broken.add(name.text)
  }
  return null
}

function checkIf(node: Extract<A.Stmt, { is: 'if' }>, context: Context) {
  const condition = checkExpr(node.condition, BOOL, context.decls, context.scope)
  const yes = checkBlock(node.yes, context)
  const no = checkBlock(node.no, context)
  if (condition === null || yes.block === null || no.block === null) return null
  const statement: Stmt = { op: 'if', condition, yes: yes.block, no: no.block }
  return { statement, returns: yes.returns && no.returns }
}

function checkFor(node: Extract<A.Stmt, { is: 'for' }>, context: Context) {
  const { decls, scope } = context
  const source: Expr | null = checkExpr(node.source, null, decls, scope)
  if (node.limit === null) {
    const { end } = node.source.range
    decls.problems.add('CCL0512', { start: end, end })
    return null
  }
  const limit = checkLimit(node.limit, decls)
  if (source === null || limit === undefined || limit === null) return null
  if (source.type.is !== 'list') {
    const found = `\`${typeName(source.type)}\``
    const help = 'a `for` goes through a list'
    decls.problems.add('CCL0414', node.source.range, 'a list', found, help)
    return null
  }
  scope.enter()
  const slot = scope.declare(node.variable, source.type.of, false, decls.problems)
  const { block } = checkBlock(node.body, context)
  scope.leave(decls.problems)
  if (block === null) return null
  // a turn takes a step even where nothing stands in the loop
  const body = { ...block, cost: Math.max(1, block.cost) }
  const statement: Stmt = { op: 'for', source, slot, limit, body }
  return { statement, returns: false }
}
