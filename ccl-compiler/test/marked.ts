/**
 * Texts of the typed core in which `«…»` marks the place that a message must point at, and what
 * such texts are made of.
 */
export function unmark(marked: string): { text: string; offset: number; length: number } {
  const offset = marked.indexOf('«')
  const end = marked.indexOf('»')
  const text = marked.slice(0, offset) + marked.slice(offset + 1, end) + marked.slice(end + 1)
  return { text, offset, length: end - offset - 1 }
}

export const DID = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
export const CALLER = `caller == "${DID}"`

/** A rule of a policy, with another that allows. */
export const rule = (text: string) =>
  `policy p for token("compute") {\n  ${text}\n  rule rest: allow when ${CALLER};\n}\n`
export const when = (condition: string) => rule(`rule a: allow when ${condition};`)
export const fn = (body: string, head = 'fn f(n: int, l: list<int>) -> int') =>
  `${head} { ${body} }\n${when('f(1, [2]) > 0')}`
export const amount = 'request.amount'
export const test = (body: string) =>
  `${when(`${amount} < cu(5)`).replace('\n  rule rest', '\n  rule bad: deny when usage.total > cu(9);\n  rule rest')}` +
  `test "t" { policy: p; caller: "${DID}"; request.amount: cu(1); ${body} }\n`
export const select = (body: string) => `selection s { ${body} }`

export const vote = (body: string) =>
  `governance g { role m { can: ["vote"]; } proposal p { ${body} } }`

export type Marked = readonly [what: string, text: string, code: string]
