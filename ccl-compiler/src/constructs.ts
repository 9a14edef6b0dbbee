/**
 * Parts of the language that this version reads over but does not compile: each is named in one
 * message, never skipped in silence. A word leaves this table when it becomes part of the compiled
 * language; as the key of a pair (`role: "x"`) every one of them is an ordinary name.
 */
export const CONSTRUCTS: ReadonlyMap<string, string> = new Map([
  // the typed core
  ['policy', 'a policy'],
  ['rule', 'a rule'],
  ['fn', 'a function'],
  ['function', 'a function'],
  ['const', 'a constant'],
  ['record', 'a record type'],
  ['import', 'an import'],
  ['test', 'a test'],
  ['people', 'a list of people'],
  ['require', 'a requirement'],
  // statements
  ['let', 'a variable'],
  ['if', 'a condition'],
  ['else', 'a condition'],
  ['for', 'a loop'],
  ['return', 'a return'],
  ['emit', 'an effect'],
  ['on', 'an event handler'],
  // other documents
  ['contract', 'a contract'],
  ['struct', 'a record type'],
  ['enum', 'a type'],
])
