// `use "CID" as name;`: what another text declares, by the CID of its bytes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile, type Imports } from '@planetary-mesh/ccl-compiler'
import { cidOf } from '@planetary-mesh/spec'

const SHARED = `
const most: cu = cu(500);
record Member { who: did; weight: int; }
people { anna: "did:key:z6Mkq1gpNaM45qY7XAVp94m4FDWjKQqS4Ykcs7wJptatfguE"; }
fn half(most: cu) -> cu { return div_down(most, 2); }
fn limit_of(member: Member) -> cu {
  let weight = member.weight;
  return half(most) * weight;
}
`
const cidOfText = (text: string) => `${cidOf('raw', new TextEncoder().encode(text))}`
const having =
  (...texts: string[]): Imports =>
  (cid) =>
    texts.find((text) => cidOfText(text) === cid)

const CID = cidOfText(SHARED)
const program = (condition: string, cid = CID) =>
  `use "${cid}" as pool;\npolicy p for token("compute") { rule r: allow when ${condition}; }\n`

const codes = (text: string, imports?: Imports) =>
  compile(text, imports === undefined ? {} : { imports }).diagnostics.map(({ code, span }) => {
    return `${code} ${span.line}:${span.column}`
  })

test('constants, functions, records and people of another text are used by its name', () => {
  const uses = [
    'request.amount <= pool.most',
    'request.amount <= pool.half(pool.most)',
    'caller == pool.anna',
    'request.amount <= pool.limit_of(pool.Member(who: pool.anna, weight: 2))',
  ]
  for (const use of uses) assert.deepEqual(codes(program(use), having(SHARED)), [], use)
})

test('what is imported means what it means in its own text', () => {
  const text = `use "${CID}" as pool;
    fn twice(m: pool.Member) -> cu { return pool.limit_of(m) * 2; }
    policy p for token("compute") {
      rule r: allow when request.amount <= twice(pool.Member(who: caller, weight: 3));
    }
    test "it is six times the half" {
      policy: p; caller: pool.anna;
      case "at the limit" { request.amount: cu(1_500); expect allow by r; }
      case "above it" { request.amount: cu(1_501); expect deny; }
    }`
  const built = compile(text, { imports: having(SHARED) })
  assert.ok(built.ok, JSON.stringify(built.diagnostics))
  assert.equal(built.tests.length, 2)
  const inline = text.replace(`use "${CID}" as pool;`, SHARED).replaceAll('pool.', '')
  const plain = compile(inline)
  assert.ok(plain.ok)
  const shape = (condition: unknown) =>
    JSON.stringify(condition, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
  assert.equal(
    shape(built.programs[0]?.rules[0]?.condition).replaceAll('pool.', ''),
    shape(plain.programs[0]?.rules[0]?.condition),
  )
})

test('what nobody imported is not there, and a name keeps its text', () => {
  assert.deepEqual(codes(program('request.amount <= most'), having(SHARED)), ['CCL0315 2:70'])
  const misspelled = program('request.amount <= pool.mots')
  assert.equal(codes(misspelled, having(SHARED)).length, 1)
  assert.deepEqual(codes(program('pool.hlaf(cu(1)) > cu(0)'), having(SHARED)), ['CCL0319 2:52'])
})

test('a text that is not here, or is another one, is an error where it is named', () => {
  assert.deepEqual(codes(program('request.amount <= pool.most')), ['CCL0542 1:5'])
  const other: Imports = () => `${SHARED}\n`
  assert.deepEqual(codes(program('request.amount <= pool.most'), other), ['CCL0543 1:5'])
  assert.deepEqual(codes(program('true', 'pool.ccl')), ['CCL0544 1:5'])
})

test('a mistake in the imported text is told as one of it', () => {
  const wrong = 'const a: cu = 5;'
  const text = program('request.amount <= pool.a', cidOfText(wrong))
  const { diagnostics } = compile(text, { imports: having(wrong) })
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['CCL0543'],
  )
  assert.match(diagnostics[0]?.message ?? '', /line 1: /)
  const chain = `use "${CID}" as a; const b: cu = a.most;`
  const chained = program('request.amount <= pool.b', cidOfText(chain))
  assert.deepEqual(codes(chained, having(chain, SHARED)), ['CCL0543 1:5'])
})

test('two imports of one name, and what the language offers itself', () => {
  const twice = `use "${CID}" as pool;\n${program('request.amount <= pool.most')}`
  assert.deepEqual(codes(twice, having(SHARED)), ['CCL0318 2:70'])
  const offered = program('request.amount > cu(1)', 'mesh:ccl/compute@1')
  assert.deepEqual(codes(offered), [])
  const inside = program('request.amount > pool.most', 'mesh:ccl/compute@1')
  assert.deepEqual(codes(inside), ['CCL0315 2:69'])
  const later = program('request.amount > cu(1)', 'mesh:ccl/compute@2')
  assert.deepEqual(codes(later), ['CCL0544 1:5'])
})
