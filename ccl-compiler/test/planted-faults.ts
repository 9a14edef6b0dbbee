/**
 * Faults to plant in the checker, the interpreter and the encoder, each with the sentence that it
 * breaks. `plant-faults.ts` switches them on one by one and asks that the tests find each.
 */
export type Part = 'checker' | 'interpreter' | 'encoder'

export type Fault = {
  readonly part: Part
  readonly id: string
  readonly breaks: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

type Planted = Omit<Fault, 'part'>
const fault = (
  id: string,
  breaks: string,
  file: string,
  find: string,
  replace: string,
): Planted => ({ id, breaks, file: `ccl-compiler/src/${file}`, find, replace })

const CHECKER = [
  fault(
    'units-mix',
    'Numbers of different units are neither compared nor added.',
    'core/check-operator.ts',
    'if (sameType(left.type, right.type)) return true',
    'if (isNumber(left.type) === isNumber(right.type)) return true',
  ),
  fault(
    'amount-times-amount',
    'An amount times an amount has no unit.',
    'core/check-operator.ts',
    "return a.is === 'int' ? b : null",
    'return b',
  ),
  fault(
    'order-of-words',
    'Words have no order.',
    'core/check-operator.ts',
    'ordered ? isNumber(left.type) : isComparable(left.type)',
    'isComparable(left.type)',
  ),
  fault(
    'option-unhandled',
    'An option is not compared before it is handled.',
    'core/check-operator.ts',
    "if (expr.type.is !== 'option') continue",
    'if (expr.type.is !== undefined) continue',
  ),
  fault(
    'recursion',
    'Functions do not call themselves.',
    'core/declarations.ts',
    "    if (entry.state === 'busy') {",
    "    if (entry.state === 'busy') return null\n    if (entry.state === ('never' as string)) {",
  ),
  fault(
    'loop-without-limit',
    'A loop in a function has a limit.',
    'core/check-function.ts',
    '  if (node.limit === null) {',
    '  if (node.limit === undefined) {',
  ),
  fault(
    'contradiction',
    'Two rules of one condition and two effects contradict each other.',
    'core/check-unit.ts',
    "first.effect === rule.effect ? 'CCL0509' : 'CCL0510'",
    "first.effect === rule.effect ? 'CCL0509' : 'CCL0509'",
  ),
  fault(
    'cost-unbounded',
    'A program that may take too many steps does not compile.',
    'core/check-unit.ts',
    'if (total > LIMITS.cclStepsMax)',
    'if (total > LIMITS.cclStepsMax * LIMITS.cclStepsMax)',
  ),
  fault(
    'inputs-in-functions',
    'A function sees only its parameters and constants.',
    'core/check-expression.ts',
    "decls.problems.add('CCL0321', range, shown(path))\n  return null",
    'return undefined',
  ),
  fault(
    'way-without-return',
    'Every way through a function returns.',
    'core/check-function.ts',
    'yes.returns && no.returns',
    'yes.returns || no.returns',
  ),
  fault(
    'share-of-nothing',
    'A quorum is more than nothing and at most all.',
    'core/desugar.ts',
    'ppm > 0n && ppm <= ONE',
    'ppm >= 0n && ppm <= ONE',
  ),
]

const INTERPRETER = [
  fault(
    'deny-that-errs',
    'A deny that ends in an error denies.',
    'ir/interpret.ts',
    "(status, index) => status !== 'quiet' && program.rules[index]?.effect === 'deny'",
    "(status, index) => status === 'fired' && program.rules[index]?.effect === 'deny'",
  ),
  fault(
    'allow-that-errs',
    'An allow that ends in an error does not allow.',
    'ir/interpret.ts',
    "(status, index) => status === 'fired' && program.rules[index]?.effect === 'allow'",
    "(status, index) => status !== 'quiet' && program.rules[index]?.effect === 'allow'",
  ),
  fault(
    'wrap-around',
    'No product leaves the range of 64 bits unseen.',
    'ir/interpret.ts',
    'return within((of(expr.left) as bigint) * (of(expr.right) as bigint))',
    'return BigInt.asIntN(64, (of(expr.left) as bigint) * (of(expr.right) as bigint))',
  ),
  fault(
    'floor-of-negatives',
    'Rounded down is towards minus infinity.',
    'ir/arithmetic.ts',
    'rest !== 0n && rest < 0n !== b < 0n ? quotient - 1n : quotient',
    'quotient',
  ),
  fault(
    'half-to-even',
    'Halves go to the even neighbour.',
    'ir/arithmetic.ts',
    'floor % 2n === 0n ? floor : floor + 1n',
    'floor + 1n',
  ),
  fault(
    'eager-or',
    'The right side of `or` is evaluated only when it matters.',
    'ir/interpret.ts',
    'return of(expr.left) === true || enter(run, expr.region, locals)',
    'return [of(expr.left), enter(run, expr.region, locals)].includes(true)',
  ),
  fault(
    'limit-off-by-one',
    'A list as long as its limit is within it.',
    'ir/interpret.ts',
    'expr.limit !== null && source.length > expr.limit',
    'expr.limit !== null && source.length >= expr.limit',
  ),
  fault(
    'any-goes-on',
    '`any` stops as soon as it knows.',
    'ir/interpret.ts',
    '        if (value === true) return true\n        break',
    '        if (value === true) total = 1n\n        break',
  ),
  fault(
    'handler-error-forgotten',
    'What cannot be asked for is not allowed either.',
    'ir/interpret.ts',
    '  if (stop === null) return { ...decided, effects, steps }',
    '  if (stop !== undefined) return { ...decided, effects, steps }',
  ),
  fault(
    'memory-unbounded',
    'What a rule makes of lists has a limit.',
    'ir/interpret.ts',
    "if (run.cells > LIMITS.cclCellsMax) throw new Stop('memory')",
    '',
  ),
]

const ENCODER = [
  fault(
    'unchecked-sum',
    'A sum in a module is checked.',
    'wasm/built-in.ts',
    'return body.setGlobal(GLOBAL.error).get(result)',
    'return body.op(OP.drop).get(result)',
  ),
  fault(
    'unchecked-product',
    'A product in a module is checked.',
    'wasm/built-in.ts',
    "body.get(product).get(a).op(OP.i64DivS).get(b).op(OP.i64Ne).failIf('overflow')",
    '',
  ),
  fault(
    'unsigned-less',
    'Numbers have a sign.',
    'wasm/encode-compare.ts',
    'gt: OP.i64GtS',
    'gt: OP.i64GtU',
  ),
  fault(
    'words-differ',
    'Words that differ are not equal, and words that are equal do not differ.',
    'wasm/encode-compare.ts',
    "if (how === 'ne') body.op(OP.i32Eqz)",
    "if (how === 'lt') body.op(OP.i32Eqz)",
  ),
  fault(
    'hash-apart',
    'A word in a long list is found by the hash that the table was made with.',
    'wasm/built-in.ts',
    '    hash ^= hash >> 32n',
    '    hash ^= hash >> 31n',
  ),
  fault(
    'heap-not-freed',
    'Each rule begins with free memory.',
    'wasm/module.ts',
    'if (this.allocates) body.global(GLOBAL.heapStart).setGlobal(GLOBAL.heap)',
    '',
  ),
  fault(
    'error-carried-on',
    'The error of one rule is not that of the next.',
    'wasm/module.ts',
    'return this.sets(GLOBAL.error) ? body.i32(0).setGlobal(GLOBAL.error) : body',
    'return body',
  ),
  fault(
    'last-deny-named',
    'The first deny of the text is named.',
    'wasm/encode-decide.ts',
    'return body.get(FIRES).get(BEFORE).op(OP.i32GtU, OP.select)',
    'return body.get(FIRES).op(OP.select)',
  ),
  fault(
    'loop-variable-of-before',
    'A sum inside a loop begins anew each time.',
    'wasm/encode-fold.ts',
    "if (expr.how === 'sum' || expr.how === 'count') body.i64(0n).set(result)",
    "if (expr.how === 'sum' || expr.how === 'count') return",
  ),
  fault(
    'steps-uncounted',
    'What is looked through is counted in steps.',
    'wasm/encode-compare.ts',
    'body.op(OP.i64Add).setGlobal(GLOBAL.steps)',
    'body.op(OP.drop, OP.drop)',
  ),
  fault(
    'error-that-is-left',
    'What a rule gives that ended in an error says nothing.',
    'wasm/encode-decide.ts',
    'body.global(GLOBAL.error).get(FIRES).global(GLOBAL.error).op(OP.select).tee(FIRES)',
    'body.global(GLOBAL.error).get(FIRES).op(OP.i32Or).tee(FIRES)',
  ),
  fault(
    'steps-paid-late',
    'What asks how many steps were taken finds all of those before.',
    'wasm/encode-decide.ts',
    'body?.asksForFuel) steps.pay()',
    'body?.asksForFuel) steps.owe(0)',
  ),
  fault(
    'end-of-a-did',
    'A DID is compared to its end.',
    'wasm/built-in.ts',
    'for (let at = 0; at < DID.keyBytes; at += CELL) {',
    'for (let at = 0; at < CELL; at += CELL) {',
  ),
  fault(
    'effects-kept',
    'A handler that ends in an error asks for nothing.',
    'wasm/encode-decide.ts',
    '  body.i32(AT.effects).i32(0).store(i32)\n  errorBits(',
    '  errorBits(',
  ),
]

const inPart = (part: Part, faults: readonly Planted[]): Fault[] =>
  faults.map((fault) => ({ part, ...fault }))

export const FAULTS: readonly Fault[] = [
  ...inPart('checker', CHECKER),
  ...inPart('interpreter', INTERPRETER),
  ...inPart('encoder', ENCODER),
]
